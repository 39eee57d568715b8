"""What is projected from samples, and how it is said."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.lag.report_lag import outlook
from shared.lag import trend
from shared.ledger.lag import LagSample
from shared.messages.lag import LagWatched

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def sample(second: int, behind: float | None) -> LagSample:
    at = NOON + timedelta(seconds=second)
    return LagSample("acme-prod", at, None, None, 0, behind, 0, behind, None)


def watched(**facts: object) -> LagWatched:
    known = {
        "primary": "acme-prod",
        "standby": "acme-standby",
        "seconds": 400,
        "bytes": 1,
        "transactions": 1,
        "replay_seconds": 0,
        "too_far": True,
        "measured_at": NOON,
        "eased": (),
        "recovered": False,
        "seconds_after": 600,
        "watched_seconds": 900,
        "gains_per_second": None,
        "reaches_rpo_at": None,
    }
    return LagWatched.model_validate(known | facts)


def test_a_standby_that_falls_back_reaches_the_rpo_where_the_line_does():
    line = trend([sample(0, 100), sample(10, 105), sample(20, None), sample(30, 115)])

    assert line is not None
    assert line.slope == pytest.approx(0.5)
    assert line.reaches(215) == NOON + timedelta(seconds=230)


def test_a_standby_that_catches_up_never_reaches_it_and_one_beyond_is_there():
    line = trend([sample(0, 100), sample(10, 90), sample(20, 80)])

    assert line is not None
    assert line.reaches(900) is None
    assert line.reaches(60) == line.at


def test_two_samples_are_no_trend():
    assert trend([sample(0, 1), sample(10, 2), sample(20, None)]) is None


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "600 s behind after 15 min of eased load; too few measurements to project"),
        (
            {"gains_per_second": 0.5, "reaches_rpo_at": NOON},
            "600 s behind after 15 min of eased load, falling back 30 s a minute, "
            "past the RPO at 2026-01-01 12:00:00 UTC",
        ),
        (
            {"gains_per_second": -0.1},
            "600 s behind after 15 min of eased load, catching up 6 s a minute",
        ),
    ],
    ids=["unknown", "worse", "better"],
)
def test_the_outlook_is_a_sentence(facts, said):
    assert outlook(watched(**facts)) == said
