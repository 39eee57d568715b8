"""Promotion: a standby becomes a primary, once, and says where its history leaves the old one's.

A ``Promoter`` is one way to do it: plain PostgreSQL here, the operators and clouds that own their
servers in modules of their own. None of them fences, and none admits users: see ``fencing``.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString, Protocol

from psycopg.errors import ObjectNotInPrerequisiteState

from shared.errors import PermanentError, TemporaryError
from shared.postgres.asking import Database, one, value
from shared.postgres.fencing import administration
from shared.postgres.placement import read_placement, refuse_stale
from shared.postgres.reach import reach
from shared.postgres.replication import NotAPair, StandbyView, lsn_text, standby_view

PATIENCE = timedelta(seconds=5)
"""How long one call to promote plain PostgreSQL may take."""

_LOCK = 0x5167_6E61_6C50_726F
"""The advisory lock on the standby that one promotion holds; it works in recovery too."""

_SECONDS_FOR_THE_REST = 1.0
_SECONDS_TO_BECOME_PRIMARY = 3.0
_SECONDS_BETWEEN_LOOKS = 0.002
_SECONDS_BETWEEN_REMINDERS = 0.2

_PROMOTED: LiteralString = """
select ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int as timeline,
    pg_wal_lsn_diff(
        coalesce(pg_last_wal_replay_lsn(), pg_current_wal_lsn()), '0/0')::bigint as lsn,
    (select system_identifier::text from pg_control_system()) as system_identifier
where not pg_is_in_recovery()
"""


class PromotionInProgress(TemporaryError):
    """Somebody else is promoting this standby at this moment."""


class BehindThePlan(TemporaryError):
    """A planned promotion waits until the standby has all that the fenced primary wrote."""


class NotPromotable(PermanentError):
    """This server cannot be promoted; the message says why."""


@dataclass(frozen=True)
class PromotionOrder:
    """Whose promotion this is, and what it must not lose."""

    database: str
    """Carries the placement marker: a newer epoch on it forbids this promotion."""
    epoch: int
    run_id: str
    until_lsn: int | None = None
    """Planned: only with everything up to here, the fenced primary's last position. None: as the
    standby is, because the loss was accepted or the primary is gone."""
    system_identifier: str | None = None
    """Of the primary, when it is known: nothing else's standby is promoted."""


@dataclass(frozen=True)
class Promotable:
    """Whether a promotion would begin now."""

    ready: bool
    why: str
    """Why not; or what makes it slow or lossy."""
    standby: StandbyView | None = None


@dataclass(frozen=True)
class Promotion:
    """A standby that is a primary now."""

    timeline: int
    lsn: int
    """Where its own history begins: nothing that the old primary wrote after this is in it."""
    system_identifier: str


@dataclass(frozen=True)
class PromotionPending:
    """Work goes on elsewhere: look again after a while."""

    why: str


class Promoter(Protocol):
    """One way to promote one standby."""

    def promotable(self) -> Promotable:
        """Whether it could begin now; changes nothing. Raises Unreachable."""

    def promote(self, order: PromotionOrder) -> Promotion | PromotionPending:
        """Begin, or look how far it is. Safe to repeat: a primary is never promoted again.

        Raises StaleEpoch, NotPromotable, BehindThePlan, PromotionInProgress, Unreachable.
        """

    def promoted(self) -> Promotion | None:
        """The facts once it is a primary; None before. Raises Unreachable."""


class PlainPostgres:
    """``pg_promote`` on a server that we may administer.

    The new primary answers some 30 ms later.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = administration(dsn)

    def promotable(self) -> Promotable:
        """Any standby can be promoted, however far behind: the loss is the caller's business."""
        with reach(self._dsn) as connection:
            if promoted := _facts(connection):
                return Promotable(False, f"it is a primary on timeline {promoted.timeline} already")
            return Promotable(True, _slow(connection), standby_view(connection))

    def promote(self, order: PromotionOrder) -> Promotion | PromotionPending:
        """Ask the server, and look closely until it is a primary, for at most ``PATIENCE``."""
        with reach(self._dsn, patience=PATIENCE) as connection, _alone(connection):
            _refuse_stale(connection, order)
            if promoted := _facts(connection):
                return promoted
            _refuse_stranger(connection, order)
            _await_plan(connection, order)
            _order(connection)
            return _await(connection)

    def promoted(self) -> Promotion | None:
        """Ask the server itself."""
        with reach(self._dsn) as connection:
            return _facts(connection)

    def standing(self, order: PromotionOrder) -> Promotion | None:
        """The facts once it is a primary, for who promotes by other means. Raises StaleEpoch."""
        with reach(self._dsn) as connection:
            _refuse_stale(connection, order)
            return _facts(connection)

    def refuse_stranger(self, order: PromotionOrder) -> None:
        """Raise NotAPair when the standby is of another server than the order says."""
        with reach(self._dsn) as connection:
            _refuse_stranger(connection, order)


def _refuse_stale(connection: Database, order: PromotionOrder) -> None:
    refuse_stale(read_placement(connection, order.database), order.database, order.epoch)


@contextmanager
def _alone(connection: Database) -> Iterator[None]:
    """Hold the promotion's lock while the connection lasts."""
    if not value(connection, "select pg_try_advisory_lock(%s)", _LOCK):
        raise PromotionInProgress(
            f"{connection.info.host}:{connection.info.port} is being promoted by another session",
            delay=timedelta(seconds=1),
        )
    yield


def _refuse_stranger(connection: Database, order: PromotionOrder) -> None:
    found, expected = standby_view(connection).system_identifier, order.system_identifier
    if expected not in (None, found):
        raise NotAPair(
            f"the standby is a copy of server {found}, not of {expected}: "
            "check where the estate's server URL leads"
        )


def _await_plan(connection: Database, order: PromotionOrder) -> None:
    """Wait for what a planned promotion must not lose; it is usually there already."""
    deadline = time.monotonic() + _SECONDS_FOR_THE_REST
    while (received := standby_view(connection).received_lsn) < (order.until_lsn or 0):
        if time.monotonic() > deadline:
            raise BehindThePlan(
                f"the standby has received {lsn_text(received)} of "
                f"{lsn_text(order.until_lsn or 0)}: a planned promotion waits for the rest",
                delay=timedelta(seconds=1),
            )
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _await(connection: Database) -> Promotion | PromotionPending:
    """Look until it is a primary, and remind it.

    In the instant in which the primary is lost, the server may go to sleep for
    ``wal_retrieve_retry_interval`` with the order unseen; another one wakes it.
    """
    begun = reminded = time.monotonic()
    while (now := time.monotonic()) < begun + _SECONDS_TO_BECOME_PRIMARY:
        if promoted := _facts(connection):
            return promoted
        if now > reminded + _SECONDS_BETWEEN_REMINDERS:
            reminded = now
            _order(connection)
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return PromotionPending("the server was asked to promote and still replays its log")


def _order(connection: Database) -> None:
    # It may have become a primary since we looked.
    with suppress(ObjectNotInPrerequisiteState):
        connection.execute("select pg_promote(wait => false)")


def _facts(connection: Database) -> Promotion | None:
    return one(connection, Promotion, _PROMOTED)


def _slow(connection: Database) -> str:
    query = """
        select name || ' is ' || current_setting(name) from pg_settings
        where name = 'wal_retrieve_retry_interval' and setting::int > 500
        union all select 'replay is paused' where pg_is_wal_replay_paused()
    """
    return "; ".join(text for (text,) in connection.execute(query))
