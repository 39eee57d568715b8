"""A sample as these tests see it, and what makes two databases the same."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from infra.local.sample import SampleSummary
from infra.local.sample.contents import row_counts


@dataclass(frozen=True)
class Sample:
    """The database, its summary and the files of its filestore."""

    dsn: str
    summary: SampleSummary
    files: dict[str, bytes]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what a query finds."""
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(sql.SQL(query)).fetchall()


def content_hashes(dsn: str) -> dict[str, str]:
    """Return one hash for each table that has rows, whatever their order in the file."""
    with psycopg.connect(dsn) as connection:
        tables = [table for table, rows in row_counts(connection).items() if rows]
        return {table: _hash(connection, table) for table in tables}


def _hash(connection: psycopg.Connection, table: str) -> str:
    query = sql.SQL("select md5(string_agg(t::text, chr(10) order by t::text)) from {} t")
    row = connection.execute(query.format(sql.Identifier(table))).fetchone()
    assert row is not None
    return str(row[0])
