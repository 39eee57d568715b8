"""Host names in the database: find every column that mentions one, replace them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import sql

from shared.masking.catalogue import Column, Table, read_tables
from shared.postgres.marker import Database

SCANNED_KINDS = ("text", "json", "other")
"""Kinds of column that are searched, in every table: no table is skipped. Not bytes."""


@dataclass(frozen=True)
class Finding:
    """A column that mentions a host name, and in how many rows."""

    column: Column
    rows: int

    def __str__(self) -> str:
        return f"{self.column.path}: {self.rows} rows"


def find_hostnames(connection: Database, hostnames: Iterable[str]) -> tuple[Finding, ...]:
    """Every column of the database that mentions one of the host names, in any case.

    ``erp.acme.example`` is found in URLs, addresses and text, but not inside
    ``my-erp.acme.example`` or ``erp.acme.example.org``. One pass per table, on the server.
    """
    names = sorted({name.lower() for name in hostnames})
    if not names:
        return ()
    return tuple(
        finding
        for table in read_tables(connection)
        for finding in _search(connection, table, names)
    )


def replace_hostnames(connection: Database, hostnames: Mapping[str, str]) -> tuple[Finding, ...]:
    """Replace each host name by the one that stands for it, wherever one is found."""
    findings = find_hostnames(connection, hostnames)
    for finding in findings:
        for old, new in hostnames.items():
            pattern = _pattern([old])
            connection.execute(_replacement(finding.column), (pattern, new, pattern))
    return findings


def _search(connection: Database, table: Table, names: list[str]) -> list[Finding]:
    columns = [column for column in table.columns if column.kind in SCANNED_KINDS]
    if not columns:
        return []
    counts = (_count(column, names) for column in columns)
    query = sql.SQL("select {} from {}").format(sql.SQL(", ").join(counts), table.identifier)
    row = connection.execute(query).fetchone() or ()
    return [Finding(column, rows) for column, rows in zip(columns, row, strict=True) if rows]


def _count(column: Column, names: list[str]) -> sql.Composed:
    """Count by pattern, after looking for the plain name: cheap, and most values end there."""
    value = sql.SQL("lower({}::text)").format(sql.Identifier(column.name))
    plain = (sql.SQL("strpos({}, {}) > 0").format(value, sql.Literal(name)) for name in names)
    return sql.SQL("count(*) filter (where ({}) and {} ~ {})").format(
        sql.SQL(" or ").join(plain), value, sql.Literal(_pattern(names))
    )


def _replacement(column: Column) -> sql.Composed:
    name = sql.Identifier(column.name)
    return sql.SQL(
        "update {table} set {name} = regexp_replace({name}::text, %s, %s, 'gi')::{type} "
        "where {name}::text ~* %s"
    ).format(
        table=sql.Identifier(column.schema, column.table), name=name, type=sql.SQL(column.type)
    )


def _pattern(names: Iterable[str]) -> str:
    either = "|".join(re.escape(name) for name in names)
    return rf"(?<![a-z0-9.-])(?:{either})(?![a-z0-9-]|\.[a-z0-9])"
