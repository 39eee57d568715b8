"""Run seeds from the command line: see the package's docstring."""

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

import structlog
from psycopg_pool import ConnectionPool

from infra.local.postgres import PostgresServer
from tests.simulation.scenario import play


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this seed and print what happens in it")
    parser.add_argument("--seeds", type=int, default=300, help="run this many (default: 300)")
    parser.add_argument("--start", type=int, default=0, help="the first seed (default: 0)")
    asked = parser.parse_args()
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)
    seeds = (
        [asked.seed] if asked.seed is not None else range(asked.start, asked.start + asked.seeds)
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder) / "postgres", fsync=False) as server,
    ):
        server.create_database("simulation")
        with ConnectionPool(server.dsn("simulation"), min_size=2, max_size=12, open=True) as pool:
            return run(pool, seeds, verbose=asked.seed is not None)


def run(pool: ConnectionPool, seeds: "range | list[int]", *, verbose: bool) -> int:
    began = time.monotonic()
    for number, seed in enumerate(seeds, start=1):
        try:
            world = play(pool, seed)
        except AssertionError as broken:
            sys.stdout.write(f"{broken}\n\nreplay: make simulate SEED={seed}\n")
            return 1
        if verbose:
            sys.stdout.write("\n".join(world.scheduler.trace) + "\n")
        if number % 100 == 0 or number == len(seeds):
            rate = number / (time.monotonic() - began)
            sys.stdout.write(f"{number} seeds kept every promise ({rate:.1f} a second)\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
