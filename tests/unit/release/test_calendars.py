"""When changes are allowed, by the clocks of the people concerned."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from shared.calendars import closed_because, conflicts, next_opening
from shared.estate import Calendar

NIGHTS = {"days": ["tuesday", "wednesday"], "opens": "22:00", "closes": "04:00"}
SUNDAY = {"days": ["sunday"], "opens": "01:00", "closes": "05:00"}
HOUR = timedelta(hours=1)


def calendar(*windows: dict[str, Any], **rules: Any) -> Calendar:
    known = {"name": "dc", "time_zone": "Europe/Berlin", "windows": windows or (NIGHTS,)}
    return Calendar.model_validate(known | rules)


def utc(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


def opening(found: Calendar, now: str, takes: timedelta = HOUR) -> tuple[datetime, datetime] | None:
    first = next_opening(found, utc(now), takes)
    return first and (first.at, first.until)


@pytest.mark.parametrize(
    ("now", "at", "until"),
    [
        ("2026-11-23 12:00", "2026-11-24 21:00", "2026-11-25 03:00"),
        ("2026-11-24 22:30", "2026-11-24 21:00", "2026-11-25 03:00"),
        ("2026-11-25 02:30", "2026-11-25 21:00", "2026-11-26 03:00"),
        ("2026-11-26 03:00", "2026-12-01 21:00", "2026-12-02 03:00"),
    ],
    ids=["before it opens", "while it is open", "when too little is left", "after it closed"],
)
def test_a_window_over_midnight_is_found(now: str, at: str, until: str) -> None:
    assert opening(calendar(), now) == (utc(at), utc(until))


def test_a_night_in_which_the_clocks_go_forward_is_an_hour_shorter() -> None:
    assert opening(calendar(SUNDAY), "2027-03-27 12:00") == (
        utc("2027-03-28 00:00"),
        utc("2027-03-28 03:00"),
    )


def test_a_night_in_which_the_clocks_go_back_is_an_hour_longer() -> None:
    assert opening(calendar(SUNDAY), "2026-10-24 12:00") == (
        utc("2026-10-24 23:00"),
        utc("2026-10-25 04:00"),
    )


def test_a_time_that_the_clocks_leave_out_is_as_much_later() -> None:
    left_out = SUNDAY | {"opens": "02:30"}

    assert opening(calendar(left_out), "2027-03-27 12:00") == (
        utc("2027-03-28 01:30"),
        utc("2027-03-28 03:00"),
    )


def test_a_freeze_closes_whole_days_and_cuts_what_reaches_into_them() -> None:
    freeze = {"first": "2026-11-25", "last": "2026-12-01", "why": "stock count"}
    frozen = calendar(freezes=[freeze])

    assert opening(frozen, "2026-11-24 12:00") == (utc("2026-11-24 21:00"), utc("2026-11-24 23:00"))
    assert opening(frozen, "2026-11-25 12:00") == (utc("2026-12-01 23:00"), utc("2026-12-02 03:00"))
    assert closed_because(frozen, utc("2026-11-25 12:00")) == "stock count until 2026-12-01"


def test_the_books_are_closed_around_the_end_of_a_month() -> None:
    daily = {"days": [day.lower() for day in WEEK], "opens": "10:00", "closes": "12:00"}
    found = calendar(daily, month_end={"days_before": 2, "days_after": 3})

    open_days = {
        day
        for n in range(14)
        if (day := date(2026, 2, 22) + timedelta(days=n))
        and (first := next_opening(found, datetime(*day.timetuple()[:3], tzinfo=UTC), HOUR))
        and first.at.date() == day
    }

    closed = {date(2026, 2, 27), date(2026, 2, 28), *(date(2026, 3, n) for n in (1, 2, 3))}
    assert open_days == {date(2026, 2, 22) + timedelta(days=n) for n in range(14)} - closed
    assert closed_because(found, utc("2026-02-27 11:00")) == "month-end close"


WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def test_windows_that_touch_are_one() -> None:
    evening = {"days": ["tuesday"], "opens": "18:00", "closes": "22:00"}

    found = opening(calendar(NIGHTS, evening), "2026-11-24 12:00", timedelta(hours=9))

    assert found == (utc("2026-11-24 17:00"), utc("2026-11-25 03:00"))


def test_what_takes_longer_than_any_window_never_begins() -> None:
    assert opening(calendar(), "2026-11-24 12:00", timedelta(hours=7)) is None


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"time_zone": "Berlin"}, "Europe/Berlin"),
        ({"windows": [NIGHTS | {"days": ["tues"]}]}, "a day is one of monday"),
        ({"windows": [NIGHTS | {"opens": 1320}]}, "in quotes"),
        ({"windows": [NIGHTS | {"opens": "22:00Z"}]}, "no zone of its own"),
        ({"freezes": [{"first": "2026-12-02", "last": "2026-12-01", "why": "x"}]}, "exchange"),
    ],
    ids=["zone", "day", "a number", "a zone in a time", "a freeze that ends before it begins"],
)
def test_a_calendar_that_cannot_be_meant_is_refused(change: dict[str, Any], advice: str) -> None:
    with pytest.raises(ValidationError, match=advice):
        calendar(**change)


PARCELS = {"days": ["monday"], "at": "16:00", "why": "the carrier fetches the last parcels"}
COUNT = {"first": "2026-11-25", "last": "2026-11-26", "why": "stock count"}


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        ("2026-11-23 11:59", ()),
        ("2026-11-23 12:00", ("the carrier fetches the last parcels at 16:00 on 2026-11-23",)),
        ("2026-11-23 15:01", ()),
        ("2026-11-24 22:00", ("stock count until 2026-11-26",)),
        ("2026-11-24 21:59", ()),
        ("2026-11-26 23:00", ()),
        ("2026-11-30 12:00", ("month-end close", PARCELS["why"] + " at 16:00 on 2026-11-30")),
    ],
)
def test_an_outage_meets_what_its_hour_touches(begin: str, expected: tuple[str, ...]) -> None:
    stated = calendar(cut_offs=(PARCELS,), freezes=(COUNT,), month_end={"days_before": 1})

    assert conflicts(stated, utc(begin), utc(begin) + HOUR) == expected
