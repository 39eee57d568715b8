"""What a database that has its rows, but not its indexes yet, will have to hold unique.

Indexes are built once, over masked rows. Masking has to know before which columns are in unique
ones: it is read from the script that will build them, and kept in the clone.
"""

import re
from collections.abc import Iterable, Iterator
from typing import LiteralString

from shared.postgres.asking import Database, has_table

UniqueColumn = tuple[str, str, str]
"""Schema, table, column."""

_IDENTIFIER = r'(?:"(?:[^"]|"")+"|[a-z_][\w$]*)'
_TABLE = rf"(?P<schema>{_IDENTIFIER})\.(?P<table>{_IDENTIFIER})"
_UNIQUE = re.compile(
    rf"^(?:ALTER TABLE ONLY {_TABLE}\n +ADD CONSTRAINT {_IDENTIFIER} (?:PRIMARY KEY|UNIQUE)"
    rf"|CREATE UNIQUE INDEX {_IDENTIFIER} ON (?:ONLY )?{_TABLE.replace('<', '<i_')})"
    r"(?P<columns>[^\n;]*)",
    re.MULTILINE,
)
_NAMES = re.compile(_IDENTIFIER)

_CREATE: LiteralString = """
create schema if not exists signalbox;
revoke all on schema signalbox from public;
create table if not exists signalbox.unique_columns (
    schema_name text not null,
    table_name text not null,
    column_name text not null,
    primary key (schema_name, table_name, column_name)
);
comment on table signalbox.unique_columns is
    'Names in the unique indexes that are built after masking: columns, and words of expressions.';
"""

_INSERT: LiteralString = """
insert into signalbox.unique_columns (schema_name, table_name, column_name) values (%s, %s, %s)
on conflict do nothing
"""

_BUILT: LiteralString = """
create table if not exists signalbox.indexes_built (
    at timestamptz not null default now(),
    only_row boolean primary key default true check (only_row)
);
comment on table signalbox.indexes_built is 'A row: indexes and constraints are all there.';
insert into signalbox.indexes_built default values on conflict do nothing;
"""


def unique_columns(script: str) -> Iterator[UniqueColumn]:
    """What the post-data section, as ``pg_restore`` writes it, makes unique.

    Of an index on an expression every word counts, so that no column in it is missed.

    >>> list(unique_columns("CREATE UNIQUE INDEX i ON public.t USING btree (lower(a));"))
    [('public', 't', 'lower'), ('public', 't', 'a')]
    """
    for found in _UNIQUE.finditer(script):
        schema = _plain(found["schema"] or found["i_schema"])
        table = _plain(found["table"] or found["i_table"])
        _, _, listed = found["columns"].partition("(")
        for name in _NAMES.findall(listed):
            yield schema, table, _plain(name)


def record_unique_columns(connection: Database, columns: Iterable[UniqueColumn]) -> None:
    """Keep in the connected database what will be unique in it."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(_CREATE)
        cursor.executemany(_INSERT, columns)


def read_unique_columns(connection: Database) -> frozenset[UniqueColumn]:
    """What was kept; nothing in a database that was restored in one go."""
    if not has_table(connection, "signalbox.unique_columns"):
        return frozenset()
    query = "select schema_name, table_name, column_name from signalbox.unique_columns"
    return frozenset((schema, table, column) for schema, table, column in connection.execute(query))


def record_indexes_built(connection: Database) -> None:
    """Keep in the connected database that nothing is missing from it any more."""
    with connection.transaction():
        connection.execute(_BUILT)


def indexes_are_built(connection: Database) -> bool:
    """Whether ``record_indexes_built`` was here."""
    return has_table(connection, "signalbox.indexes_built")


def _plain(identifier: str) -> str:
    """The name without the quotes that SQL writes around it."""
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier
