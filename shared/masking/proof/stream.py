"""COPY as blocks of two megabytes, whole rows in each, at the speed at which libpq has them."""

from collections.abc import Iterator

from psycopg import errors, generators, sql
from psycopg.abc import Buffer

from shared.postgres.marker import Database

BLOCK = 2 * 1024 * 1024
"""Bytes. After a block the search may wait for the interpreter's lock, up to 5 ms: few blocks."""

_HEADER = 19
"""Bytes of a binary COPY before its first row: signature, flags, no extension."""

_TRAILER = 2
"""Bytes after its last row; no row that has a field is as short."""


def blocks(connection: Database, query: sql.Composed) -> Iterator[memoryview]:
    """The rows of a query in the format of a binary COPY; a row above ``BLOCK`` is a block.

    What libpq holds already is taken from it directly, at a third of what ``read`` costs.
    """
    statement = sql.SQL("copy ({}) to stdout (format binary)").format(query)
    take, room = connection.pgconn.get_copy_data, BLOCK
    buffer, used = memoryview(bytearray(room)), 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        row: Buffer = copy.read()[_HEADER:]
        while (size := len(row)) != _TRAILER:
            if used + size > room:
                yield buffer[:used]
                room = max(BLOCK, size)
                buffer, used = memoryview(bytearray(room)), 0
            buffer[used : used + size] = row
            used += size
            taken, row = take(1)
            if taken == 0:
                row = copy.read()
            elif taken < 0:
                raise _failure(connection)
        copy.read()
    yield buffer[:used]


def _failure(connection: Database) -> Exception:
    """Why the server ended the COPY before its last row."""
    (result,) = connection.wait(generators.fetch_many(connection.pgconn))
    return errors.error_from_result(result)
