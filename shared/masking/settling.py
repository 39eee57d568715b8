"""Leave nothing of values that were updated or deleted: no dead rows, no planner's statistics."""

from typing import LiteralString

from psycopg import sql

from shared.masking.catalogue import Table, read_tables
from shared.masking.rewrite import forget_statistics
from shared.postgres.asking import Database, value

_TOUCHED: LiteralString = """
select s.schemaname, s.relname, s.n_dead_tup > 0
from pg_stat_user_tables s
where s.schemaname !~ '^signalbox' and (s.n_dead_tup > 0 or s.n_mod_since_analyze > 0)
order by 1, 2
"""

_REMEMBERED: LiteralString = "select distinct schemaname, tablename from pg_stats"


def settle(connection: Database) -> int:
    """Rewrite the tables that have dead rows and renew the statistics of all that were changed.

    Comes after the last change and before the proof, which searches the statistics. Returns how
    many tables that were. A table needs room for its second copy; one that nobody has changed since
    it was masked is left alone. The connection is in autocommit.
    """
    connection.execute("select pg_stat_force_next_flush()")
    touched = connection.execute(_TOUCHED).fetchall()
    for schema, name, has_dead_rows in touched:
        verb = "vacuum (full, analyze) {}" if has_dead_rows else "analyze {}"
        connection.execute(sql.SQL(verb).format(sql.Identifier(schema, name)))
    known = set(connection.execute(_REMEMBERED))
    for table in read_tables(connection):
        if (table.schema, table.name) in known and _is_empty(connection, table):
            forget_statistics(connection, table)
    return len(touched)


def _is_empty(connection: Database, table: Table) -> bool:
    """``analyze`` leaves the statistics of an empty table as they are."""
    query = sql.SQL("select not exists (select from {})").format(table.identifier)
    return bool(value(connection, query))
