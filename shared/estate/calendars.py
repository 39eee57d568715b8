"""When an environment may be changed: weekly windows in its own time, and days without one."""

from datetime import date, time, timedelta
from enum import IntEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shared.estate.entry import Duration, EstateModel, Name


class Weekday(IntEnum):
    """As ``date.weekday`` counts them."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


def _weekday(value: object) -> object:
    names = {day.name.lower(): day for day in Weekday}
    if value not in names:
        raise ValueError(f"a day is one of {', '.join(names)}")
    return names[str(value)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("there is no such time zone: write one like Europe/Berlin") from None
    return name


def _clock_time(value: object) -> object:
    """YAML 1.1 reads an unquoted 22:00 as the number 1320."""
    if not isinstance(value, str | time):
        raise ValueError('a time is written in quotes: "22:00"')
    return value


def _naive(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a time has no zone of its own: the calendar states time_zone")
    return value


TimeZone = Annotated[str, AfterValidator(_zone)]
"""A time zone by its IANA name, such as ``Europe/Berlin``."""

ClockTime = Annotated[time, BeforeValidator(_clock_time), AfterValidator(_naive)]
"""A time of day on the calendar's own clocks."""


class Window(EstateModel):
    """A time of the week in which the environment may be changed."""

    days: tuple[Annotated[Weekday, BeforeValidator(_weekday)], ...] = Field(min_length=1)
    """The days on which it opens: ``[tuesday, thursday]``."""
    opens: ClockTime
    """When it opens, on the calendar's clocks."""
    closes: ClockTime
    """When it closes; not later than it opens means on the day after."""


class Freeze(EstateModel):
    """Days on which nothing is changed: a stock count, a season, a holiday."""

    first: date
    """The first day."""
    last: date
    """The last day, which belongs to it."""
    why: str = Field(min_length=1)
    """What people are told who wait."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"it ends on {self.last}, before it begins: exchange first and last")
        return self


class MonthEnd(EstateModel):
    """The days around the end of a month on which the books are closed."""

    days_before: int = Field(default=2, ge=0, le=14)
    """How many of a month's last days."""
    days_after: int = Field(default=3, ge=0, le=14)
    """How many of the next month's first days."""


class CutOff(EstateModel):
    """A time of the week by which work has to be done, such as the last parcel of the day."""

    days: tuple[Annotated[Weekday, BeforeValidator(_weekday)], ...] = Field(min_length=1)
    """The days that have it."""
    at: ClockTime
    """When, on the calendar's clocks."""
    busy: Duration = Field(default=timedelta(hours=2), gt=timedelta(0), le=timedelta(days=1))
    """How long before it an outage hurts most."""
    why: str = Field(min_length=1)
    """What people are told who plan an outage: ``the carrier fetches the last parcels``."""


class Calendar(EstateModel):
    """When environments may be changed."""

    name: Name
    """The calendar's name; environments refer to it."""
    time_zone: TimeZone
    """Whose clocks, and whose days."""
    windows: tuple[Window, ...] = Field(min_length=1)
    """When; at all other times nothing is changed."""
    month_end: MonthEnd | None = None
    """Days that no window opens, every month."""
    freezes: tuple[Freeze, ...] = ()
    """Days that no window opens, once."""
    cut_offs: tuple[CutOff, ...] = ()
    """Before which a failover is untimely. Windows are placed so that releases avoid them."""
