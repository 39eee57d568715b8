"""Databases kept for a while after something took their place, to go back to."""

import re
from datetime import datetime

from shared.estate import Estate
from shared.postgres.asking import comment_of, write_comment
from shared.postgres.databases import Databases

_COMMENT = re.compile(r"signalbox checkpoint until (?P<until>\S+)(\n(?P<was>.*))?", re.DOTALL)


def keep_checkpoint(databases: Databases, server: str, database: str, until: datetime) -> None:
    """Say in the database's comment until when it is kept; a comment that it had is kept in it.

    The first date stays when it is said twice.
    """
    with databases.administer(server) as connection:
        was = comment_of(connection, database)
        if was is None or not _COMMENT.fullmatch(was):
            lines = (f"signalbox checkpoint until {until.isoformat()}", was)
            write_comment(connection, database, "\n".join(filter(None, lines)))


def use_checkpoint(databases: Databases, server: str, database: str) -> None:
    """A checkpoint is in use again: it gets the comment back that it had before."""
    with databases.administer(server) as connection:
        if found := _COMMENT.fullmatch(comment_of(connection, database) or ""):
            write_comment(connection, database, found["was"])


def drop_expired_checkpoints(estate: Estate, databases: Databases, now: datetime) -> list[str]:
    """Drop the checkpoints whose time is over on all servers that hold no real data.

    Only what is both named after an environment's database and marked by ``keep_checkpoint`` goes.
    Returns ``server/database`` of each.
    """
    dropped = []
    for server in estate.servers:
        if server.role == "production":
            continue
        live = tuple(each.database.name for each in estate.on_server(server.name))
        for database in _expired(databases, server.name, live, now):
            databases.drop(server.name, database)
            dropped.append(f"{server.name}/{database}")
    return dropped


def previous_name(live: str, run: str) -> str:
    """The name that a run's checkpoint of the database ``live`` has.

    >>> previous_name("acme_staging", "0a1b2c3d")
    'acme_staging_before_0a1b2c3d'
    """
    return _suffixed(live, f"_before_{run}")


def incoming_name(live: str, run: str) -> str:
    """The name of the database that a run prepares to take the place of ``live``.

    >>> len(incoming_name("a" * 63, "0a1b2c3d"))
    63
    """
    return _suffixed(live, f"_incoming_{run}")


def failed_name(live: str, run: str) -> str:
    """The name of what a run had changed, once its checkpoint is ``live`` again.

    >>> failed_name("acme_staging", "0a1b2c3d")
    'acme_staging_failed_0a1b2c3d'
    """
    return _suffixed(live, f"_failed_{run}")


def _suffixed(live: str, suffix: str) -> str:
    return live[: 63 - len(suffix)] + suffix


def _expired(databases: Databases, server: str, live: tuple[str, ...], now: datetime) -> list[str]:
    query = "select datname, shobj_description(oid, 'pg_database') from pg_database order by 1"
    with databases.administer(server) as connection:
        return [
            database
            for database, comment in connection.execute(query)
            if (found := _COMMENT.fullmatch(comment or ""))
            and datetime.fromisoformat(found["until"]) <= now
            and any(_is_checkpoint_of(database, each) for each in live)
        ]


def _is_checkpoint_of(database: str, live: str) -> bool:
    found = re.fullmatch(r".+_before_([0-9a-f]{8})", database)
    return found is not None and database == previous_name(live, found[1])
