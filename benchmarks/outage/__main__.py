"""Play outages and print what they took: see the package's docstring."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import structlog
import typer
from psycopg_pool import ConnectionPool
from rich.console import Console
from rich.markdown import Markdown

from benchmarks.outage.play import Outage, play
from benchmarks.outage.report import BEGIN, END, block, keep
from infra.local.postgres import PostgresServer
from shared.ledger.migrate import migrate


def main(
    environments: Annotated[
        list[int] | None, typer.Option(help="How many are failed over; may be given again.")
    ] = None,
    compare: Annotated[
        int, typer.Option(help="How many are also failed over without the express topic.")
    ] = 1000,
    per_second: Annotated[
        float, typer.Option(help="Transactions that the ledger takes in a second.", min=10)
    ] = 1000,
    write: Annotated[bool, typer.Option(help="Write the figures into docs/scaling.md.")] = False,
) -> None:
    """Play outages of so many environments each, one of them without the express topic, too."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)
    outages = [_play(number, per_second, express=True) for number in environments or [10_000]]
    outages.append(_play(compare, per_second, express=False))
    if write:
        keep(outages)
    Console().print(Markdown(block(outages).removeprefix(BEGIN).removesuffix(END)))


def _play(environments: int, per_second: float, *, express: bool) -> Outage:
    with _ledger() as pool:
        return play(pool, environments, per_second=per_second, express=express)


@contextmanager
def _ledger() -> Iterator[ConnectionPool]:
    """An empty ledger; its disk is not waited for, as time is virtual."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may have to run as somebody else
        with PostgresServer(Path(folder) / "postgres", fsync=False) as server:
            server.create_database("ledger")
            with ConnectionPool(server.dsn("ledger"), min_size=1, max_size=2, open=True) as pool:
                with pool.connection() as conn:
                    migrate(conn)
                yield pool


if __name__ == "__main__":
    typer.run(main)
