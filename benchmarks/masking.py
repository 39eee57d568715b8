"""Measure masking beside other ways to rewrite the same columns, and beside other tools.

    python -m benchmarks.masking [--partners N] [--messages N] [--rounds N] [--no-peers] [--json]

Every way gets a fresh copy of the same database on one server. The ways take turns, and the best of
each way's rounds counts. CPU seconds are those of the server and of what runs beside it.
"""

import json
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import psutil
import psycopg
import typer
from psycopg import sql
from rich.console import Console
from rich.table import Table

from benchmarks.peers import PEERS, Peer, PeerMissing
from benchmarks.track.machine import Machine
from infra.local.postgres import PostgresServer
from shared.masking import MaskingPlan, MaskingPolicy, mask_tables, plan_masking
from shared.masking.maskers import maskers_ready
from shared.masking.proof import remember
from shared.postgres.marker import CloneMarker, Database, write_marker

KEY = b"a key of the benchmark, 32 bytes"
RUN: dict[str, Any] = {"run_id": "benchmark", "epoch": 1}
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
       'en_US' as lang, 'Europe/Paris' as tz, 'contact' as type, n %% 977 as color,
       1 + n %% 50 as company_id, 1 + n %% 900 as user_id, 1 + n %% 240 as country_id,
       1 + n / 3 as parent_id, 1 + n / 3 as commercial_partner_id, n %% 7 as title,
       n %% 11 as industry_id, n %% 5 as team_id,
       n %% 2 = 0 as is_company, true as active, n %% 3 = 0 as employee, false as partner_share,
       0.0::numeric as credit_limit, n::double precision as debit_limit, 2 as create_uid,
       2 as write_uid, now()::timestamp as create_date, now()::timestamp as write_date,
       jsonb_build_object('1', n %% 90) as property_account_receivable_id,
       jsonb_build_object('1', n %% 80) as property_account_payable_id
from generate_series(1, %(partners)s) as n,
     lateral (select translate(md5(n::text), '0123456789', 'ghijklmnop') as w) as words;
alter table partner add primary key (id);
create unique index on partner (email);
create index on partner (name);
create index on partner (complete_name);
create index on partner (vat);
create index on partner (company_id);
create index on partner (parent_id);
create index on partner (commercial_partner_id);
create table message as
select n as id,
       1 + n %% %(partners)s as partner_id,
       '<' || md5(n::text) || '@acme.example>' as message_id,
       'sale.order' as model, n / 4 as res_id, 'comment' as message_type, 1 as subtype_id,
       1 + n %% %(partners)s as author_id, true as is_internal, now()::timestamp as date,
       2 as create_uid, 2 as write_uid, now()::timestamp as create_date,
       now()::timestamp as write_date,
       '<p>' || repeat('the order that we spoke about will be on its way to the depot soon ', 4)
       || n || '</p>' as body
from generate_series(1, %(messages)s) as n;
alter table message add primary key (id);
create index on message (message_id);
create index on message (model, res_id, id);
create index on message (author_id);
create index on message (date);
analyze
"""


LETTERS = """
update message set body = replace(body, 'the depot', 'the depot of ' || name || ' in ' || street)
from partner where partner.id = partner_id and message.id % 3 = 0;
vacuum (full, analyze) message
"""
"""Every third body names a partner and a street, four times."""


@dataclass(frozen=True)
class Cost:
    """What one way took at best."""

    seconds: float
    cpu: float


@dataclass(frozen=True)
class Figures:
    """Costs by way, and of tools that did not run, why."""

    rows: int
    costs: dict[str, Cost]
    skipped: dict[str, str]

    @property
    def ratios(self) -> dict[str, float]:
        """How much faster masking is than each other way; the design's targets are 0.5 and 3."""
        ours = self.costs["masking"].seconds
        others = (way for way in self.costs if way != "masking")
        return {way: round(self.costs[way].seconds / ours, 2) for way in others}


Way = Callable[[PostgresServer, Database], None]


def main(
    partners: Annotated[int, typer.Option(help="Rows of 34 columns, nine masked.")] = 100_000,
    messages: Annotated[
        int, typer.Option(help="Rows of 14, one masked; bodies of 300 characters.")
    ] = 200_000,
    rounds: Annotated[int, typer.Option(help="Turns of each of our ways; tools get one.")] = 3,
    peers: Annotated[bool, typer.Option(help="Measure other tools, too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
) -> None:
    """Compare masking with what the server could do at best, and with other tools."""
    machine = Machine.here()
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder) / "postgres", fsync=False) as server,
    ):
        Path(folder).chmod(0o755)
        _fill(server, partners, messages)
        costs = _race(server, rounds)
        skipped = _tools(server, costs) if peers else {}
    figures = Figures(partners + messages, costs, skipped)
    if as_json:
        print(json.dumps({"machine": asdict(machine), **asdict(figures), "ratios": figures.ratios}))
    else:
        _show(machine, figures)


def _fill(server: PostgresServer, partners: int, messages: int) -> None:
    server.create_database("original")
    with psycopg.connect(server.dsn("original"), autocommit=True) as connection:
        cursor = psycopg.ClientCursor(connection)
        cursor.execute(CREATE, {"partners": partners, "messages": messages})
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        administrator.execute("create database letters template original strategy file_copy")
    with psycopg.connect(server.dsn("letters"), autocommit=True) as connection:
        for statement in LETTERS.split(";"):
            connection.execute(statement)


def _race(server: PostgresServer, rounds: int) -> dict[str, Cost]:
    ways: list[tuple[str, str, Way]] = [
        ("constants", "original", _rewrite_with_constants),
        ("masking", "original", _mask),
        ("masking, two at once", "original", _mask_two_at_once),
        ("update", "original", _update),
        ("masking and bodies", "letters", _mask_with_bodies),
    ]
    best: dict[str, Cost] = {}
    for turn in range(rounds):
        for name, source, way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
            cost = _measured(server, source, way)
            if name not in best or cost.seconds < best[name].seconds:
                best[name] = cost
    return {name: best[name] for name, _, _ in ways}


def _masked_by(peer: Peer, server: PostgresServer, _: object) -> None:
    peer.mask(server.dsn("copy"))


def _tools(server: PostgresServer, costs: dict[str, Cost]) -> dict[str, str]:
    """Measure each tool once, as they take minutes; say why one was skipped."""
    skipped = {}
    for peer in PEERS:
        try:
            peer.install()
            costs[peer.name] = _measured(server, "original", partial(_masked_by, peer))
        except PeerMissing as missing:
            skipped[peer.name] = str(missing)
    return skipped


def _measured(server: PostgresServer, source: str, way: Way) -> Cost:
    with _copy(server, source) as connection:
        cpu, began = _cpu(connection), perf_counter()
        way(server, connection)
        return Cost(perf_counter() - began, _cpu(connection) - cpu)


def _cpu(connection: Database) -> float:
    """Seconds that the server and this process have used, with all that they started."""
    ours = sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    postmaster = psutil.Process(connection.info.backend_pid).parent()
    assert postmaster is not None
    living = sum(map(_lived, postmaster.children()))
    ended = postmaster.cpu_times()
    return ours + living + ended.children_user + ended.children_system


def _lived(process: psutil.Process) -> float:
    """What a process of the server has used; one that ends now is counted among those that have."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0
    return times.user + times.system


@contextmanager
def _copy(server: PostgresServer, source: str) -> Iterator[Database]:
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        administrator.execute("drop database if exists copy with (force)")
        copy = sql.SQL("create database copy template {} strategy file_copy")
        administrator.execute(copy.format(sql.Identifier(source)))
    with psycopg.connect(server.dsn("copy"), autocommit=True) as connection:
        write_marker(connection, CloneMarker.new(RUN["run_id"], "1", "original", 1))
        connection.execute("checkpoint")
        yield connection


def _plan(connection: Database) -> MaskingPlan:
    return plan_masking(connection, POLICY)


def _mask(_: PostgresServer, connection: Database) -> None:
    mask_tables(connection, _plan(connection), KEY, **RUN, budget=LONG)


def _mask_two_at_once(server: PostgresServer, connection: Database) -> None:
    with psycopg.connect(server.dsn("copy"), autocommit=True) as second:
        mask_tables(connection, _plan(connection), KEY, **RUN, budget=LONG, helpers=(second,))


def _mask_with_bodies(_: PostgresServer, connection: Database) -> None:
    """Everything that a refresh pays before the proof: hashes of the originals, and bodies, too."""
    prose = {"verdict": "mask", "masker": "prose", "columns": ["message.body"], "why": "bodies"}
    rules = [prose, *POLICY.model_dump()["rules"]]
    plan = plan_masking(connection, MaskingPolicy.model_validate({"version": 1, "rules": rules}))
    remember(connection, plan, KEY, **RUN)
    mask_tables(connection, plan, KEY, **RUN, budget=LONG)


def _rewrite_with_constants(_: PostgresServer, connection: Database) -> None:
    """The rewrite's limit: values that cost nothing, unique only where they must be."""
    for table in _plan(connection).tables:
        changes = sql.SQL(", ").join(
            sql.SQL("alter column {0} type text using {1}").format(
                sql.Identifier(each.column.name),
                sql.SQL("id::text") if each.column.unique else sql.Literal("a constant value"),
            )
            for each in table.columns
        )
        connection.execute(sql.SQL("alter table {} {}").format(table.table.identifier, changes))
        connection.execute(sql.SQL("analyze {}").format(table.table.identifier))


def _update(_: PostgresServer, connection: Database) -> None:
    with maskers_ready((connection,), KEY):
        for table in _plan(connection).tables:
            changes = sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.Identifier(each.column.name), each.expression)
                for each in table.columns
            )
            connection.execute(sql.SQL("update {} set {}").format(table.table.identifier, changes))
            connection.execute(sql.SQL("analyze {}").format(table.table.identifier))


def _show(machine: Machine, figures: Figures) -> None:
    console = Console(highlight=False)
    console.print(f"{machine.system}, {machine.cpus} CPUs, load {machine.load}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("way", "seconds", "CPU", "rows/s", "masking is faster by"):
        table.add_column(heading)
    for way, cost in figures.costs.items():
        speed = f"{figures.rows / cost.seconds:,.0f}"
        ratio = str(figures.ratios.get(way, ""))
        table.add_row(way, f"{cost.seconds:.1f}", f"{cost.cpu:.1f}", speed, ratio)
    console.print(table)
    for name, reason in figures.skipped.items():
        console.print(f"{name} skipped: {reason}")


if __name__ == "__main__":
    typer.run(main)
