"""The fence: nobody writes into a database any more, whatever still runs and whoever comes back.

Rights, sessions and the placement marker; all of it is data of the server, so it survives a crash
and travels to the standby, which is why a promoted database must be admitted (``admit``) before
anybody can use it. The roles keep their login: other databases of the server may be theirs too.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from shared.errors import PermanentError, TemporaryError
from shared.postgres.asking import Database, run, value
from shared.postgres.placement import Placement, changing_placement, read_placement, write_placement
from shared.postgres.reach import Silence, Unreachable, reach
from shared.postgres.replication import primary_view

PATIENCE = timedelta(seconds=5)
"""How long a fence may take; most of it is for sessions to end."""

_SECONDS_FOR_SESSIONS = 3.0

_REFUSALS = (
    "permission denied for database",
    "is not permitted to log in",
    "is not currently accepting connections",
)

_GRANTEES: LiteralString = """
select coalesce(rolname, 'public') from pg_database
cross join aclexplode(coalesce(datacl, acldefault('d', datdba))) as item
left join pg_roles on pg_roles.oid = item.grantee
where datname = %s and privilege_type = 'CONNECT'
    and rolname is distinct from current_user
    and (item.grantee = 0 or rolname is not null)
order by 1
"""

_SESSIONS: LiteralString = """
select pid from pg_stat_activity left join pg_roles on pg_roles.oid = usesysid
where datname = %s and pid <> pg_backend_pid()
    and backend_type is distinct from 'autovacuum worker'
    and (not coalesce(rolsuper, false)
        or (select rolsuper from pg_roles where rolname = current_user))
"""


How = Literal["connection-refused", "write-refused", "write-accepted", "no-answer", "inconclusive"]
"""What became of an attempt to write."""


class FenceUnreachable(TemporaryError):
    """The old primary does not answer: it is not fenced, and may come back writable."""

    def __init__(self, unreachable: Unreachable) -> None:
        super().__init__(f"cannot be fenced: {unreachable}; keep a standing order to fence it")
        self.silence = unreachable.silence


class SessionsRemain(TemporaryError):
    """The fence stands, but sessions from before it are still there and may write."""


class WrongSide(PermanentError):
    """The database says that it is the other side of the pair: an address leads astray."""


@dataclass(frozen=True)
class Fenced:
    """A fence that stands, and the last position that anything was written to behind it."""

    placement: Placement
    lsn: int
    """All that was ever committed lies before this: a standby that has it loses nothing."""
    timeline: int
    system_identifier: str
    sessions_ended: int


@dataclass(frozen=True)
class FenceProof:
    """What somebody found who tried to write from outside."""

    how: How
    said: str
    at: datetime

    @property
    def proven(self) -> bool:
        """Whether the server itself refused; silence proves nothing."""
        return self.how in ("connection-refused", "write-refused")


def fence(dsn: str, database: str, *, side: str, epoch: int, run_id: str) -> Fenced:
    """Shut a primary's database to all but the administrator, end its sessions, mark it as fenced.

    ``dsn`` is the administrator's; ``side`` is the environment that the database serves. A
    repetition renews it all and returns the position anew.

    Raises FenceUnreachable, NotAPrimary, WrongSide, StaleEpoch, SessionsRemain.
    """
    try:
        with reach(administration(dsn), patience=PATIENCE) as connection:
            primary_view(connection)
            with changing_placement(connection, database, epoch=epoch) as found:
                _refuse_other_side(found, database, side)
                placement = _close(connection, database, found, (side, epoch, run_id))
            ended = _end_sessions(connection, database)
            view = primary_view(connection)
    except Unreachable as error:
        raise FenceUnreachable(error) from None
    return Fenced(placement, view.lsn, view.timeline, view.system_identifier, ended)


def unfence(dsn: str, database: str, *, side: str, epoch: int, run_id: str) -> bool:
    """Take back the fence of this side and epoch; does nothing, and says so, when it is not there.

    Only while nothing was promoted: the caller knows, this database cannot.

    Raises FenceUnreachable, StaleEpoch.
    """
    try:
        with (
            reach(administration(dsn), patience=PATIENCE) as connection,
            changing_placement(connection, database, epoch=epoch) as found,
        ):
            ours = found is not None and (found.state, found.side) == ("fenced", side)
            if found is not None and ours:
                _open(connection, database, found, (side, epoch, run_id))
            return ours
    except Unreachable as error:
        raise FenceUnreachable(error) from None


def admit(dsn: str, database: str, *, side: str, epoch: int, run_id: str) -> Placement:
    """Open a promoted database for its users and mark it as the active side of this epoch.

    Gives back what the fence took that it had replicated. Safe to repeat.

    Raises Unreachable, NotAPrimary, StaleEpoch, and WrongSide when the other side is active in this
    same epoch.
    """
    with reach(administration(dsn), patience=PATIENCE) as connection:
        primary_view(connection)
        with changing_placement(connection, database, epoch=epoch) as found:
            if found is not None and found.state == "active" and found.epoch == epoch:
                _refuse_other_side(found, database, side)
                return found
            return _open(connection, database, found, (side, epoch, run_id))


def placement(dsn: str, database: str) -> Placement | None:
    """What a database says about itself, standbys included; raises Unreachable."""
    with reach(administration(dsn)) as connection:
        return read_placement(connection, database)


def prove_fenced(dsn: str) -> FenceProof:
    """Try to write with this connection string, which should be the application's own.

    The attempt insists on a read-write transaction and would be rolled back. A wrong password, a
    missing right and silence are no proof.
    """
    try:
        with reach(dsn) as connection, connection.transaction(force_rollback=True):
            connection.execute("set transaction read write")
            connection.execute("create table signalbox_fence_proof ()")
    except Unreachable as error:
        return _proof_from(error)
    except (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.FeatureNotSupported) as error:
        return _proof("write-refused", str(error))
    except psycopg.Error as error:
        return _proof("inconclusive", str(error))
    return _proof("write-accepted", "a table could be created; the attempt was rolled back")


def administration(dsn: str) -> str:
    """The same server's database from which databases are administered."""
    return make_conninfo(dsn, dbname="postgres")


def _proof_from(unreachable: Unreachable) -> FenceProof:
    if unreachable.silence is not Silence.REJECTED:
        return _proof("no-answer", unreachable.said)
    refused = any(text in unreachable.said for text in _REFUSALS)
    return _proof("connection-refused" if refused else "inconclusive", unreachable.said)


def _proof(how: How, said: str) -> FenceProof:
    return FenceProof(how, said.partition("\n")[0], datetime.now(UTC))


def _refuse_other_side(found: Placement | None, database: str, side: str) -> None:
    if found is not None and found.state == "active" and found.side != side:
        raise WrongSide(
            f"database {database} says that it is {found.side} since epoch {found.epoch}, not "
            f"{side}: check where the estate's server URL and its DNS name lead"
        )


def _close(
    connection: Database, database: str, found: Placement | None, order: tuple[str, int, str]
) -> Placement:
    grantees = [name for (name,) in connection.execute(_GRANTEES, (database,))]
    known = found.connect if found is not None and found.state == "fenced" else ()
    side, epoch, run_id = order
    fenced = Placement.now(
        side, "fenced", epoch=epoch, run_id=run_id, connect=tuple(sorted({*known, *grantees}))
    )
    # The administrator stays: he may have come in as everybody.
    _execute(connection, "grant connect on database {} to current_user", database)
    for name in grantees:
        _execute(connection, "revoke connect on database {} from {}", database, name)
    _execute(connection, "alter database {} set default_transaction_read_only = on", database)
    write_placement(connection, database, fenced)
    return fenced


def _open(
    connection: Database, database: str, found: Placement | None, order: tuple[str, int, str]
) -> Placement:
    side, epoch, run_id = order
    active = Placement.now(side, "active", epoch=epoch, run_id=run_id)
    for name in _still_there(connection, found.connect if found else ()):
        _execute(connection, "grant connect on database {} to {}", database, name)
    _execute(connection, "alter database {} reset default_transaction_read_only", database)
    write_placement(connection, database, active)
    return active


def _still_there(connection: Database, names: tuple[str, ...]) -> list[str]:
    query = """
        select name from unnest(%s::text[]) as name
        where name = 'public' or exists (select from pg_roles where rolname = name)
    """
    return [name for (name,) in connection.execute(query, (list(names),))]


def _execute(connection: Database, statement: LiteralString, *names: str) -> None:
    run(connection, statement, *(sql.SQL("public") if name == "public" else name for name in names))


def _end_sessions(connection: Database, database: str) -> int:
    """End the sessions of a database and see them gone; returns how many there were."""
    query = f"select count(pg_terminate_backend(pid)) from ({_SESSIONS}) as found"
    ended = value(connection, query, database)
    deadline = time.monotonic() + _SECONDS_FOR_SESSIONS
    while remaining := connection.execute(_SESSIONS, (database,)).fetchall():
        if time.monotonic() > deadline:
            raise SessionsRemain(
                f"database {database} is fenced, but {len(remaining)} sessions from before do not "
                f"end, the first one with pid {remaining[0][0]}: end its process on the server"
            )
        time.sleep(0.005)
    return int(ended)
