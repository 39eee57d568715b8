"""The databases of the estate's servers: connect, create, drop, and exchange one for another."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.errors import PermanentError, StaleEpoch, TemporaryError
from shared.estate import Estate, Reference
from shared.postgres.asking import comment_of, run, value
from shared.postgres.marker import CloneMarker, Database, require_clone

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}")
_NOTICE = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_RESERVED = {"postgres", "template0", "template1", "azure_maintenance", "azure_sys"}


class ProductionRefused(PermanentError):
    """Something that only a clone may suffer was asked of a production server."""


class UnsafeName(PermanentError):
    """A database name that we do not create, rename or drop."""


class SwapRefused(PermanentError):
    """The databases are not in a state that an exchange of names can start from or has led to."""


class Databases:
    """PostgreSQL administration, one short connection per call; the DSN is resolved each time."""

    def __init__(self, estate: Estate, resolve: Callable[[Reference], str]) -> None:
        self._estate = estate
        self._resolve = resolve

    @contextmanager
    def connect(self, server: str, database: str) -> Iterator[Database]:
        """An autocommit connection as the server's administrator, closed at the end."""
        with psycopg.connect(self.dsn(server, database), autocommit=True) as connection:
            yield connection

    def administer(self, server: str) -> AbstractContextManager[Database]:
        """A connection to where databases are made and renamed."""
        return self.connect(server, "postgres")

    @contextmanager
    def connect_clone(
        self, server: str, database: str, *, run_id: str, epoch: int
    ) -> Iterator[Database]:
        """A connection to a database that this run restored, and to nothing else.

        Every other session there is ended: it can only be of an attempt that hung and was given
        up, whose open transaction would block this one, or go on after it.

        Raises ProductionRefused on a production server, else what ``require_clone`` raises.
        """
        self.refuse_production(server)
        with self.connect(server, database) as connection:
            require_clone(connection, run_id=run_id, epoch=epoch)
            end_sessions(connection, database)
            yield connection

    def dsn(self, server: str, database: str) -> str:
        """The administrator's connection string for one database: a secret.

        A server that is cut off is noticed within a minute; the estate's URL may say otherwise.
        """
        url = self._resolve(self._estate.server(server).url)
        given = conninfo_to_dict(url)
        limits = {name: value for name, value in _NOTICE.items() if name not in given}
        return make_conninfo(url, dbname=database, **limits)

    def refuse_production(self, server: str) -> None:
        """Raise ProductionRefused when the estate lists the server as production."""
        if self._estate.server(server).role == "production":
            raise ProductionRefused(
                f"server {server} is production: nothing is restored, masked or renamed there; "
                "name a non-production server for the target environment in the estate"
            )

    def system_identifier(self, server: str) -> str:
        """The number that initdb gave the server; its standbys share it, nothing else does."""
        with self.administer(server) as connection:
            return str(value(connection, "select system_identifier from pg_control_system()"))

    def version(self, server: str) -> int:
        """PostgreSQL's ``server_version_num``, such as 160004."""
        with self.administer(server) as connection:
            return connection.info.server_version

    def exists(self, server: str, database: str) -> bool:
        """Whether the server has a database of this name."""
        with self.administer(server) as connection:
            return _exists(connection, database)

    def create(self, server: str, database: str) -> None:
        """An empty database for the administrator alone; an existing one keeps its contents."""
        self.refuse_production(server)
        with self.administer(server) as connection:
            if not _exists(connection, database):
                run(connection, "create database {} template template0", _safe(database))
            run(connection, "revoke connect on database {} from public", _safe(database))

    def drop(self, server: str, database: str) -> None:
        """Drop the database and end its sessions; nothing happens when it is not there."""
        self.refuse_production(server)
        with self.administer(server) as connection:
            run(connection, "drop database if exists {} with (force)", _safe(database))

    def allow_connect(self, server: str, database: str, *roles: str) -> None:
        """Open a published database to these roles, or to every role if none is named."""
        grantees = sql.SQL(", ").join(map(sql.Identifier, roles)) if roles else sql.SQL("public")
        with self.administer(server) as connection:
            run(connection, "grant connect on database {} to {}", _safe(database), grantees)

    def marker(self, server: str, database: str) -> CloneMarker | None:
        """The clone marker in the database's comment, read without connecting to the database."""
        with self.administer(server) as connection:
            return _marker(connection, database)

    def swap(self, server: str, *, live: str, incoming: str, previous: str, run_id: str) -> None:
        """Give ``incoming`` the name ``live``; what had that name is kept as ``previous``.

        Both renames are one transaction, so a crash leaves either all or nothing of them, and a
        repetition finds the clone of ``run_id`` under the live name and does nothing. Sessions of
        both databases are ended, and both stay closed to everyone but the administrator until
        ``allow_connect``. Without a live database (the first refresh) there is no previous one.

        Raises SwapRefused when a name is taken or missing, StaleEpoch when a newer clone is live.
        """
        self.refuse_production(server)
        with self.administer(server) as connection:
            if not _swapped(connection, live, incoming, run_id):
                _refuse_swap(connection, live, incoming, previous, run_id)
                _exchange(connection, live, incoming, previous)

    def swap_back(
        self, server: str, *, live: str, incoming: str, previous: str, run_id: str
    ) -> None:
        """Undo ``swap``: both databases get their names back.

        Does nothing when the run's clone is not live.
        """
        self.refuse_production(server)
        with self.administer(server) as connection:
            if _swapped(connection, live, incoming, run_id):
                _exchange(connection, live, previous, incoming)


def _safe(database: str) -> str:
    if not _NAME.fullmatch(database) or database in _RESERVED:
        raise UnsafeName(
            f"database name {database!r}: expected at most 63 letters, digits, '_', '.' and '-', "
            "and none of PostgreSQL's or Azure's own databases"
        )
    return database


def _exists(connection: Database, database: str) -> bool:
    query = "select 1 from pg_database where datname = %s"
    return value(connection, query, _safe(database)) is not None


def _marker(connection: Database, database: str) -> CloneMarker | None:
    return CloneMarker.from_comment(comment_of(connection, _safe(database)))


def _swapped(connection: Database, live: str, incoming: str, run_id: str) -> bool:
    marker = _marker(connection, live)
    return marker is not None and marker.run_id == run_id and not _exists(connection, incoming)


def _refuse_swap(
    connection: Database, live: str, incoming: str, previous: str, run_id: str
) -> None:
    ours, theirs = _marker(connection, incoming), _marker(connection, live)
    if ours is None or ours.run_id != run_id:
        raise SwapRefused(
            f"database {incoming} is not the clone of run {run_id}; restore it before publishing"
        )
    if theirs is not None and theirs.epoch > ours.epoch:
        raise StaleEpoch(
            f"database {live} was published at epoch {theirs.epoch}, after this run's {ours.epoch}"
        )
    if _exists(connection, previous):
        raise SwapRefused(
            f"database {previous} exists already: the checkpoint of an earlier swap; "
            "drop it or choose another name"
        )


def _exchange(connection: Database, live: str, incoming: str, previous: str) -> None:
    wanted = ((live, previous), (incoming, live))
    renames = [(old, new) for old, new in wanted if _exists(connection, old)]
    for name, _ in renames:
        _close(connection, name)
    with connection.transaction():
        for old, new in renames:
            run(connection, "alter database {} rename to {}", _safe(old), _safe(new))
            run(connection, "alter database {} allow_connections true", _safe(new))


def _close(connection: Database, database: str) -> None:
    """Stop new sessions, end the present ones and see them gone."""
    run(connection, "revoke connect on database {} from public", _safe(database))
    run(connection, "alter database {} allow_connections false", _safe(database))
    end_sessions(connection, database)


def end_sessions(connection: Database, database: str) -> None:
    """End the sessions of a database but for this one, and see them gone.

    Autovacuum gives way by itself, and only a superuser may end it.
    """
    query = """
        select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where datname = %s and pid <> pg_backend_pid()
          and backend_type is distinct from 'autovacuum worker'
    """
    if not all(gone for (gone,) in connection.execute(query, (database,))):
        raise TemporaryError(f"sessions of database {database} did not end within 5 s")
