"""The facts of environments that sleep and wake."""

from datetime import datetime
from typing import ClassVar

from shared.messages import Event, Message


class HoursChanged(Event):
    """What an environment is to be, asleep or awake, has changed: by the clock or by a person.

    It says no more than that: what holds when its run begins, the schedule and the ledger know.
    """

    type: ClassVar[str] = "hours-changed"
    of_the_estate: ClassVar[bool] = False

    reason: str | None = None
    """Why, for people."""


class HoursKept(Message):
    """The environment is what it is to be."""

    asleep: bool | None
    """None: nobody has it any more, so it was left as it was."""
    until: datetime | None
    """When that is to end; None: not by the clock."""
    because: str
