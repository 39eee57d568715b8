"""Clones inside one server: certified copies that are kept, and what is cloned from them."""

from dataclasses import dataclass, replace
from typing import LiteralString

from psycopg import errors, sql

from shared.errors import PermanentError, TemporaryError
from shared.postgres.asking import run, scram, value, write_comment
from shared.postgres.databases import Databases
from shared.postgres.marker import CloneMarker, Database, write_marker

SMALL = 256 * 1024 * 1024
"""Bytes up to which the write-ahead log is quicker than files, which cost two checkpoints."""

_CERTIFIED = "_certified_"

_KEPT: LiteralString = """
select datname from pg_database
where starts_with(datname, %s) and datname ~ '_certified_[0-9a-f]{8}$'
"""

_OWNED: LiteralString = """
select kind.type, kind.identity
from pg_shdepend d
join pg_database b on b.oid = d.dbid and b.datname = current_database(),
lateral pg_identify_object(d.classid, d.objid, d.objsubid) kind
where d.refclassid = 'pg_authid'::regclass and d.refobjid = (select oid from pg_roles
      where rolname = %s) and d.deptype = 'o'
"""

_GIVEN: dict[str, LiteralString] = {
    "table": "alter table {} owner to {}",
    "view": "alter view {} owner to {}",
    "materialized view": "alter materialized view {} owner to {}",
    "sequence": "alter sequence {} owner to {}",
    "function": "alter function {} owner to {}",
    "procedure": "alter procedure {} owner to {}",
    "aggregate": "alter aggregate {} owner to {}",
    "type": "alter type {} owner to {}",
    "schema": "alter schema {} owner to {}",
}


class NameInUse(PermanentError):
    """Something of this name is on the server that is not this run's."""


@dataclass(frozen=True)
class CertifiedCopy:
    """A copy of what a refresh has proven, which nobody has used since."""

    database: str
    marker: CloneMarker
    """That of the refresh."""


def certified_name(live: str, run: str) -> str:
    """The name of the certified copy that a run keeps.

    >>> certified_name("acme_staging", "0a1b2c3d")
    'acme_staging_certified_0a1b2c3d'
    """
    return f"{_beginning(live)}{run}"


def certified_copies(databases: Databases, server: str, live: str) -> list[CertifiedCopy]:
    """The certified copies of a database, newest first."""
    with databases.administer(server) as connection:
        names = [name for (name,) in connection.execute(_KEPT, (_beginning(live),))]
    found = ((name, databases.marker(server, name)) for name in names)
    copies = [CertifiedCopy(name, marker) for name, marker in found if marker is not None]
    return sorted(copies, key=lambda each: each.marker.epoch, reverse=True)


def drop_superseded_copies(databases: Databases, server: str, live: str) -> list[str]:
    """Drop the certified copies that are older than what is live; returns their names.

    One that somebody clones at this moment goes afterwards: PostgreSQL itself waits.
    """
    published = databases.marker(server, live)
    epoch = published.epoch if published else 0
    old = [e for e in certified_copies(databases, server, live) if e.marker.epoch < epoch]
    for copy in old:
        databases.drop(server, copy.database)
    return [copy.database for copy in old]


def clone_inside(
    databases: Databases, server: str, source: str, clone: str, marker: CloneMarker
) -> None:
    """Clone a database that nobody is connected to; only the administrator can reach the clone.

    Its marker says whose it is: in the clone's comment from the first moment, then in the clone.
    Safe to repeat: a clone that bears the marker is there; one without any died as it was made.

    Raises NameInUse for a clone of somebody else, TemporaryError while the source is used or gone.
    """
    databases.refuse_production(server)
    with databases.administer(server) as connection:
        drop_half_made(databases, server, clone)
        if not databases.exists(server, clone):
            _create(connection, source, clone)
        elif not is_clone_of(databases, server, clone, marker.run_id):
            raise NameInUse(f"server {server} has another database {clone}: drop or rename it")
        write_comment(connection, clone, marker.as_comment())
        run(connection, "revoke all on database {} from public", clone)
        run(connection, "alter database {} allow_connections true", clone)
    with databases.connect(server, clone) as connection, connection.transaction():
        connection.execute("delete from signalbox.clone")
        write_marker(connection, marker)


def is_clone_of(databases: Databases, server: str, clone: str, run_id: str) -> bool:
    """Whether a run has made this database; False when there is none."""
    marker = databases.marker(server, clone)
    return marker is not None and marker.run_id == run_id


def drop_half_made(databases: Databases, server: str, clone: str) -> None:
    """Drop what is left of a clone that died as it was made, and nothing else."""
    with databases.administer(server) as connection:
        if _died_as_it_was_made(connection, clone):
            databases.drop(server, clone)


def marker_of(source: CloneMarker, *, run_id: str, epoch: int) -> CloneMarker:
    """The marker of a run's clone: it comes from where its source does."""
    return replace(source, run_id=run_id, epoch=epoch)


def make_role(databases: Databases, server: str, role: str, owner: str) -> None:
    """A role that cannot log in yet; its comment says whose it is. Raises NameInUse."""
    with databases.administer(server) as connection, connection.transaction():
        if _role_comment(connection, role) is None:
            run(connection, "create role {} nologin", role)
            run(connection, "comment on role {} is {}", role, sql.Literal(owner))
            run(connection, "grant {} to current_user", role)
        elif _role_comment(connection, role) != owner:
            raise NameInUse(f"server {server} has another role {role}: drop it, or rename")


def drop_role(databases: Databases, server: str, role: str, owner: str) -> None:
    """Drop a role that ``make_role`` made; nothing happens when it is not there."""
    with databases.administer(server) as connection:
        if _role_comment(connection, role) == owner:
            run(connection, "drop role {}", role)


def has_role(databases: Databases, server: str, role: str) -> bool:
    """Whether the server has a role of this name, whoever made it."""
    with databases.administer(server) as connection:
        return _role_comment(connection, role) is not None


def set_password(databases: Databases, server: str, role: str, password: str) -> None:
    """Only its SCRAM verifier is sent, so that no log of the server can hold the password."""
    with databases.administer(server) as connection:
        run(connection, "alter role {} password {}", role, scram(connection, role, password))


def let_in(databases: Databases, server: str, database: str, role: str) -> None:
    """Open a database to the one role that owns it from now on."""
    with databases.administer(server) as connection, connection.transaction():
        run(connection, "alter role {} login", role)
        run(connection, "alter database {} owner to {}", database, role)


def give_objects(connection: Database, giver: str, receiver: str) -> int:
    """Make ``receiver`` the owner of all that ``giver`` owns in the connected database.

    Not ``reassign owned``: that would take from it the databases of the server as well.
    Safe to repeat: what is given already is not its any more.
    """
    with connection.transaction():
        owned = connection.execute(_OWNED, (giver,)).fetchall()
        # Sequences of columns go with their tables, so tables come first.
        for kind, identity in sorted(owned, key=lambda each: each[0] != "table"):
            if kind in _GIVEN and (kind != "sequence" or _owns(connection, giver, identity)):
                run(connection, _GIVEN[kind], sql.SQL(identity), receiver)
    return len(owned)


def _owns(connection: Database, role: str, sequence: str) -> bool:
    query = "select pg_get_userbyid(relowner) = %s from pg_class where oid = %s::regclass"
    return bool(value(connection, query, role, sequence))


def _beginning(live: str) -> str:
    return f"{live[: 63 - len(_CERTIFIED) - 8]}{_CERTIFIED}"


def _died_as_it_was_made(connection: Database, clone: str) -> bool:
    """PostgreSQL made it, and nobody came to say whose it is; a database of people is open."""
    query = """
        select from pg_database
        where datname = %s and not datallowconn and shobj_description(oid, 'pg_database') is null
    """
    return connection.execute(query, (clone,)).fetchone() is not None


def _create(connection: Database, source: str, clone: str) -> None:
    try:
        large = value(connection, "select pg_database_size(%s) > %s", source, SMALL)
        strategy = "file_copy" if large else "wal_log"
        run(
            connection,
            "create database {} template {} strategy {} allow_connections false",
            clone,
            source,
            sql.SQL(strategy),
        )
    except errors.ObjectInUse:
        raise TemporaryError(f"somebody is connected to {source}, which is to be cloned") from None
    except errors.InvalidCatalogName:
        raise TemporaryError(f"{source} has just been replaced by a newer copy") from None


def _role_comment(connection: Database, role: str) -> str | None:
    """None when there is no such role."""
    query = """
        select coalesce(shobj_description(oid, 'pg_authid'), '') from pg_roles where rolname = %s
    """
    found: str | None = value(connection, query, role)
    return found
