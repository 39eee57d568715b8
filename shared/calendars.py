"""When the next change window opens, until when it stays open, and what an outage would hurt.

Windows are wall-clock times. A time that daylight saving repeats is meant the first time; one that
it leaves out is as much later as the clocks jumped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.estate import Calendar

HORIZON_DAYS = 400
"""How far ahead an opening is looked for."""

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Opening:
    """A time in which changes are allowed, in UTC; ``until`` does not belong to it."""

    at: datetime
    until: datetime


def next_opening(calendar: Calendar, now: datetime, takes: timedelta) -> Opening | None:
    """The first opening that has ``takes`` left, counted from now; None within the horizon.

    An opening that holds now begins with ``at <= now``.
    """
    today = now.astimezone(ZoneInfo(calendar.time_zone)).date()
    for opening in _joined(_pieces(calendar, today)):
        if opening.until - max(opening.at, now) >= takes:
            return opening
    return None


def opening_after(calendar: Calendar, moment: datetime) -> Opening | None:
    """The first opening that begins later; None within the horizon."""
    day = moment.astimezone(ZoneInfo(calendar.time_zone)).date()
    return next((each for each in _joined(_pieces(calendar, day)) if each.at > moment), None)


def opening_begun(calendar: Calendar, now: datetime, within: timedelta) -> Opening | None:
    """The last opening that began no longer ago than this; None when none did."""
    day = (now - within).astimezone(ZoneInfo(calendar.time_zone)).date()
    begun: Opening | None = None
    for opening in _joined(_pieces(calendar, day)):
        if opening.at > now:
            break
        begun = opening if opening.at > now - within else None
    return begun


def clocks_between(calendar: Calendar, earlier: datetime, later: datetime) -> timedelta:
    """How far the calendar's clocks have moved: seven days, also over a change of the clocks."""
    zone = ZoneInfo(calendar.time_zone)
    wall = [each.astimezone(zone).replace(tzinfo=None) for each in (earlier, later)]
    return wall[1] - wall[0]


def closed_because(calendar: Calendar, now: datetime) -> str:
    """Why nothing may be changed now, for people who wait."""
    day = now.astimezone(ZoneInfo(calendar.time_zone)).date()
    return (
        _closed(calendar, day) or f"calendar {calendar.name} has no window now that is long enough"
    )


def conflicts(calendar: Calendar, begin: datetime, end: datetime) -> tuple[str, ...]:
    """What makes an outage between the two untimely: freezes, closed books, cut-offs."""
    zone = ZoneInfo(calendar.time_zone)
    first, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    days = [first + ahead * _DAY for ahead in range((last - first).days + 1)]
    closed = dict.fromkeys(filter(None, (_closed(calendar, day) for day in days)))
    cut_offs = (
        f"{each.why} at {moment.astimezone(zone):%R} on {moment.astimezone(zone):%F}"
        for day in (*days, last + _DAY)
        for each in calendar.cut_offs
        if day.weekday() in each.days
        and (moment := _moment(day, each.at, zone)) >= begin
        and moment - each.busy <= end
    )
    return (*closed, *cut_offs)


def _pieces(calendar: Calendar, today: date) -> Iterator[Opening]:
    """Each day's share of each window, in order of time within a day, from yesterday on."""
    for ahead in range(-1, HORIZON_DAYS):
        day = today + ahead * _DAY
        if _closed(calendar, day) is None:
            yield from sorted(_on(calendar, day), key=lambda piece: piece.at)


def _on(calendar: Calendar, day: date) -> Iterator[Opening]:
    """What windows of this day and of the day before leave open on this day."""
    zone = ZoneInfo(calendar.time_zone)
    begin, end = _moment(day, time(), zone), _moment(day + _DAY, time(), zone)
    for window in calendar.windows:
        for opened in (day - _DAY, day):
            if opened.weekday() in window.days:
                closed = opened if window.closes > window.opens else opened + _DAY
                at = max(_moment(opened, window.opens, zone), begin)
                until = min(_moment(closed, window.closes, zone), end)
                if at < until:
                    yield Opening(at, until)


def _joined(pieces: Iterator[Opening]) -> Iterator[Opening]:
    """Pieces that touch or overlap are one opening."""
    held: Opening | None = None
    for piece in pieces:
        if held is not None and piece.at <= held.until:
            held = Opening(held.at, max(held.until, piece.until))
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _closed(calendar: Calendar, day: date) -> str | None:
    for freeze in calendar.freezes:
        if freeze.first <= day <= freeze.last:
            return f"{freeze.why} until {freeze.last:%F}"
    around = calendar.month_end
    if around is not None:
        last_days = (day + around.days_before * _DAY).month != day.month
        if last_days or day.day <= around.days_after:
            return "month-end close"
    return None


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
