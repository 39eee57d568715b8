"""Who is reminded to rehearse, and when."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from functions.upkeep.drills import announce_due_drills
from shared.ledger import FailoverHistory
from signalbox.rehearsal import drills_due
from tests.integration.failover.pair import PRODUCTION, World

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def reminders(world: World, now: datetime) -> int:
    """How many are said at a time that are not said already."""
    real, world.ledger.clock = world.ledger.clock, lambda: now
    before = {each.id for each in world.bus.sent}
    announce_due_drills(world.resources.estate, FailoverHistory(world.ledger), world.runner)
    world.ledger.clock = real
    found = [each for each in world.bus.sent if each.subject == "drill-due"]
    return len({each.id for each in found} - before)


def drill(world: World, number: int, at: datetime, *, passed: bool) -> None:
    real, world.ledger.clock = world.ledger.clock, lambda: at
    world.resources.history.record_drill(
        UUID(int=number), PRODUCTION, source="a sample", passed=passed, facts={"segments": []}
    )
    world.ledger.clock = real


def test_a_tier_one_environment_is_reminded_once_a_day_until_a_drill_has_passed(
    calm: World,
) -> None:
    never = reminders(calm, NOW)
    same_day = reminders(calm, NOW + timedelta(hours=1))
    drill(calm, 1, NOW, passed=False)
    after_a_failure = reminders(calm, NOW + timedelta(days=1))
    drill(calm, 2, NOW, passed=True)
    in_time = reminders(calm, NOW + timedelta(days=29))
    too_late = reminders(calm, NOW + timedelta(days=31))

    assert (never, same_day, after_a_failure, in_time, too_late) == (1, 0, 1, 0, 1)
    assert drills_due(calm.resources.estate, calm.resources.history) == []
    calm.policy(drill="run")
    assert drills_due(calm.resources.estate, calm.resources.history) == [PRODUCTION]
    drill(calm, 3, calm.ledger.clock(), passed=True)
    assert drills_due(calm.resources.estate, calm.resources.history) == []
    assert [each.passed for each in calm.resources.history.achieved(PRODUCTION)] == [
        True,
        False,
        True,
    ]
