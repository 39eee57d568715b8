"""When the failover of each production is rehearsed, and who decided otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.calendars import opening_after, opening_begun
from shared.errors import PermanentError
from shared.estate import Calendar, Environment, Estate
from shared.ledger import FailoverHistory, Ledger

LATE = timedelta(hours=1)
"""A drill that could not be published for longer than this waits for the next opening."""

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
    """When one is held by the clock; None: none is."""
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
        return [self._rehearsal(each) for each in self._productions()]

    def of(self, name: str) -> Rehearsal:
        """Raises NoStandby."""
        production, _ = self._estate.pair(name)
        return self._rehearsal(production)

    def due(self) -> Iterator[tuple[str, datetime]]:
        """The productions whose drill is to be held now, and the opening at which it is."""
        now = self._ledger.clock()
        for each in self._productions():
            calendar = self._calendar(each)
            opening = opening_begun(calendar, now, LATE) if calendar else None
            if calendar and opening and self._held_at(calendar, opening.at, each):
                yield each.name, opening.at

    def skip(self, name: str, *, by: str) -> datetime:
        """Pass the next drill over; returns when it would have been. Raises NoDrillScheduled."""
        at = self.of(name).next_at
        if at is None:
            raise NoDrillScheduled(f"{name} has no scheduled drill: state one in the estate")
        self._history.skip_drill(name, at, by=by)
        return at

    def _productions(self) -> list[Environment]:
        return [each for each in self._estate.environments if self._estate.standby_for(each.name)]

    def _calendar(self, production: Environment) -> Calendar | None:
        schedule = self._estate.schedule_of(production.name)
        return self._estate.calendar(schedule.drill) if schedule and schedule.drill else None

    def _rehearsal(self, production: Environment) -> Rehearsal:
        name, now, calendar = production.name, self._ledger.clock(), self._calendar(production)
        passed, skipped = self._history.last_drill(name), self._history.skipped_drill(name)
        due = passed + production.drill_every if passed else None
        behind = max(now, skipped.opening) if skipped else now
        following = next_drill(calendar, due, behind) if calendar else None
        by = skipped.skipped_by if skipped and skipped.opening > now else None
        return Rehearsal(name, passed, due, following, by)

    def _held_at(self, calendar: Calendar, at: datetime, production: Environment) -> bool:
        passed = self._history.last_drill(production.name)
        skipped = self._history.skipped_drill(production.name)
        if skipped and skipped.opening >= at:
            return False
        due = passed + production.drill_every if passed else None
        return next_drill(calendar, due, at - _LEAST) == at


def next_drill(calendar: Calendar, due_at: datetime | None, behind: datetime) -> datetime | None:
    """The last opening before it is due, or the first one when it is due already.

    None within the calendar's horizon.
    """
    opening = opening_after(calendar, behind)
    while opening is not None:
        following = opening_after(calendar, opening.at)
        if due_at is None or following is None or following.at > due_at:
            return opening.at
        opening = following
    return None
