"""NCRONTAB schedules."""

from datetime import UTC, datetime

import pytest

from infra.local.host.schedule import Schedule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*/15 * * * * *", "2026-11-20T10:00:15"),
        ("0 */5 * * * *", "2026-11-20T10:05:00"),
        ("*/5 * * * *", "2026-11-20T10:05:00"),
        ("0 30 9 * * mon-fri", "2026-11-23T09:30:00"),
        ("0 0 0 1 jan *", "2027-01-01T00:00:00"),
        ("5,10 0 10 * * *", "2026-11-20T10:00:05"),
    ],
)
def test_the_next_moment_follows_the_schedule(text: str, expected: str) -> None:
    friday = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)

    following = Schedule.parse(text).next_after(friday)

    assert following == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "* * *",
        "00:05:00",
        "61 * * * * *",
        "0 0 0 L * *",
        "0 0 0 * * 7",
        "0 0 0 * * 1#2",
        "0 0 0 13 * 5",
    ],
)
def test_what_is_no_ncrontab_or_differs_from_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="schedule"):
        Schedule.parse(text)
