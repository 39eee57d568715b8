"""A copy of a database on its own server, and the way back to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

from psycopg import sql

from shared.postgres.checkpoints import use_checkpoint
from shared.postgres.databases import Databases, end_sessions
from shared.postgres.marker import Database

_OWNER: LiteralString = """
select pg_get_userbyid(datdba), shobj_description(oid, 'pg_database')
from pg_database where datname = %s
"""

_GRANTS: LiteralString = """
select nullif(a.grantee, 0)::regrole::text, a.privilege_type, a.is_grantable
from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
where d.datname = %s and a.grantee <> d.datdba
"""

_SETTINGS: LiteralString = """
select nullif(s.setrole, 0)::regrole::text, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) c
where d.datname = %s
"""

_PRIVILEGES: dict[str, LiteralString] = {
    "CONNECT": "connect",
    "CREATE": "create",
    "TEMPORARY": "temporary",
}


def copy_database(databases: Databases, server: str, database: str, copy: str) -> None:
    """Copy a database that nobody needs now, with its owner, grants, settings and comment.

    Its sessions are ended, and it takes no new ones until ``open_database``. Nobody can connect to
    the copy. Safe to repeat: PostgreSQL makes a database wholly or not at all, so one that is there
    gets what it may lack of the rest.
    """
    with _administer(databases, server) as connection:
        if not _exists(connection, copy):
            _close(connection, database)
            _run(
                connection,
                "create database {} template {} strategy file_copy allow_connections false",
                sql.Identifier(copy),
                sql.Identifier(database),
            )
        _copy_attributes(connection, database, copy)


def put_back(databases: Databases, server: str, database: str, copy: str, aside: str) -> None:
    """Give the copy the name of ``database``, and call ``aside`` what had it.

    Safe to repeat: both renames are one transaction, and behind it there is no copy any more.
    """
    with _administer(databases, server) as connection:
        if _exists(connection, copy):
            _copy_attributes(connection, database, copy)
            _close(connection, database)
            with connection.transaction():
                for old, new in ((database, aside), (copy, database)):
                    names = sql.Identifier(old), sql.Identifier(new)
                    _run(connection, "alter database {} rename to {}", *names)
    use_checkpoint(databases, server, database)


def open_database(databases: Databases, server: str, database: str) -> None:
    """Take sessions again, of whom the grants let in."""
    with _administer(databases, server) as connection:
        _run(connection, "alter database {} allow_connections true", sql.Identifier(database))


def _close(connection: Database, database: str) -> None:
    _run(connection, "alter database {} allow_connections false", sql.Identifier(database))
    end_sessions(connection, database)


def _copy_attributes(connection: Database, database: str, copy: str) -> None:
    """What PostgreSQL leaves out of a copy."""
    name = sql.Identifier(copy)
    row = connection.execute(_OWNER, (database,)).fetchone()
    owner, comment = row or (None, None)
    _run(connection, "alter database {} owner to {}", name, sql.Identifier(str(owner)))
    _run(connection, "revoke all on database {} from public", name)
    for role, privilege, grantable in connection.execute(_GRANTS, (database,)).fetchall():
        to = sql.SQL(role) if role else sql.SQL("public")
        option = sql.SQL("with grant option" if grantable else "")
        what = sql.SQL(_PRIVILEGES[privilege])
        _run(connection, "grant {} on database {} to {} {}", what, name, to, option)
    for role, setting, value in connection.execute(_SETTINGS, (database,)).fetchall():
        _copy_setting(connection, name, role, setting, value)
    if not _is_checkpoint(connection, copy):
        _run(connection, "comment on database {} is {}", name, sql.Literal(comment))


def _copy_setting(
    connection: Database, name: sql.Identifier, role: str | None, setting: str, value: str
) -> None:
    """Through the session's own value: a list such as ``search_path`` has no form as a literal."""
    connection.execute("select set_config(%s, %s, false)", (setting, value))
    whose = sql.SQL("role {} in ").format(sql.SQL(role)) if role else sql.SQL("")
    what = sql.Identifier(*setting.split("."))
    _run(connection, "alter {}database {} set {} from current", whose, name, what)


def _is_checkpoint(connection: Database, copy: str) -> bool:
    """Whether ``keep_checkpoint`` was there: its comment holds the one that was copied."""
    row = connection.execute(_OWNER, (copy,)).fetchone()
    return row is not None and str(row[1]).startswith("signalbox checkpoint until")


def _exists(connection: Database, database: str) -> bool:
    return connection.execute(_OWNER, (database,)).fetchone() is not None


def _run(connection: Database, statement: LiteralString, *parts: sql.Composable) -> None:
    connection.execute(sql.SQL(statement).format(*parts))


@contextmanager
def _administer(databases: Databases, server: str) -> Iterator[Database]:
    with databases.connect(server, "postgres", autocommit=True) as connection:
        yield connection
