"""When environments are awake, refreshed or rehearsed without anybody asking."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from shared.estate.entry import Duration, EstateModel, Name
from shared.estate.environments import EnvironmentClass


class RefreshSchedule(EstateModel):
    """A refresh from the newest backup that is there at the time; other backups then start none."""

    at: Name
    """The calendar at whose openings it is due; only when one begins."""
    every: Duration = Field(default=timedelta(0), ge=timedelta(0))
    """Openings that follow the last refresh by less than this, on the calendar's clocks, are passed
    over: ``14 days`` with a weekly calendar is every other week."""


class Schedule(EstateModel):
    """What environments do by the clock. One that is named follows no schedule of its class."""

    name: Name
    """The schedule's name."""
    classes: tuple[EnvironmentClass, ...] = ()
    """The classes whose environments follow it."""
    environments: tuple[Name, ...] = ()
    """Environments that follow it, whatever their class."""
    awake: Name | None = None
    """The calendar that says when they are awake; at all other times their workloads rest. Without
    one they never sleep."""
    refresh: RefreshSchedule | None = None
    """When they are refreshed; without it each backup of their source does."""
    drill: Name | None = None
    """The calendar at whose openings the failover of production is rehearsed: at the last one
    before a drill is due. Without one people are only reminded."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.calendars:
            raise ValueError("it says nothing: state awake, refresh or drill")
        return self

    @property
    def calendars(self) -> tuple[str, ...]:
        """The calendars that it refers to."""
        refreshed_at = self.refresh.at if self.refresh else None
        return tuple(filter(None, (self.awake, refreshed_at, self.drill)))
