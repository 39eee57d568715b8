"""When a removal that failed is tried again."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.ledger.environments import FailedRemoval

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def failed(runs: int, at: datetime = NOON, *, given_up: bool = False) -> FailedRemoval:
    return FailedRemoval(UUID(int=1), "ana-fix", UUID(int=2), runs, at, "no", None, given_up)


def test_a_removal_that_fails_for_ever_is_tried_six_times_a_day_and_then_three_times() -> None:
    at, times = NOON, []
    for runs in range(1, 40):
        again = failed(runs, at).again_at
        assert again is not None
        at = again
        times.append(at - NOON)

    day = timedelta(days=1)
    assert [sum(n * day < each <= (n + 1) * day for each in times) for n in (0, 1, 2)] == [6, 3, 3]


def test_a_removal_that_a_person_gave_up_waits_for_a_person() -> None:
    abandoned = failed(2, given_up=True)

    assert abandoned.again_at is None
    assert abandoned.outlook.endswith("signalbox environment remove ana-fix")
