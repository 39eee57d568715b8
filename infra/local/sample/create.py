"""Make the database of an invented distribution company, with the tables of Odoo 18."""

import csv
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import psycopg
import yaml
from psycopg import sql
from psycopg.types.json import Jsonb

from infra.local.sample.attachments import attach_files
from infra.local.sample.contents import row_counts
from infra.local.sample.crew import SESSION, Crew
from infra.local.sample.filestore import FileSink

HERE = Path(__file__).parent
STAGES = (
    "reference",
    "people",
    "goods",
    "sales",
    "accounting",
    "models",
    "messages",
    "integrations",
)
FEWEST_PARTNERS = 100

Progress = Callable[[str], None]


@dataclass(frozen=True)
class ForeignKey:
    """One reference between two tables of the sample."""

    table: str
    column: str
    target: str
    name: str
    on_delete: str


@dataclass(frozen=True)
class SampleSummary:
    """What was made: rows by table, distinct files of the filestore, and how long it took."""

    partners: int
    seed: int
    rows: Mapping[str, int]
    files: int
    seconds: float


def create_sample(
    dsn: str,
    *,
    partners: int = 20_000,
    seed: int = 18,
    base_url: str = "https://erp.acme.example",
    sink: FileSink = lambda _path, _content: None,
    progress: Progress = lambda _stage: None,
) -> SampleSummary:
    """Fill an empty database; everything else grows with ``partners``, and ``seed`` decides it all.

    ``sink`` receives every file of the filestore as (``xx/<sha1>``, content), in this thread.
    ``progress`` hears the name of each stage as it begins.

    Raises ValueError for fewer than 100 partners, and psycopg's DuplicateTable when the database
    already holds an Odoo.
    """
    if partners < FEWEST_PARTNERS:
        raise ValueError(f"A sample has at least {FEWEST_PARTNERS} partners, not {partners}.")
    started = time.perf_counter()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SESSION)
        progress("schema")
        _prepare(connection, _parameters(partners, seed, base_url))
        files = _fill(connection, dsn, sink, progress)
        progress("constraints")
        _add_foreign_keys(connection, dsn)
        _run(connection, "views")
        _run(connection, "finish")
        rows = row_counts(connection)
    return SampleSummary(partners, seed, rows, files, time.perf_counter() - started)


def _statements(name: str) -> sql.SQL:
    return sql.SQL((HERE / "sql" / f"{name}.sql").read_text("utf-8"))


def _run(connection: psycopg.Connection, name: str) -> None:
    connection.execute(_statements(name))


def _parameters(partners: int, seed: int, base_url: str) -> sql.Composed:
    """Parameters are functions, so that PostgreSQL folds them into the statements as constants."""
    values: tuple[tuple[str, str, int | str], ...] = (
        ("seed", "bigint", seed),
        ("partners", "int", partners),
        ("base_url", "text", base_url),
    )
    return sql.SQL(";").join(
        sql.SQL("create function {}() returns {} language sql immutable return {}").format(
            sql.Identifier("sample", name), sql.SQL(kind), sql.Literal(value)
        )
        for name, kind, value in values
    )


def _prepare(connection: psycopg.Connection, parameters: sql.Composed) -> None:
    with connection.transaction():
        connection.execute("create extension if not exists pg_trgm")
        connection.execute("create schema sample")
        connection.execute(parameters)
        _run(connection, "schema")
        _run(connection, "functions")
        people = Jsonb(yaml.safe_load((HERE / "people.yaml").read_text("utf-8")))
        connection.execute(_statements("locales"), {"people": people})
        with connection.cursor().copy("copy sample.reference from stdin") as copy:
            for key in foreign_keys():
                copy.write_row((key.table, key.column, key.target))


def _fill(connection: psycopg.Connection, dsn: str, sink: FileSink, progress: Progress) -> int:
    """Load stage by stage while the crew indexes the tables that are complete."""
    indexes = indexes_by_table()
    complete = _completed_by_stage(indexes)
    with Crew(dsn) as crew:
        for stage in STAGES:
            progress(stage)
            _run(connection, stage)
            for table in complete[stage]:
                crew.put(indexes[table])
        progress("files")
        files = attach_files(connection, sink)
        for table in complete["files"]:
            crew.put(indexes[table])
        progress("indexes")
    return files


def _completed_by_stage(tables: Iterable[str]) -> dict[str, list[str]]:
    """Say after which stage each table is complete; attachments come last of all."""
    last = dict.fromkeys(tables, STAGES[0])
    for stage in STAGES:
        last |= dict.fromkeys(
            re.findall(r"insert into (\w+)", _statements(stage).as_string()), stage
        )
    last |= {"ir_attachment": "files", "message_attachment_rel": "files"}
    return {
        stage: [table for table in tables if last[table] == stage] for stage in (*STAGES, "files")
    }


def indexes_by_table() -> dict[str, sql.Composed]:
    """Read ``indexes.sql``: for each table its keys, checks and indexes, as one script."""
    statements = _statements("indexes").as_string().split(";\n")
    found: dict[str, list[sql.SQL]] = {}
    for statement in filter(str.strip, statements):
        table = re.search(
            r"^(?:alter table|create (?:unique )?index \w+ on) (\w+)", statement.strip()
        )
        assert table is not None, statement
        found.setdefault(table[1], []).append(sql.SQL(statement))
    return {table: sql.SQL(";\n").join(script) for table, script in found.items()}


def foreign_keys() -> list[ForeignKey]:
    """Read ``foreign_keys.tsv``, ordered by table."""
    with (HERE / "sql" / "foreign_keys.tsv").open(encoding="utf-8", newline="") as file:
        return [ForeignKey(*row) for row in csv.reader(file, delimiter="\t")]


def _add_foreign_keys(connection: psycopg.Connection, dsn: str) -> None:
    """Add them unchecked, for that locks two tables each; then check them side by side."""
    keys = foreign_keys()
    connection.execute(sql.SQL(";").join(_add(key) for key in keys))
    with Crew(dsn) as crew:
        for table, group in groupby(keys, key=lambda key: key.table):
            crew.put(
                sql.SQL("alter table {} {}").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(
                        sql.SQL("validate constraint {}").format(sql.Identifier(key.name))
                        for key in group
                    ),
                )
            )


def _add(key: ForeignKey) -> sql.Composed:
    return sql.SQL(
        "alter table {table} add constraint {name} foreign key ({column})"
        " references {target} (id) on delete {rule} not valid"
    ).format(
        table=sql.Identifier(key.table),
        name=sql.Identifier(key.name),
        column=sql.Identifier(key.column),
        target=sql.Identifier(key.target),
        rule=sql.SQL(key.on_delete),
    )
