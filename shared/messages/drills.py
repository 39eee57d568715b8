"""The facts of drills: failovers of a pair made for the purpose."""

from typing import ClassVar

from pydantic import Field

from shared.messages import Event, Message
from shared.messages.failover import FailoverClosed


class DrillRequested(Event):
    """The failover of a production environment is to be rehearsed: by the clock or by a person."""

    type: ClassVar[str] = "drill-requested"

    manifest: str | None = Field(default=None, min_length=1)
    """The manifest of the backup that it is rehearsed with; None: the newest one."""


class DrillHeld(Message):
    """A pair was made from a backup, its primary killed, and failed over."""

    production: str
    """The environment that was rehearsed."""
    side: str
    """The side of its pair beside which that was done."""
    manifest: str
    """The manifest of the backup that the pair was made from."""
    closed: FailoverClosed
    """What the rehearsed failover said at its end."""
    lost_orders: int
    """Orders that customers had been told of and that were gone."""
    claims_hold: bool
    """Whether all that the summary claimed was found to be so, on both servers."""


class DrillPassed(DrillHeld):
    """Every claim held, within the objectives of the environment that was rehearsed."""
