"""COPY as blocks of a few megabytes, read while the one before is being worked on."""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql

from shared.postgres.marker import Database

BLOCK = 4 * 1024 * 1024
"""Bytes. Large enough that calls cost nothing, small enough to stay in the processor's cache."""

_HEADER = 19
"""Bytes of a binary COPY before its first row: signature, flags, no extension."""


_BUNCHED: LiteralString = """
select string_agg(
    '\\x0001'::bytea || int4send(octet_length(value)) || convert_to(value, 'UTF8'), ''
)
from (
    select value, row_number() over () / {bunch} as bunch from ({query}) as found (value)
) as numbered
group by bunch
"""
"""Values of one column as rows of a binary COPY, many in one: each row costs the client 20 µs."""

_BUNCH = 100
_ROW_HEADER = 6
"""Bytes before the value of a row with one column: how many columns, how long."""


def value_blocks(connection: Database, query: sql.Composed) -> Iterator[bytes]:
    """What ``blocks`` gives for one text column, but for NULLs, at a third of its cost."""
    bunched = sql.SQL(_BUNCHED).format(bunch=sql.Literal(_BUNCH), query=query)
    waiting: list[bytes | memoryview] = []
    size = 0
    statement = sql.SQL("copy ({}) to stdout (format binary)").format(bunched)
    skipped = _HEADER + _ROW_HEADER
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while row := copy.read():
            waiting.append(bytes(row[skipped:]))
            size, skipped = size + len(row), _ROW_HEADER
            if size >= BLOCK:
                yield b"".join(waiting)
                waiting, size = [], 0
    yield b"".join(waiting)


def blocks(connection: Database, query: sql.Composed) -> Iterator[bytes]:
    """The rows of a query in the format of a binary COPY, whole rows in each block."""
    statement = sql.SQL("copy ({}) to stdout (format binary)").format(query)
    waiting: list[bytes | bytearray | memoryview] = []
    size, skipped = 0, _HEADER
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while row := copy.read():
            waiting.append(row[skipped:])
            size, skipped = size + len(row), 0
            if size >= BLOCK:
                yield b"".join(waiting)
                waiting, size = [], 0
    yield b"".join(waiting)
