"""What must not happen does not, and leaves nothing behind; all on one pair."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock
from uuid import UUID

import pytest

from functions.failover.approve_failover import PlanOvertaken
from functions.failover.forecast import forecast
from functions.upkeep import close_approvals
from shared.errors import TemporaryError
from shared.estate import Calendar
from shared.messages.failover import RegionDegraded, RegionRecovered
from tests.integration.failover.pair import PRODUCTION, World, wait_until

PLANNED = RegionDegraded(environment=PRODUCTION, planned=True)


@pytest.fixture(autouse=True)
def nothing_happened(calm: World) -> None:  # type: ignore[misc]
    """Production is written to and read as before, whatever a test has tried."""
    before = (calm.pods(), calm.routes())
    yield
    wait_until(calm.at_work, "production's pods")
    assert (calm.pods(), calm.routes()) == before
    assert calm.resources.placements.of(PRODUCTION).active_side == PRODUCTION
    calm.order(calm.primary, "S-still-there")


def test_a_healthy_primary_is_not_failed_over_whatever_the_event_says(calm: World) -> None:
    run = calm.follow(
        RegionDegraded(environment=PRODUCTION, reason="all is lost", azure_says="down")
    )

    assert calm.status(run) == "failed"
    assert calm.reason(run).startswith(
        "assess_region: NotConfirmed: acme-prod is not failed over: the database takes writes."
    )
    assert "azure: down" in calm.reason(run)


def test_a_standby_that_has_lost_its_primary_alone_proves_nothing(calm: World) -> None:
    calm.stream.cut()

    run = calm.follow()
    calm.stream.mend()

    assert "the database takes writes" in calm.reason(run)


def test_a_switchover_keeps_to_the_calendar_unless_its_event_says_why_not(calm: World) -> None:
    freeze = {"first": "2000-01-01", "last": "2999-12-31", "why": "the season"}
    windows = [{"days": ["sunday"], "opens": "01:00", "closes": "05:00"}]
    known = {"name": "season", "time_zone": "UTC", "windows": windows, "freezes": [freeze]}
    estate = calm.resources.estate.model_copy(
        update={"calendars": (Calendar.model_validate(known),)}
    )
    calm.resources = replace(calm.resources, estate=estate)
    calm.policy(calendar="season")

    untimely = calm.follow(PLANNED)
    foreseen = forecast(PLANNED, calm.resources)
    urgent = calm.follow(PLANNED.model_copy(update={"despite": "the region closes tonight"}))
    plan = calm.plan(urgent)
    [asked] = calm.resources.approvals.newest(status="waiting")
    calm.resources.approvals.reject(
        asked.id, plan=asked.plan_sha256, person="on call", reason="not tonight"
    )
    calm.policy(calendar=None)

    refusal = "acme-prod is not handed over now: the season until 2999-12-31. Wait, or"
    assert f"SwitchoverUntimely: {refusal}" in calm.reason(untimely)
    assert foreseen.gates[0].startswith(refusal)
    for risk in ("calendar: the season until", "planned all the same: the region closes tonight"):
        assert any(risk in each for each in plan["risks"])


def test_who_is_cut_off_himself_asks_people_and_a_no_is_a_no(calm: World) -> None:
    calm.policy(hold_down=timedelta(0))
    calm.line.cut()

    run = calm.follow()
    plan = calm.plan(run)
    [asked] = calm.resources.approvals.newest(status="waiting")
    calm.resources.approvals.reject(
        asked.id, plan=asked.plan_sha256, person="on call", reason="it is our network"
    )
    calm.line.mend()

    assert plan["facts"]["stream"].startswith("healthy: the primary was heard")
    assert calm.status(run) == "failed"
    assert "on call rejected" in calm.reason(run)


def test_a_primary_that_is_back_before_people_agree_is_not_failed_over(calm: World) -> None:
    calm.policy(hold_down=timedelta(0))
    calm.line.cut()
    run = calm.follow()

    calm.line.mend()
    calm.approve(run)
    calm.work(run)

    assert "RecoveredMeanwhile: acme-prod takes writes again" in calm.reason(run)
    assert calm.resources.placements.standing_orders() == []


def test_two_events_at_once_are_one_run(calm: World) -> None:
    first = calm.happen()

    second = calm.publish(RegionDegraded(environment=PRODUCTION))
    calm.work(first)

    assert second == []
    assert calm.status(first) == "failed"


def test_a_switchover_that_waits_makes_way_for_a_disaster(calm: World) -> None:
    planned = calm.follow(PLANNED)
    [disaster] = calm.publish(RegionDegraded(environment=PRODUCTION))
    waits = calm.status(disaster)
    calm.line.cut()

    with pytest.raises(PlanOvertaken, match="acme-prod is not well any more"):
        calm.look_at(planned, "approve_failover")

    calm.line.mend()
    expire(calm, planned, disaster)
    assert waits == "waiting"
    assert "NotConfirmed" in calm.reason(disaster)


def test_a_plan_that_people_decide_on_is_not_made_again_at_every_look(
    calm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = calm.follow(PLANNED)
    shown = calm.plan(run)
    silent = Mock(side_effect=TemporaryError("what was achieved cannot be asked"))
    monkeypatch.setattr(calm.resources.history, "achieved", silent)

    calm.look_at(run, "approve_failover")

    expire(calm, run)
    assert shown["facts"]["verdict"] == "planned"


def test_an_approval_that_nobody_gives_expires_closed_and_nothing_was_fenced(calm: World) -> None:
    run = calm.follow(PLANNED)

    expire(calm, run)

    assert calm.status(run) == "failed"
    assert "ApprovalExpired" in calm.reason(run)
    assert calm.resources.placements.standing_orders() == []


def test_a_failure_between_fence_and_promotion_opens_production_again(calm: World) -> None:
    run = calm.follow(PLANNED)
    calm.approve(run)
    calm.work(run, before="promote_standby")
    [order] = calm.resources.placements.standing_orders()
    shut = (calm.pods()[PRODUCTION]["odoo"], calm.routes()[PRODUCTION])
    newer = order.epoch + 1
    placements = calm.resources.placements
    placements.take(PRODUCTION, PRODUCTION, epoch=newer, run=UUID(int=1), standby_state="streaming")
    placements.finish(PRODUCTION, epoch=newer, standby_state="streaming")

    calm.work(run)

    assert order.proof is not None
    assert shut == (0, [])
    assert calm.status(run) == "failed"
    assert "StalePlacement" in calm.reason(run)
    assert placements.standing_orders() == []


def test_a_pair_that_is_whole_has_nothing_to_rejoin(calm: World) -> None:
    run = calm.follow(RegionRecovered(environment=PRODUCTION))

    assert "acme-standby was not left: acme-prod serves" in calm.reason(run)


def test_an_environment_without_a_standby_parks_the_event(calm: World) -> None:
    runs = calm.publish(RegionDegraded(environment="acme-staging"))

    [parked] = calm.ledger.parked_messages()
    assert runs == []
    assert "no environment of the estate is standby_of it" in parked.reason


def expire(world: World, *runs: UUID) -> None:
    """Let more time pass than people have, and the runs end, the first one for that reason."""
    real = world.ledger.clock
    world.ledger.clock = lambda: real() + timedelta(hours=1)
    try:
        close_approvals(world.ledger, world.runner)
        for run in runs:
            world.work(run)
    finally:
        world.ledger.clock = real
