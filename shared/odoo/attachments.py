"""Attachments: which files of the filestore the database refers to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql
from psycopg.rows import class_row

from shared.masking.policy import AttachmentRule
from shared.odoo.documents import kept_by
from shared.postgres.marker import Database

_ATTACHMENTS: LiteralString = """
select store_fname as path, min(checksum) as checksum, max(file_size)::bigint as size
from ir_attachment where store_fname <> '' group by store_fname order by store_fname
"""

_REFERRED: LiteralString = """
select store_fname as path, array_agg(id order by id) as attachments,
       max(file_size)::bigint as size, bool_or({kept}) as kept
from ir_attachment where store_fname > {after}
group by store_fname order by store_fname limit {limit}
"""

_COUNT: LiteralString = (
    "select count(distinct store_fname) from ir_attachment where store_fname <> ''"
)


@dataclass(frozen=True)
class StoredFile:
    """A file that the database refers to: ``xx/<sha1>``, its SHA-1, and its size if recorded."""

    path: str
    checksum: str | None
    size: int | None


@dataclass(frozen=True)
class ReferredFile:
    """A file of the filestore, and who refers to it."""

    path: str
    attachments: Sequence[int]
    """Their ids."""
    size: int | None
    kept: bool
    """Whether a rule keeps one of them."""


def stored_files(connection: Database) -> Iterator[StoredFile]:
    """Every file of the filestore that an attachment refers to, once, in the order of paths.

    A file without a row is harmless; a row without a file is a loss that Odoo does not notice.
    """
    with connection.cursor(row_factory=class_row(StoredFile)) as cursor:
        yield from cursor.execute(_ATTACHMENTS)


def referred_files(
    connection: Database, after: str, limit: int, rules: Sequence[AttachmentRule] | None = None
) -> list[ReferredFile]:
    """The next files behind a path; whether they are kept is asked of the rules, if there are."""
    query = sql.SQL(_REFERRED).format(
        kept=sql.SQL("true") if rules is None else kept_by(rules),
        after=sql.Literal(after),
        limit=sql.Literal(limit),
    )
    with connection.cursor(row_factory=class_row(ReferredFile)) as cursor:
        return cursor.execute(query).fetchall()


def count_files(connection: Database) -> int:
    """How many files attachments refer to."""
    [(files,)] = connection.execute(_COUNT).fetchall()
    return int(files)
