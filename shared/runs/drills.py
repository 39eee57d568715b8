"""When the failover of each production is rehearsed, and who decided otherwise."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.calendars import next_opening, opening_after
from shared.errors import PermanentError
from shared.estate import Calendar, Environment, Estate
from shared.ledger import FailoverHistory, Ledger
from shared.ledger.history import Rehearsed

_LEAST = timedelta(microseconds=1)


class NoDrillScheduled(PermanentError):
    """There is no scheduled drill that could be passed over."""


@dataclass(frozen=True)
class Rehearsal:
    """What is known of one production's drills."""

    environment: str
    passed_at: datetime | None
    """When one passed for the last time."""
    due_at: datetime | None
    """When another one must have passed; None: at once, none ever did."""
    next_at: datetime | None
    """The opening at which one is held by the clock, which may have begun; None: none is."""
    skipped_by: str | None
    """Who passed the opening over at which one would have been held."""


class Drills:
    """What schedules and people say of the drills of all productions that have a standby."""

    def __init__(self, estate: Estate, ledger: Ledger) -> None:
        self._estate = estate
        self._ledger = ledger
        self._history = FailoverHistory(ledger)

    def all(self) -> list[Rehearsal]:
        """Every production that could be failed over, in the order of the estate."""
        known, now = self._history.all_rehearsed(), self._ledger.clock()
        return [
            self._rehearsal(each, known.get(each.name, Rehearsed(each.name)), now)
            for each in self._estate.environments
            if self._estate.standby_for(each.name)
        ]

    def of(self, name: str) -> Rehearsal:
        """Raises NoStandby."""
        production, _ = self._estate.pair(name)
        return self._rehearsal(production, self._history.rehearsed(name), self._ledger.clock())

    def skip(self, name: str, *, by: str) -> datetime:
        """Pass the next drill over; returns when it would have been. Raises NoDrillScheduled."""
        at = self.of(name).next_at
        if at is None:
            raise NoDrillScheduled(f"{name} has no scheduled drill: state one in the estate")
        self._history.skip_drill(name, at, by=by)
        return at

    def _rehearsal(self, production: Environment, known: Rehearsed, now: datetime) -> Rehearsal:
        schedule = self._estate.schedule_of(production.name)
        due = known.passed_at + production.drill_every if known.passed_at else None
        usual = following = None
        if schedule and schedule.drill:
            calendar = self._estate.calendar(schedule.drill)
            usual = next_drill(calendar, due, now)
            following = next_drill(calendar, due, now, known.skipped_at)
        by = known.skipped_by if following != usual else None
        return Rehearsal(production.name, known.passed_at, due, following, by)


def next_drill(
    calendar: Calendar, due_at: datetime | None, now: datetime, skipped_at: datetime | None = None
) -> datetime | None:
    """The last opening before it is due, or the first one when it is due already; None within the
    calendar's horizon. One that has begun counts as long as it is open."""
    opening = next_opening(calendar, now, _LEAST)
    while opening is not None:
        following = opening_after(calendar, opening.at)
        in_time = due_at is None or following is None or following.at > due_at
        if in_time and (skipped_at is None or opening.at > skipped_at):
            return opening.at
        opening = following
    return None
