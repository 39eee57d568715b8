"""Attachments: which files of the filestore the database refers to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

from psycopg.rows import class_row

from shared.postgres.marker import Database

_ATTACHMENTS: LiteralString = """
select store_fname as path, min(checksum) as checksum, max(file_size)::bigint as size
from ir_attachment where store_fname <> '' group by store_fname order by store_fname
"""


@dataclass(frozen=True)
class StoredFile:
    """A file that the database refers to: ``xx/<sha1>``, its SHA-1, and its size if recorded."""

    path: str
    checksum: str | None
    size: int | None


def stored_files(connection: Database) -> Iterator[StoredFile]:
    """Every file of the filestore that an attachment refers to, once, in the order of paths.

    A file without a row is harmless; a row without a file is a loss that Odoo does not notice.
    """
    with connection.cursor(row_factory=class_row(StoredFile)) as cursor:
        yield from cursor.execute(_ATTACHMENTS)
