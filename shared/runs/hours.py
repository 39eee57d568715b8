"""What environments are to be at this moment, asleep or awake, and who decided that."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.calendars import Opening, clocks_between, next_opening, opening_after, opening_begun
from shared.errors import PermanentError
from shared.estate import Calendar, Environment, Estate, RefreshSchedule
from shared.ledger import Ledger, Transaction
from shared.ledger.hours import (
    HoursRecord,
    all_hours,
    hours_of,
    override_hours,
    record_hours,
    take_refresh,
)
from shared.messages import CloudEvent
from shared.messages.schedules import HoursChanged
from shared.runs.outbox import Post, commit
from shared.runs.publishing import enveloped

SOURCE = "/signalbox/schedules"
LATE = timedelta(hours=1)
"""A refresh that could not be published for longer than this is left out."""

AWAKE_FOR = timedelta(hours=4)
"""How long an environment is awake whose waker says nothing."""

_LEAST = timedelta(microseconds=1)


class NeverSleeps(PermanentError):
    """The environment holds real data: it is not put to sleep, whoever asks."""


class NoRefreshScheduled(PermanentError):
    """There is no scheduled refresh that could be passed over."""


@dataclass(frozen=True)
class Hours:
    """What an environment is to be now."""

    environment: str
    asleep: bool
    until: datetime | None
    """When that is to end; None: not by the clock."""
    because: str
    record: HoursRecord
    """What it is, and what people want."""
    next_refresh: datetime | None = None
    by: str | None = None
    """Who wants it so, for now; None: the schedule."""

    @property
    def state(self) -> Literal["asleep", "waking", "going to sleep", "awake"]:
        """What it is, or is about to become."""
        if self.settled:
            return "asleep" if self.asleep else "awake"
        return "going to sleep" if self.asleep else "waking"

    @property
    def settled(self) -> bool:
        """Whether the environment is what it is to be."""
        return self.asleep == self.record.asleep

    @property
    def id(self) -> str:
        """Of the event that asks for it: until something changes, the same one."""
        wanted = "asleep" if self.asleep else "awake"
        until = f"{self.until:%Y%m%dT%H%M%SZ}" if self.until else "further-notice"
        return f"{self.environment}:{self.record.number}:{wanted}:{until}"


class Schedules:
    """The resource: what schedules and people say of environments without real data."""

    def __init__(self, estate: Estate, ledger: Ledger, post: Post) -> None:
        self._estate = estate
        self._ledger = ledger
        self._post = post

    def all(self) -> list[Hours]:
        """Every environment that follows a schedule, sleeps, or is wanted so by somebody."""
        with self._ledger.transaction() as tx:
            known, now = all_hours(tx), tx.now
        return [
            hours(self._estate, each, known.get(each.name, HoursRecord(each.name)), now)
            for each in self._estate.environments
            if not each.environment_class.holds_real_data
            and (each.name in known or self._estate.schedule_of(each.name))
        ]

    def of(self, name: str) -> Hours:
        """Raises NeverSleeps for production and its standbys."""
        environment = refuse_real_data(self._estate.environment(name))
        with self._ledger.transaction() as tx:
            return hours(self._estate, environment, hours_of(tx, name), tx.now)

    def record(self, name: str, *, asleep: bool, epoch: int) -> None:
        """Keep what a run has brought about."""
        self._ledger.persist(lambda tx: record_hours(tx, name, asleep=asleep, epoch=epoch))

    def want(
        self, name: str, *, asleep: bool, until: datetime | None, by: str, reason: str
    ) -> CloudEvent:
        """Override the schedule until then. When nothing is said it is awake for four hours, and
        asleep until its next waking hours. Raises NeverSleeps."""
        environment, now = refuse_real_data(self._estate.environment(name)), self._ledger.clock()
        if until is None:
            until = _next_waking(self._estate, environment, now) if asleep else now + AWAKE_FOR
        return self._override(name, asleep=asleep, until=until, by=by, reason=reason)

    def follow(self, name: str, *, by: str) -> CloudEvent:
        """Follow the schedule again. Raises NeverSleeps."""
        refuse_real_data(self._estate.environment(name))
        return self._override(name, asleep=None, until=None, by=None, reason=f"{by} ends it")

    def skip_refresh(self, name: str, *, by: str) -> datetime:
        """Pass the next scheduled refresh over; returns which. Raises NoRefreshScheduled."""
        due = self.of(name).next_refresh
        if due is None:
            raise NoRefreshScheduled(f"{name} has no scheduled refresh: state one in the estate")
        self._ledger.persist(lambda tx: take_refresh(tx, name, due, skipped_by=by))
        return due

    def due_refreshes(self) -> Iterator[tuple[Environment, Opening]]:
        """Environments whose refresh is due, and the opening at which it became so."""
        with self._ledger.transaction() as tx:
            known, now = all_hours(tx), tx.now
        for each in self._estate.environments:
            planned = refresh_of(self._estate, each)
            if planned is None:
                continue
            calendar = self._estate.calendar(planned.at)
            opening = opening_begun(calendar, now, LATE)
            last = known.get(each.name, HoursRecord(each.name)).refreshed_for
            if opening is not None and _follows(calendar, planned, last, opening.at):
                yield each, opening

    def _override(
        self, name: str, *, asleep: bool | None, until: datetime | None, by: str | None, reason: str
    ) -> CloudEvent:
        def override(tx: Transaction) -> CloudEvent:
            kept = reason if by else None
            number = override_hours(tx, name, asleep=asleep, until=until, by=by, reason=kept)
            event = HoursChanged(environment=name, reason=f"{by}: {reason}" if by else reason)
            wrapped = CloudEvent.of(event, id=f"{name}:{number}", source=SOURCE, time=tx.now)
            tx.queue([enveloped(wrapped)])
            return wrapped

        return commit(self._ledger, self._post, override)


def hours(estate: Estate, environment: Environment, record: HoursRecord, now: datetime) -> Hours:
    """What a person wants goes before what the calendar says."""
    name, due = environment.name, _next_refresh(estate, environment, record, now)
    until = record.override_until
    if record.override_asleep is not None and (until is None or until > now):
        because = f"{record.override_by}: {record.override_reason}"
        asleep, by = record.override_asleep, record.override_by
        return Hours(name, asleep, until, because, record, due, by)
    calendar = _waking_hours(estate, environment)
    if calendar is None:
        return Hours(name, False, None, "no hours are stated", record, due)
    opening, because = next_opening(calendar, now, _LEAST), f"calendar {calendar.name}"
    if opening is None:
        return Hours(name, True, None, because, record, due)
    awake = opening.at <= now
    return Hours(name, not awake, opening.until if awake else opening.at, because, record, due)


def refresh_of(estate: Estate, environment: Environment) -> RefreshSchedule | None:
    """When an environment is refreshed by the clock, if it is."""
    schedule = estate.schedule_of(environment.name)
    return schedule.refresh if schedule and environment.refresh_from else None


def refuse_real_data(environment: Environment) -> Environment:
    """Raise NeverSleeps for production and its standbys."""
    if environment.environment_class.holds_real_data:
        raise NeverSleeps(
            f"{environment.name} is of class {environment.environment_class}: it never sleeps; "
            "name an environment without real data"
        )
    return environment


def _waking_hours(estate: Estate, environment: Environment) -> Calendar | None:
    schedule = estate.schedule_of(environment.name)
    return estate.calendar(schedule.awake) if schedule and schedule.awake else None


def _next_waking(estate: Estate, environment: Environment, now: datetime) -> datetime | None:
    calendar = _waking_hours(estate, environment)
    opening = opening_after(calendar, now) if calendar else None
    return opening.at if opening else None


def _next_refresh(
    estate: Estate, environment: Environment, record: HoursRecord, now: datetime
) -> datetime | None:
    planned = refresh_of(estate, environment)
    if planned is None:
        return None
    calendar, last = estate.calendar(planned.at), record.refreshed_for
    opening = opening_after(calendar, max(now, last) if last else now)
    while opening is not None and not _follows(calendar, planned, last, opening.at):
        opening = opening_after(calendar, opening.at)
    return opening.at if opening else None


def _follows(
    calendar: Calendar, planned: RefreshSchedule, last: datetime | None, at: datetime
) -> bool:
    """Whether an opening is behind the last one that was done with, by long enough."""
    if last is None:
        return True
    return at > last and clocks_between(calendar, last, at) >= planned.every
