"""Measure masking beside other ways to rewrite the same columns, and the proof beside reading.

    python -m benchmarks.masking [--partners N] [--messages N] [--json]

Every way gets a fresh copy of the same database, in one process on one server, one after the other.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Annotated

import psycopg
import typer
from psycopg import sql
from rich.console import Console
from rich.table import Table

from benchmarks.track.machine import Machine
from infra.local.postgres import PostgresServer
from shared.masking import MaskingPlan, MaskingPolicy, mask_tables, plan_masking
from shared.masking.maskers import masker_functions
from shared.masking.proof import SignedCertificate, prove, remember
from shared.postgres.marker import CloneMarker, Database, write_marker

KEY = b"a key of the benchmark, 32 bytes"
RUN = {"run_id": "benchmark", "epoch": 1}
LONG = timedelta(hours=1)

POLICY = MaskingPolicy.model_validate(
    {
        "version": 1,
        "rules": [
            {"verdict": "mask", "masker": kind, "columns": columns, "why": kind}
            for kind, columns in {
                "name": ["partner.name", "partner.complete_name"],
                "email": ["partner.email*"],
                "phone": ["partner.phone", "partner.mobile"],
                "street": ["partner.street"],
                "city": ["partner.city"],
                "vat": ["partner.vat"],
                "message_id": ["message.message_id"],
            }.items()
        ]
        + [{"verdict": "keep", "columns": ["*"], "why": "what is searched, but not masked"}],
    }
)

CREATE = """
create table partner as
select n as id,
       'Person ' || initcap(w) || ' Number' || n as name,
       'Person ' || initcap(w) || ' Number' || n as complete_name,
       w || '.' || n || '@acme.example' as email,
       w || '.' || n || '@acme.example' as email_normalized,
       '+33 1 4' || lpad(n::text, 7, '0') as phone,
       '+33 6 4' || lpad(n::text, 7, '0') as mobile,
       n || ', ' || w || ' street' as street,
       'City of ' || left(w, 5) as city,
       'FR' || lpad(n::text, 11, '0') as vat,
       'en_US' as lang
from generate_series(1, %(partners)s) as n,
     lateral (select translate(md5(n::text), '0123456789', 'ghijklmnop') as w) as words;
alter table partner add primary key (id);
create unique index on partner (email);
create index on partner (name);
create table message as
select n as id,
       1 + n %% %(partners)s as partner_id,
       '<' || md5(n::text) || '@acme.example>' as message_id,
       '<p>' || repeat('the order that we spoke about will be on its way to the depot soon ', 4)
       || n || '</p>' as body
from generate_series(1, %(messages)s) as n;
alter table message add primary key (id);
analyze
"""


@dataclass(frozen=True)
class Figures:
    """Seconds of each way; ``rows`` and ``bytes`` are what it had to do."""

    rows: int
    bytes: int
    constants: float
    masking: float
    update: float
    remembering: float
    reading: float
    proof: float

    @property
    def ratios(self) -> dict[str, float]:
        """Speeds as ratios; the design's targets are 0.5, 3 and 0.6."""
        return {
            "masking / rewrite with constants": round(self.constants / self.masking, 2),
            "masking / update with the same expressions": round(self.update / self.masking, 2),
            "proof / reading by COPY": round(self.reading / self.proof, 2),
        }


def main(
    partners: Annotated[int, typer.Option(help="Rows with eleven columns of text.")] = 100_000,
    messages: Annotated[int, typer.Option(help="Rows with a body of 300 characters.")] = 200_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
) -> None:
    """Compare masking and proof with what the server could do at best."""
    machine = Machine.here()
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder) / "postgres", fsync=False) as server,
    ):
        Path(folder).chmod(0o755)
        server.create_database("original")
        with psycopg.connect(server.dsn("original"), autocommit=True) as connection:
            cursor = psycopg.ClientCursor(connection)
            cursor.execute(CREATE, {"partners": partners, "messages": messages})
        figures = _measure(server, partners + messages)
    if as_json:
        print(json.dumps({"machine": asdict(machine), **asdict(figures), "ratios": figures.ratios}))
    else:
        _show(machine, figures)


def _measure(server: PostgresServer, rows: int) -> Figures:
    with _copy(server) as connection:
        constants = _timed(lambda: _rewrite_with_constants(connection, _plan(connection)))
    with _copy(server) as connection:
        update = _timed(lambda: _update(connection, _plan(connection)))
    with _copy(server) as connection:
        plan = _plan(connection)
        remembering = _timed(lambda: remember(connection, plan, KEY, **RUN))
        masking = _timed(lambda: mask_tables(connection, plan, KEY, **RUN, budget=LONG))
        reading = min(_timed(lambda: _read(connection)) for _ in range(2))
        proof, size = _prove(connection, plan)
    return Figures(rows, size, constants, masking, update, remembering, reading, proof)


@contextmanager
def _copy(server: PostgresServer) -> Iterator[Database]:
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        administrator.execute("drop database if exists copy")
        administrator.execute("create database copy template original strategy file_copy")
    with psycopg.connect(server.dsn("copy"), autocommit=True) as connection:
        write_marker(connection, CloneMarker.new(RUN["run_id"], "1", "original", 1))
        connection.execute("checkpoint")
        yield connection


def _plan(connection: Database) -> MaskingPlan:
    return plan_masking(connection, POLICY)


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _rewrite_with_constants(connection: Database, plan: MaskingPlan) -> None:
    """The rewrite's limit: values that cost nothing, unique only where they must be."""
    for table in plan.tables:
        changes = sql.SQL(", ").join(
            sql.SQL("alter column {0} type text using {1}").format(
                sql.Identifier(each.column.name),
                sql.SQL("id::text") if each.column.unique else sql.Literal("a constant value"),
            )
            for each in table.columns
        )
        connection.execute(sql.SQL("alter table {} {}").format(table.table.identifier, changes))
        connection.execute(sql.SQL("analyze {}").format(table.table.identifier))


def _update(connection: Database, plan: MaskingPlan) -> None:
    connection.execute(masker_functions())
    connection.execute("select set_config('signalbox.masking_key', %s, false)", (KEY.hex(),))
    for table in plan.tables:
        changes = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(each.column.name), each.expression)
            for each in table.columns
        )
        connection.execute(sql.SQL("update {} set {}").format(table.table.identifier, changes))
        connection.execute(sql.SQL("analyze {}").format(table.table.identifier))


def _read(connection: Database) -> None:
    """The same columns by COPY through the same client, and nothing done with them."""
    for table in _plan(connection).tables:
        columns = [c for c in table.table.columns if c.kind == "text" or c.name == "id"]
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
        query = sql.SQL("copy (select {} from {}) to stdout (format binary)")
        statement = query.format(names, table.table.identifier)
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            while copy.read():
                pass


def _prove(connection: Database, plan: MaskingPlan) -> tuple[float, int]:
    """Seconds that reading and searching the tables took, and how many bytes that was."""
    signed = prove(connection, plan, KEY, **RUN, budget=LONG)
    assert isinstance(signed, SignedCertificate)
    return signed.certificate.seconds, signed.certificate.bytes


def _show(machine: Machine, figures: Figures) -> None:
    console = Console(highlight=False)
    console.print(f"{machine.system}, {machine.cpus} CPUs, load {machine.load}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("way", "seconds", "speed"):
        table.add_column(heading)
    for way in ("constants", "masking", "update", "remembering"):
        seconds = getattr(figures, way)
        table.add_row(way, f"{seconds:.1f}", f"{figures.rows / seconds:,.0f} rows/s")
    for way in ("reading", "proof"):
        seconds = getattr(figures, way)
        table.add_row(way, f"{seconds:.1f}", f"{figures.bytes / seconds / 1e6:,.0f} MB/s")
    console.print(table)
    for name, ratio in figures.ratios.items():
        console.print(f"{name}: {ratio}")


if __name__ == "__main__":
    typer.run(main)
