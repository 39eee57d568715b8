"""What a primary and its streaming standby say about themselves, and how far they are apart.

Positions in the write-ahead log are plain integers of bytes; ``lsn_text`` writes them as PostgreSQL
does. Everything that is asked here is open to a member of ``pg_monitor``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from shared.errors import PermanentError
from shared.postgres.asking import Database, one

_PRIMARY: LiteralString = """
select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as lsn,
    ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int as timeline,
    (select system_identifier::text from pg_control_system()) as system_identifier,
    current_setting('default_transaction_read_only') = 'off' as writable,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_xid,
    clock_timestamp() as measured_at
where not pg_is_in_recovery()
"""

_STANDBY: LiteralString = """
select pg_wal_lsn_diff(
        greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')::bigint
        as received_lsn,
    pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint as replayed_lsn,
    coalesce(
        (select received_tli from pg_stat_wal_receiver),
        (select timeline_id from pg_control_checkpoint())) as timeline,
    exists (select from pg_stat_wal_receiver where status = 'streaming') as streaming,
    pg_is_wal_replay_paused() as paused,
    pg_last_xact_replay_timestamp() as last_commit_at,
    (select system_identifier::text from pg_control_system()) as system_identifier,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_xid,
    least(
        pg_snapshot_xmax(pg_current_snapshot())::text::bigint
            - pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
        current_setting('max_connections')::bigint
            + current_setting('max_prepared_transactions')::bigint) as unsettled,
    clock_timestamp() as measured_at
where pg_is_in_recovery()
"""


class NotAPrimary(PermanentError):
    """The server is in recovery: it follows another one, and was asked as if it led."""


class NotAStandby(PermanentError):
    """The server is not in recovery: it leads, and was asked as if it followed."""


class NotAPair(PermanentError):
    """The two servers do not come from the same initdb: one can never take the other's place."""


@dataclass(frozen=True)
class PrimaryView:
    """A primary's word on itself."""

    lsn: int
    timeline: int
    system_identifier: str
    writable: bool
    """Whether transactions are read-write unless they say otherwise."""
    next_xid: int
    """One past the last transaction that wrote and ended."""
    measured_at: datetime
    """By the primary's clock."""


@dataclass(frozen=True)
class StandbyView:
    """A standby's word on itself."""

    received_lsn: int
    """Safe on the standby's disk; a promotion replays all of it."""
    replayed_lsn: int
    timeline: int
    streaming: bool
    """Whether it believes to be connected to a primary; the loss of one it may notice late."""
    paused: bool
    last_commit_at: datetime | None
    """When the last replayed transaction was committed, by the primary's clock."""
    system_identifier: str
    next_xid: int
    """As of what was replayed."""
    unsettled: int
    """Transactions that it saw begin and not end: at most this many, and never more than there can
    be sessions, because a standby allows no fewer of them than its primary."""
    measured_at: datetime
    """By the standby's clock."""


@dataclass(frozen=True)
class Lag:
    """What would be lost if the standby took over: at most this, as of ``known_at``."""

    bytes: int
    """Written by the primary, not on the standby's disk."""
    seconds: float | None
    """Since the standby has been complete for certain; None when no such moment is known."""
    transactions: int
    """Ended on the primary and not replayed, aborted ones and received ones included."""
    idle: bool
    """Nothing is missing that a transaction wrote."""
    replay_bytes: int
    """Received and still to replay: no loss, but it delays the promotion."""
    known_at: datetime
    """When the primary said how far it is; what it did since then is unknown."""


def primary_view(connection: Database) -> PrimaryView:
    """Ask a primary; raises NotAPrimary."""
    found = one(connection, PrimaryView, _PRIMARY)
    if found is None:
        raise NotAPrimary(f"{_where(connection)} is in recovery: it is a standby, not the primary")
    return found


def standby_view(connection: Database) -> StandbyView:
    """Ask a standby; raises NotAStandby."""
    found = one(connection, StandbyView, _STANDBY)
    if found is None:
        raise NotAStandby(f"{_where(connection)} is a primary: it was promoted, or never followed")
    return found


def lag(primary: PrimaryView, standby: StandbyView, *, earlier: Iterable[PrimaryView] = ()) -> Lag:
    """How far the standby is behind the primary's last known word.

    ``earlier`` words of the same primary make ``seconds`` sharper: without them it is counted from
    the last replayed commit, which on a primary that seldom writes is long ago.

    Raises NotAPair.
    """
    if primary.system_identifier != standby.system_identifier:
        raise NotAPair(
            f"primary {primary.system_identifier} and standby {standby.system_identifier} are not "
            "copies of one server: the standby must be made anew from this primary"
        )
    missing = max(0, primary.lsn - standby.received_lsn)
    transactions = max(0, primary.next_xid - standby.next_xid) + standby.unsettled
    idle = missing == 0 or transactions == 0
    return Lag(
        bytes=missing,
        seconds=0.0 if idle else _seconds_behind(primary, standby, earlier),
        transactions=transactions if missing else 0,
        idle=idle,
        replay_bytes=max(0, standby.received_lsn - standby.replayed_lsn),
        known_at=primary.measured_at,
    )


def lsn_text(lsn: int) -> str:
    """A position as PostgreSQL writes it.

    >>> lsn_text(0x1_6B37_4D58)
    '1/6B374D58'
    """
    return f"{lsn >> 32:X}/{lsn & 0xFFFF_FFFF:X}"


def _seconds_behind(
    primary: PrimaryView, standby: StandbyView, earlier: Iterable[PrimaryView]
) -> float | None:
    """Since when the standby has been complete: each known moment is a bound, the latest counts."""
    complete = [word.measured_at for word in earlier if word.lsn <= standby.received_lsn]
    if standby.last_commit_at is not None:
        complete.append(standby.last_commit_at)
    if not complete:
        return None
    return max(0.0, (primary.measured_at - max(complete)).total_seconds())


def _where(connection: Database) -> str:
    return f"{connection.info.host}:{connection.info.port}"
