"""The release agent from the event to the verdict, and back again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from functions.upkeep import redrive_stuck_steps
from infra.local.furnish import IMAGE
from infra.local.kubernetes import Failure
from infra.local.postgres import PostgresServer
from shared.ledger import Ledger
from shared.messages.failover import RegionDegraded
from shared.runs.cancelling import cancel
from tests.integration.release.conftest import NEW, UPDATE, Agent, Staging

OPENS = datetime(2026, 11, 24, 21, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=6)
BEFORE = {"odoo": (IMAGE, 1), "odoo-cron": (IMAGE, 1)}
AFTER = {"odoo": (NEW, 1), "odoo-cron": (NEW, 1)}

UNSETTLED = (*UPDATE, "update ir_module_module set state = 'to upgrade' where name = 'base'")
FAILING = (*UPDATE, "this is no statement")


def updating(statements: tuple[str, ...]) -> dict[str, Any]:
    """A policy whose update runs these, each on its own."""
    words = (str(PostgresServer.bin("psql")), "--set=ON_ERROR_STOP=1", "$(DATABASE_URL)")
    commands = (f"--command={each}" for each in statements)
    return {"checkpoint": "database", "update": (*words, *commands)}


def test_a_release_is_checkpointed_deployed_and_updated_and_not_blamed_for_what_failed_before(
    agent_with: Callable[..., Agent], changed: Staging, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn("acme_staging")) as connection:
        connection.execute("update stock_quant set quantity = quantity + 1")
    agent = agent_with(**updating(UPDATE))

    agent.promote()

    assert agent.deliver_to_the_end() == "succeeded", agent.reason
    assert agent.workloads() == AFTER
    assert changed.was_updated()
    facts = agent.facts("checkpoint_environment")
    assert changed.names() == ["acme_staging", facts["database"]]
    assert facts["failing"] == ["stock-matches-moves"]
    cluster = agent.clusters.named("aks-westeurope")
    assert cluster.job("acme-staging", f"signalbox-update-{agent.run.hex[:8]}") is None


def bad_image(agent: Agent) -> None:
    """Pods of the new image never get ready."""

    def look() -> None:
        released = agent.workloads()["odoo"][0] == NEW
        agent.break_pods("odoo", Failure.PROGRESS_DEADLINE_EXCEEDED if released else None)

    agent.meanwhile = look


def window_that_closes(agent: Agent) -> None:
    """The window ends as soon as there is something to lose."""
    agent.time = CLOSES - timedelta(seconds=10)

    def look() -> None:
        if agent.facts("checkpoint_environment"):
            agent.time = max(agent.time, CLOSES)

    agent.meanwhile = look


@pytest.mark.parametrize(
    ("update", "breaks", "reason"),
    [
        (UNSETTLED, None, "modules-settled: base is to upgrade"),
        (UPDATE, bad_image, "RolloutFailed"),
        (FAILING, window_that_closes, "exit code 1"),
    ],
    ids=["half installed", "image", "update behind the window's end"],
)
def test_what_fails_once_it_has_begun_leaves_everything_as_it_was(
    agent_with: Callable[..., Agent],
    staging: Staging,
    update: tuple[str, ...],
    breaks: Callable[[Agent], None] | None,
    reason: str,
) -> None:
    agent = agent_with(**updating(update), calendar="nights", takes=timedelta(0))
    agent.time = OPENS
    before = staging.digest(), agent.configuration()
    if breaks:
        breaks(agent)

    agent.promote()

    assert agent.deliver_to_the_end() == "failed"
    assert reason in agent.reason
    assert (staging.digest(), agent.configuration()) == before
    assert staging.names() == ["acme_staging"]
    assert agent.undone()
    assert (agent.time > CLOSES) == (breaks is window_that_closes)


def test_an_update_whose_pod_does_not_start_keeps_nobody_from_work_for_long(
    agent_with: Callable[..., Agent], staging: Staging
) -> None:
    agent = agent_with(**updating(UPDATE))
    agent.api.delete("Secret", "acme-staging", "odoo-database")
    began = agent.time

    agent.promote()

    assert agent.deliver_to_the_end() == "failed"
    assert "UpdateStuck" in agent.reason
    assert agent.time - began < timedelta(minutes=10)
    assert agent.workloads() == BEFORE
    assert staging.names() == ["acme_staging"]
    assert agent.undone()


def test_on_a_production_server_nothing_is_dropped(
    agent_with: Callable[..., Agent], changed: Staging
) -> None:
    agent = agent_with(**updating(FAILING))
    agent.hold_real_data()
    before = changed.digest()

    agent.promote()

    assert agent.deliver_to_the_end() == "failed"
    assert changed.digest() == before
    assert changed.names() == ["acme_staging", f"acme_staging_failed_{agent.run.hex[:8]}"]
    assert agent.undone()


def test_a_person_lets_it_go_before_its_window_with_a_reason(
    agent_with: Callable[..., Agent],
) -> None:
    agent = agent_with(calendar="nights")
    agent.promote()
    agent.deliver_until(agent.time)

    asked = agent.asked()
    agent.approvals.approve(
        asked.id, plan=asked.plan_sha256[:12], person="ann", reason="orders stand still"
    )

    assert agent.deliver_to_the_end() == "succeeded", agent.reason
    assert agent.time < OPENS
    facts = agent.facts("await_window")
    assert (facts["allowed_by"], facts["reasons"]) == ("approved by ann", ["orders stand still"])


def test_a_person_calls_it_off(agent_with: Callable[..., Agent]) -> None:
    agent = agent_with(calendar="nights")
    agent.promote()
    agent.deliver_until(agent.time)

    asked = agent.asked()
    agent.approvals.reject(
        asked.id, plan=asked.plan_sha256[:12], person="ann", reason="a bug was found"
    )

    assert agent.deliver_to_the_end() == "failed"
    assert "a bug was found" in agent.reason
    assert agent.workloads() == BEFORE


def test_a_release_waits_once_for_its_window_and_others_have_the_environment_meanwhile(
    agent_with: Callable[..., Agent],
) -> None:
    agent = agent_with(calendar="nights", takes=timedelta(hours=1))
    [release] = agent.promote(id="said twice")
    assert (agent.promote(id="said twice"), agent.promote()) == ([release], [])
    agent.deliver_until(agent.time)

    [agent.run] = agent.happen(RegionDegraded(environment="acme-staging"))
    assert agent.deliver_to_the_end() == "succeeded"
    agent.run = release
    agent.deliver_until(OPENS - timedelta(seconds=1))
    assert agent.workloads() == BEFORE
    assert (
        "no window now that is long enough; opens at 2026-11-24 21:00 UTC" in agent.waits_because()
    )
    assert agent.deliver_to_the_end() == "succeeded", agent.reason
    assert agent.time - OPENS < timedelta(minutes=5)
    assert agent.workloads() == AFTER
    allowed = agent.facts("await_window")["allowed_by"]
    assert allowed == "calendar nights, open until 2026-11-25 03:00 UTC"


def test_what_changed_while_a_release_waited_is_looked_at_again(
    agent_with: Callable[..., Agent],
) -> None:
    agent = agent_with(calendar="nights")
    agent.promote()
    agent.deliver_until(agent.time)
    rules = agent.estate.releases.model_copy(update={"repositories": ("acme.azurecr.io/shop",)})

    agent.use(agent.estate.model_copy(update={"releases": rules}))

    assert agent.deliver_to_the_end() == "failed"
    assert "ImageNotAllowed" in agent.reason
    assert agent.workloads() == BEFORE


def test_a_release_wakes_what_sleeps_and_upkeep_knows(
    agent_with: Callable[..., Agent],
) -> None:
    agent = agent_with()
    for workload in agent.estate.environment("acme-staging").all_workloads:
        agent.clusters.named("aks-westeurope").sleep_workload("acme-staging", workload, epoch=0)
    agent.schedules.record("acme-staging", asleep=True, epoch=0)

    agent.promote()

    assert agent.deliver_to_the_end() == "succeeded", agent.reason
    assert agent.workloads() == AFTER
    assert not agent.schedules.of("acme-staging").record.asleep


def test_a_release_that_waits_aside_can_be_given_up_while_another_run_works(
    agent_with: Callable[..., Agent], ledger: Ledger
) -> None:
    agent = agent_with(calendar="nights")
    agent.promote()
    agent.deliver_until(agent.time)
    [other] = agent.happen(RegionDegraded(environment="acme-staging"))

    cancel(ledger, agent.post, agent.run, by="ann", reason="not today")

    assert (agent.status, agent.reason) == ("failed", "await_window: cancelled by ann: not today")
    agent.run = other
    assert agent.deliver_to_the_end() == "succeeded"


def test_a_release_whose_command_is_lost_while_it_waits_aside_is_taken_up_again(
    agent_with: Callable[..., Agent], ledger: Ledger
) -> None:
    agent = agent_with(calendar="nights")
    agent.promote()
    agent.deliver_until(agent.time)

    agent.bus.sent.clear()
    agent.time = OPENS + timedelta(hours=1)
    redrive_stuck_steps(ledger, agent.runner, timedelta(seconds=30))

    assert agent.deliver_to_the_end() == "succeeded", agent.reason


def test_an_image_that_somebody_writes_back_is_noticed(
    agent_with: Callable[..., Agent],
) -> None:
    agent = agent_with()
    agent.promote()
    agent.deliver_to("update_modules")
    agent.write_image("odoo", "odoo:17.0")
    config = agent.api.read("ConfigMap", "acme-staging", "odoo-config")
    agent.api.replace("ConfigMap", "acme-staging", config | {"data": {"workers": "1"}})

    assert agent.deliver_to_the_end() == "failed"

    assert "ImageTakenBack" in agent.reason
    [back] = [each for each in agent.record["steps"] if each["name"] == "restore_environment"]
    assert back["error"].startswith("NotAsBefore: Deployment acme-staging/odoo runs 1 of odoo:17.0")
    assert "ConfigMap acme-staging/odoo-config has changed" in back["error"]
    assert agent.workloads()["odoo"] == ("odoo:17.0", 1)
    assert agent.workloads()["odoo-cron"] == (IMAGE, 1)


def test_health_is_asked_until_it_is_given_up(
    agent_with: Callable[..., Agent],
) -> None:
    agent = agent_with(health_url="http://127.0.0.1:9/web/health")

    agent.promote()

    assert agent.deliver_to_the_end() == "failed"
    assert "no answer" in agent.reason
    assert "attempt 6 was the last" in agent.reason
    assert agent.workloads() == BEFORE
