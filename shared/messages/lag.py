"""The facts of the lag agent: how far a standby is behind, and what was done about it."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from shared.messages import Event, Message


class LagThresholdBreached(Event):
    """The standby of an environment is too far behind, and has been for a while."""

    type: ClassVar[str] = "lag-threshold-breached"

    seconds: float | None = Field(default=None, ge=0)
    """How far, as whoever published it has measured; it is measured again."""


class LagRecovered(Event):
    """The standby of an environment has caught up."""

    type: ClassVar[str] = "lag-recovered"

    seconds: float | None = Field(default=None, ge=0)
    """How far it is still behind."""


class LagMeasured(Message):
    """How far the standby is behind, as its two servers say."""

    primary: str
    """The side that leads, by its environment's name."""
    standby: str
    seconds: float
    """What would be lost, in time; 0 when nothing is missing."""
    bytes: int
    transactions: int
    replay_seconds: float
    """What is received and not replayed: no loss, but a promotion waits for it."""
    too_far: bool
    """Whether it is behind the threshold, now that it is measured again."""
    measured_at: datetime


class LoadEased(LagMeasured):
    """The primary has less to do, as far as the estate allows."""

    eased: tuple[str, ...]
    """What has less to do, or stands still."""
    not_eased: tuple[str, ...] = ()
    """What the estate names, and why it is as it was."""


class LagWatched(LoadEased):
    """The standby has caught up, or everybody's patience is over."""

    recovered: bool
    seconds_after: float
    """How far it was behind when it was last looked at, of loss or of replay."""
    watched_seconds: float
    gains_per_second: float | None
    """By how many seconds it falls back in each second; negative when it catches up."""
    reaches_rpo_at: datetime | None
    """When it would be further behind than may be lost, if it goes on like this."""


class LagReported(LagWatched):
    """The load is restored, or people know what to expect."""

    promotable: bool
    """Whether a failover may go on without consent to what would be lost."""


class CatchUpConfirmed(Message):
    """What was eased is restored if the standby has caught up indeed."""

    standby: str
    recovered: bool
    seconds: float
    restored: tuple[str, ...]
