"""What the calendar has against an outage of production now."""

from collections.abc import Iterator
from datetime import datetime

from shared.calendars import conflicts
from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.messages.failover import RegionDegraded


class SwitchoverUntimely(PermanentError):
    """A switchover can wait, and the calendar says that it should."""


def conflicts_of(production: Environment, estate: Estate, at: datetime) -> tuple[str, ...]:
    """What an outage would hurt that begins now and lasts as long as the objective allows."""
    name = production.failover.calendar
    return conflicts(estate.calendar(name), at, at + production.rto) if name else ()


def is_untimely(event: RegionDegraded, found: tuple[str, ...]) -> Iterator[str]:
    """Why a switchover is refused, unless its event says why it is made all the same.

    A disaster does not choose its time: what the calendar has against it is only shown.
    """
    if event.planned and found and not event.despite:
        yield (
            f"{event.environment} is not handed over now: {'; '.join(found)}. Wait, or publish the "
            "event with despite, the reason why it cannot wait"
        )


def refuse_untimely(event: RegionDegraded, found: tuple[str, ...]) -> None:
    """Raises SwitchoverUntimely."""
    for why in is_untimely(event, found):
        raise SwitchoverUntimely(why)
