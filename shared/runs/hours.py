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
from shared.runs.sleepers import AWAKE_FOR, Sleeper, all_sleepers, sleeper_named, sleepers_of

SOURCE = "/signalbox/schedules"
LATE = timedelta(hours=1)
"""A refresh that could not be published for longer than this is left out."""

_LEAST = timedelta(microseconds=1)


class NoRefreshScheduled(PermanentError):
    """There is no scheduled refresh that could be passed over."""


@dataclass(frozen=True)
class Hours:
    """What an environment is to be now."""

    sleeper: Sleeper
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
    def environment(self) -> str:
        """Its name."""
        return self.sleeper.place.name

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
        return f"{self.sleeper.key}:{self.record.number}:{wanted}:{until}"


class Schedules:
    """The resource: what schedules and people say of environments without real data."""

    def __init__(self, estate: Estate, ledger: Ledger, post: Post) -> None:
        self._estate = estate
        self._ledger = ledger
        self._post = post

    def all(self) -> list[Hours]:
        """Every environment that follows a schedule, sleeps, or is wanted so by somebody."""
        with self._ledger.transaction() as tx:
            known, found, now = all_hours(tx), [*all_sleepers(self._estate, tx)], tx.now
        return [
            hours(self._estate, each, known.get(each.key, HoursRecord(each.key)), now)
            for each in found
            if each.key in known or each.schedule
        ]

    def of(self, name: str) -> Hours:
        """Raises UnknownEnvironment, NeverSleeps, NotOpen."""
        with self._ledger.transaction() as tx:
            found = sleeper_named(self._estate, tx, name)
            return hours(self._estate, found, hours_of(tx, found.key), tx.now)

    def record(self, key: str, *, asleep: bool, epoch: int) -> None:
        """Keep what a run has brought about for the sleeper of this key."""
        self._ledger.persist(lambda tx: record_hours(tx, key, asleep=asleep, epoch=epoch))

    def want(
        self, name: str, *, asleep: bool, until: datetime | None, by: str, reason: str
    ) -> CloudEvent:
        """Override the schedule until then. When nothing is said it is awake for four hours, and
        asleep until its next waking hours. Raises UnknownEnvironment, NeverSleeps, NotOpen."""

        def override(tx: Transaction) -> CloudEvent:
            found = sleeper_named(self._estate, tx, name)
            usual = _next_waking(self._estate, found, tx.now) if asleep else tx.now + AWAKE_FOR
            return _override(tx, found, reason, asleep=asleep, until=until or usual, by=by)

        return commit(self._ledger, self._post, override)

    def follow(self, name: str, *, by: str) -> CloudEvent:
        """Follow the schedule again. Raises UnknownEnvironment, NeverSleeps, NotOpen."""

        def override(tx: Transaction) -> CloudEvent:
            return _override(tx, sleeper_named(self._estate, tx, name), f"{by} ends it")

        return commit(self._ledger, self._post, override)

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
        for each in sleepers_of(self._estate):
            planned = _refresh_of(each)
            if planned is None:
                continue
            calendar = self._estate.calendar(planned.at)
            opening = opening_begun(calendar, now, LATE)
            last = known.get(each.key, HoursRecord(each.key)).refreshed_for
            if opening is not None and _follows(calendar, planned, last, opening.at):
                yield each.place, opening


def hours(estate: Estate, sleeper: Sleeper, record: HoursRecord, now: datetime) -> Hours:
    """What a person wants goes before what the calendar says."""
    due, until = _next_refresh(estate, sleeper, record, now), record.override_until
    if record.override_asleep is not None and (until is None or until > now):
        because = f"{record.override_by}: {record.override_reason}"
        asleep, by = record.override_asleep, record.override_by
        return Hours(sleeper, asleep, until, because, record, due, by)
    calendar = _waking_hours(estate, sleeper)
    if calendar is None:
        return Hours(sleeper, False, None, "no hours are stated", record, due)
    opening, because = next_opening(calendar, now, _LEAST), f"calendar {calendar.name}"
    if opening is not None and opening.at <= now:
        return Hours(sleeper, False, opening.until, because, record, due)
    if sleeper.awake_at_first is not None and sleeper.awake_at_first > now:
        return Hours(sleeper, False, sleeper.awake_at_first, "it was opened lately", record, due)
    return Hours(sleeper, True, opening.at if opening else None, because, record, due)


def _override(
    tx: Transaction,
    sleeper: Sleeper,
    reason: str,
    *,
    asleep: bool | None = None,
    until: datetime | None = None,
    by: str | None = None,
) -> CloudEvent:
    key, kept = sleeper.key, reason if by else None
    number = override_hours(tx, key, asleep=asleep, until=until, by=by, reason=kept)
    why = f"{by}: {reason}" if by else reason
    event = HoursChanged(environment=sleeper.place.name, reason=why)
    wrapped = CloudEvent.of(event, id=f"{key}:{number}", source=SOURCE, time=tx.now)
    tx.queue([enveloped(wrapped)])
    return wrapped


def _refresh_of(sleeper: Sleeper) -> RefreshSchedule | None:
    """When it is refreshed by the clock, if it is."""
    schedule = sleeper.schedule
    return schedule.refresh if schedule and sleeper.place.refresh_from else None


def _waking_hours(estate: Estate, sleeper: Sleeper) -> Calendar | None:
    schedule = sleeper.schedule
    return estate.calendar(schedule.awake) if schedule and schedule.awake else None


def _next_waking(estate: Estate, sleeper: Sleeper, now: datetime) -> datetime | None:
    calendar = _waking_hours(estate, sleeper)
    opening = opening_after(calendar, now) if calendar else None
    return opening.at if opening else None


def _next_refresh(
    estate: Estate, sleeper: Sleeper, record: HoursRecord, now: datetime
) -> datetime | None:
    planned = _refresh_of(sleeper)
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
