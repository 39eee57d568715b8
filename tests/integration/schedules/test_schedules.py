"""Environments sleep and wake by the clock and on demand, and are refreshed when it is time."""

from datetime import UTC, datetime

import pytest

from functions.schedules import concerned
from infra.local.kubernetes import Failure
from shared.messages.schedules import HoursChanged
from shared.runs.sleepers import NeverSleeps
from tests.integration.schedules.conftest import MANIFEST, PLACE, Agent

AWAKE = (3, 0, False, True)
ASLEEP = (0, 0, True, True)


def utc(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


def test_an_environment_sleeps_at_night_and_has_exactly_what_it_had_in_the_morning(
    agent: Agent,
) -> None:
    agent.go_to("2026-11-23 18:59")
    assert agent.settle() == []

    agent.go_to("2026-11-23 19:00")
    assert agent.settle() == ["succeeded"]
    assert agent.scale() == ASLEEP
    assert (agent.hours.asleep, agent.hours.until) == (True, utc("2026-11-24 06:00"))

    agent.go_to("2026-11-24 06:00")
    assert agent.settle() == ["succeeded", "succeeded"]
    assert agent.scale() == AWAKE
    agent.go_to("2026-11-24 12:00")
    assert agent.settle() == ["succeeded", "succeeded"]


def test_ticks_that_were_missed_and_a_person_in_between_end_in_what_holds_now(agent: Agent) -> None:
    agent.go_to("2026-11-23 19:30")
    agent.settle()
    agent.schedules.want(
        PLACE, asleep=False, until=utc("2026-11-23 23:00"), by="ann", reason="a demo"
    )
    agent.tick()
    agent.settle()
    assert agent.scale() == AWAKE
    assert agent.hours.because == "ann: a demo"

    agent.go_to("2026-11-24 05:00")
    agent.settle()
    assert agent.scale() == ASLEEP

    agent.schedules.want(PLACE, asleep=False, until=None, by="ann", reason="four hours")
    agent.tick()
    agent.settle()
    agent.go_to("2026-11-24 05:59")
    assert agent.scale() == AWAKE
    agent.schedules.follow(PLACE, by="ann")
    agent.tick()
    agent.settle()
    assert agent.scale() == ASLEEP


def test_what_somebody_scales_while_it_sleeps_is_left_so(agent: Agent) -> None:
    agent.go_to("2026-11-23 19:00")
    agent.settle()
    agent.change("odoo", replicas=1)

    agent.go_to("2026-11-24 06:00")

    assert agent.settle() == ["succeeded", "succeeded"]
    assert agent.scale() == (1, 0, False, True)


def test_a_wake_waits_for_a_run_that_has_the_environment_and_holds_what_is_wanted_then(
    agent: Agent,
) -> None:
    agent.go_to("2026-11-23 19:00")
    agent.settle()
    with agent.ledger.transaction() as tx:
        tx.lock_interlock(PLACE)
        tx.execute_literal(
            f"update interlocks set run_id = gen_random_uuid() where environment = '{PLACE}'"
        )
    agent.schedules.want(PLACE, asleep=False, until=utc("2026-11-23 20:00"), by="ann", reason="x")
    agent.tick()
    agent.deliver()
    assert agent.runs()[-1].status == "waiting"
    assert agent.scale() == ASLEEP


def test_a_refresh_of_what_sleeps_leaves_it_asleep_and_it_wakes_to_what_the_estate_says(
    agent: Agent,
) -> None:
    agent.go_to("2026-11-23 19:00")
    agent.settle()
    workloads = agent.estate.environment(PLACE).all_workloads

    for workload in workloads:
        agent.cluster.stop_workload(PLACE, workload, epoch=7)
        agent.cluster.start_workload(PLACE, workload, epoch=7)

    assert agent.scale() == ASLEEP
    assert all(agent.cluster.is_ready(PLACE, workload) for workload in workloads)
    for workload in workloads:
        agent.cluster.wake_workload(PLACE, workload, epoch=8)
    assert agent.scale() == (1, 1, False, False)


def test_pods_that_do_not_get_ready_fail_the_wake_and_the_next_night_comes_all_the_same(
    agent: Agent,
) -> None:
    agent.go_to("2026-11-23 19:00")
    agent.settle()
    agent.change("odoo", failure=Failure.PROGRESS_DEADLINE_EXCEEDED)

    agent.go_to("2026-11-24 06:00")

    assert agent.settle() == ["succeeded", "failed"]
    assert "pods of odoo do not get ready" in agent.reason(agent.runs()[-1].id)
    agent.go_to("2026-11-24 19:00")
    assert agent.settle() == ["succeeded", "failed", "succeeded"]
    assert agent.scale() == ASLEEP


def test_a_workload_that_kubernetes_does_not_have_wakes_what_was_put_to_sleep_already(
    agent: Agent,
) -> None:
    agent.api.delete("CronJob", PLACE, "resting")

    agent.go_to("2026-11-23 19:00")
    status = agent.settle()

    assert status == ["failed"]
    assert agent.api.read("Deployment", PLACE, "odoo")["spec"]["replicas"] == 3
    assert not agent.hours.record.asleep


def test_production_never_sleeps_whoever_asks(agent: Agent) -> None:
    with pytest.raises(NeverSleeps, match="acme-prod is of class production"):
        agent.schedules.want("acme-prod", asleep=True, until=None, by="ann", reason="x")
    with pytest.raises(NeverSleeps):
        agent.schedules.follow("acme-standby", by="ann")
    with pytest.raises(NeverSleeps):
        concerned(HoursChanged(environment="acme-prod"), agent.estate)


def test_a_refresh_is_published_once_when_its_opening_begins(agent: Agent) -> None:
    agent.blobs.upload(MANIFEST.replace("27T", "20T"), b"older")
    agent.blobs.upload(MANIFEST, b"newest")
    assert agent.hours.next_refresh == utc("2026-11-28 02:00")

    agent.go_to("2026-11-28 02:20")
    agent.go_to("2026-11-28 02:40")

    [run] = agent.runs("refresh")
    record = agent.ledger.run_record(run.id)
    assert record is not None
    assert run.environment == PLACE
    assert record["event"]["body"]["data"]["manifest"] == MANIFEST
    assert agent.hours.next_refresh == utc("2026-12-05 02:00")


def test_a_refresh_that_is_passed_over_is_not_published_and_the_one_after_it_is(
    agent: Agent,
) -> None:
    agent.blobs.upload(MANIFEST, b"newest")

    assert agent.schedules.skip_refresh(PLACE, by="ann") == utc("2026-11-28 02:00")
    agent.go_to("2026-11-28 02:00")

    assert agent.runs("refresh") == []
    assert agent.hours.record.skipped_by == "ann"
    agent.go_to("2026-12-05 02:00")
    assert len(agent.runs("refresh")) == 1
