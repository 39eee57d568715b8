"""What an Odoo database holds, as one transaction sees it."""

import psycopg
from psycopg import sql

TABLES = """
    select relname from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname
"""
MODULES = """
    select name, coalesce(latest_version, '') from ir_module_module
    where state = 'installed' order by name
"""
SEQUENCES = """
    select sequencename, coalesce(last_value, 0) from pg_sequences
    where schemaname = 'public' order by sequencename
"""


def row_counts(connection: psycopg.Connection) -> dict[str, int]:
    """Count the rows of every table of the schema public, exactly."""
    tables = [name for (name,) in connection.execute(TABLES)]
    counts = [
        sql.SQL("select {}, count(*) from {}").format(name, sql.Identifier("public", name))
        for name in tables
    ]
    return (
        dict(connection.execute(sql.SQL(" union all ").join(counts)).fetchall()) if counts else {}
    )


def installed_modules(connection: psycopg.Connection) -> dict[str, str]:
    """Return the installed modules with their versions."""
    return dict(connection.execute(MODULES).fetchall())


def sequence_values(connection: psycopg.Connection) -> dict[str, int]:
    """Return the last value of every sequence, 0 for one that was never used.

    Sequences stand outside of snapshots: a value may be ahead of what the transaction sees.
    """
    return dict(connection.execute(SEQUENCES).fetchall())
