"""Measure the proof beside reading the same bytes by COPY, turn by turn on one database.

    python -m benchmarks.proof [--partners N] [--messages N] [--rounds N] [--json]

COPY is read by psycopg, row by row, and by psql, which throws it away. CPU seconds are those of
this process and of its server process together; psql has others, which are not counted.
"""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated

import psutil
import psycopg
import typer
from psycopg import sql
from rich.console import Console
from rich.table import Table

from benchmarks.masking import CREATE, KEY, POLICY, RUN
from benchmarks.track.machine import Machine
from infra.local.postgres import PostgresServer
from shared.masking import MaskingPlan, mask_tables, plan_masking
from shared.masking.catalogue import read_tables
from shared.masking.proof import SignedCertificate, prove, remember
from shared.masking.proof.originals import load_originals
from shared.masking.proof.seal import Seal
from shared.masking.proof.search import Search
from shared.masking.proof.spelling import Spelling
from shared.postgres.marker import CloneMarker, Database, write_marker

LONG = timedelta(hours=1)


@dataclass(frozen=True)
class Cost:
    """What one way took at best."""

    seconds: float
    cpu: float


@dataclass(frozen=True)
class Figures:
    """Costs of each way to read the same bytes, and of remembering the originals."""

    bytes: int
    remembering: Cost
    masking: Cost
    psycopg: Cost
    psql: Cost
    search: Cost

    @property
    def ratios(self) -> dict[str, float]:
        """Speeds as ratios; the design's target is 0.6 of COPY."""
        return {
            "search / COPY by psycopg": round(self.psycopg.seconds / self.search.seconds, 2),
            "search / COPY by psql": round(self.psql.seconds / self.search.seconds, 2),
            "search / COPY by psycopg, in CPU": round(self.psycopg.cpu / self.search.cpu, 2),
            "remembering / masking, in time": round(
                self.remembering.seconds / self.masking.seconds, 2
            ),
        }


def main(
    partners: Annotated[int, typer.Option(help="Rows with eleven columns of text.")] = 100_000,
    messages: Annotated[int, typer.Option(help="Rows with a body of 300 characters.")] = 200_000,
    rounds: Annotated[int, typer.Option(help="Turns of each way; the best one counts.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
) -> None:
    """Compare the search for leaks with COPY."""
    machine = Machine.here()
    with _server() as server:
        server.create_database("copy")
        with psycopg.connect(server.dsn("copy"), autocommit=True) as connection:
            cursor = psycopg.ClientCursor(connection)
            cursor.execute(CREATE, {"partners": partners, "messages": messages})
            write_marker(connection, CloneMarker.new(RUN["run_id"], "1", "original", 1))
            figures = _measure(connection, server.dsn("copy"), rounds)
    if as_json:
        print(json.dumps({"machine": asdict(machine), **asdict(figures), "ratios": figures.ratios}))
    else:
        _show(machine, figures)


@contextmanager
def _server() -> Iterator[PostgresServer]:
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder) / "postgres", fsync=False) as server,
    ):
        Path(folder).chmod(0o755)
        yield server


def _measure(connection: Database, dsn: str, rounds: int) -> Figures:
    plan = plan_masking(connection, POLICY)
    remembering = _cost(connection, lambda: remember(connection, plan, KEY, **RUN))
    masking = _cost(connection, lambda: mask_tables(connection, plan, KEY, **RUN, budget=LONG))
    search = _search(connection, plan)
    costs: dict[str, list[Cost]] = {"psycopg": [], "psql": [], "search": []}
    for _ in range(rounds):
        costs["psycopg"].append(_cost(connection, lambda: _copy(connection)))
        costs["psql"].append(_cost(connection, lambda: _psql(connection, dsn)))
        costs["search"].append(_cost(connection, lambda: _search_all(connection, search)))
    best = {way: min(found, key=lambda cost: cost.seconds) for way, found in costs.items()}
    return Figures(_proven_bytes(connection, plan), remembering, masking, **best)


def _cost(connection: Database, work: Callable[[], object]) -> Cost:
    server = psutil.Process(connection.info.backend_pid)
    cpu, began = process_time() + _cpu(server), perf_counter()
    work()
    return Cost(perf_counter() - began, process_time() + _cpu(server) - cpu)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _search(connection: Database, plan: MaskingPlan) -> Search:
    seal = Seal(KEY, RUN["run_id"])
    searcher = load_originals(connection, Spelling.of(seal.spelling_key), seal)
    return Search(connection, plan, searcher)


def _search_all(connection: Database, search: Search) -> None:
    for table in read_tables(connection):
        assert not search.table(table).leaks


def _statements(connection: Database) -> Iterator[sql.Composed]:
    """COPY of the columns that the search reads."""
    for table in read_tables(connection):
        columns = [c for c in table.columns if c.kind in ("text", "json") or c.name == "id"]
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
        query = sql.SQL("copy (select {} from {}) to stdout (format binary)")
        yield query.format(names, table.identifier)


def _copy(connection: Database) -> None:
    for statement in _statements(connection):
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            while copy.read():
                pass


def _psql(connection: Database, dsn: str) -> None:
    for statement in _statements(connection):
        command: list[str | Path] = [
            PostgresServer.bin("psql"),
            dsn,
            "-qc",
            statement.as_string(connection),
        ]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def _proven_bytes(connection: Database, plan: MaskingPlan) -> int:
    signed = prove(connection, plan, KEY, **RUN, budget=LONG)
    assert isinstance(signed, SignedCertificate)
    return signed.certificate.bytes


def _show(machine: Machine, figures: Figures) -> None:
    console = Console(highlight=False)
    console.print(f"{machine.system}, {machine.cpus} CPUs, load {machine.load}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("way", "seconds", "CPU seconds", "speed"):
        table.add_column(heading)
    for way in ("remembering", "masking", "psycopg", "psql", "search"):
        cost: Cost = getattr(figures, way)
        speed = f"{figures.bytes / cost.seconds / 1e6:,.0f} MB/s"
        table.add_row(way, f"{cost.seconds:.2f}", f"{cost.cpu:.2f}", speed)
    console.print(table)
    for name, ratio in figures.ratios.items():
        console.print(f"{name}: {ratio}")


if __name__ == "__main__":
    typer.run(main)
