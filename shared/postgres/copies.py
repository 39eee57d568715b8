"""A copy of a database on its own server, and the way back to it."""

from typing import LiteralString

from psycopg import sql

from shared.postgres.asking import Database, run, value
from shared.postgres.checkpoints import use_checkpoint
from shared.postgres.databases import Databases, end_sessions

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
    with databases.administer(server) as connection:
        if not _exists(connection, copy):
            _close(connection, database)
            run(
                connection,
                "create database {} template {} strategy file_copy allow_connections false",
                copy,
                database,
            )
        _copy_attributes(connection, database, copy)


def put_back(databases: Databases, server: str, database: str, copy: str, aside: str) -> None:
    """Give the copy the name of ``database``, and call ``aside`` what had it.

    Safe to repeat: both renames are one transaction, and behind it there is no copy any more.
    """
    with databases.administer(server) as connection:
        if _exists(connection, copy):
            _copy_attributes(connection, database, copy)
            _close(connection, database)
            with connection.transaction():
                for names in ((database, aside), (copy, database)):
                    run(connection, "alter database {} rename to {}", *names)
    use_checkpoint(databases, server, database)


def open_database(databases: Databases, server: str, database: str) -> None:
    """Take sessions again, of whom the grants let in."""
    with databases.administer(server) as connection:
        run(connection, "alter database {} allow_connections true", database)


def _close(connection: Database, database: str) -> None:
    run(connection, "alter database {} allow_connections false", database)
    end_sessions(connection, database)


def _copy_attributes(connection: Database, database: str, copy: str) -> None:
    """What PostgreSQL leaves out of a copy."""
    name = sql.Identifier(copy)
    row = connection.execute(_OWNER, (database,)).fetchone()
    owner, comment = row or (None, None)
    run(connection, "alter database {} owner to {}", name, str(owner))
    run(connection, "revoke all on database {} from public", name)
    for role, privilege, grantable in connection.execute(_GRANTS, (database,)).fetchall():
        to = sql.SQL(role) if role else sql.SQL("public")
        option = sql.SQL("with grant option" if grantable else "")
        what = sql.SQL(_PRIVILEGES[privilege])
        run(connection, "grant {} on database {} to {} {}", what, name, to, option)
    for role, setting, stated in connection.execute(_SETTINGS, (database,)).fetchall():
        _copy_setting(connection, name, role, setting, stated)
    if not _is_checkpoint(connection, copy):
        run(connection, "comment on database {} is {}", name, sql.Literal(comment))


def _copy_setting(
    connection: Database, name: sql.Identifier, role: str | None, setting: str, stated: str
) -> None:
    """Through the session's own value: a list such as ``search_path`` has no form as a literal."""
    connection.execute("select set_config(%s, %s, false)", (setting, stated))
    whose = sql.SQL("role {} in ").format(sql.SQL(role)) if role else sql.SQL("")
    what = sql.Identifier(*setting.split("."))
    run(connection, "alter {}database {} set {} from current", whose, name, what)


def _is_checkpoint(connection: Database, copy: str) -> bool:
    """Whether ``keep_checkpoint`` was there: its comment holds the one that was copied."""
    row = connection.execute(_OWNER, (copy,)).fetchone()
    return row is not None and str(row[1]).startswith("signalbox checkpoint until")


def _exists(connection: Database, database: str) -> bool:
    return value(connection, _OWNER, database) is not None
