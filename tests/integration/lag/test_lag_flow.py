"""The lag agent from breach to report, on a real pair and a real Kubernetes API."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from kubernetes import client

from functions.intake import accept_event
from functions.lag import CATCH_UP, RUNBOOK, concerned
from functions.lag.measuring import judge_promotable
from infra.local.processes import wait_until
from shared.cluster import Clusters
from shared.cluster.api import Api, Conflict
from shared.estate import Easing, NoStandby, ScaledDown
from shared.ledger import Placements
from shared.messages import CloudEvent, Command, Event
from shared.messages.lag import LagRecovered, LagThresholdBreached
from shared.runs.announcing import Announcing
from shared.runs.hours import Schedules
from shared.runs.intake import Intake
from shared.runs.reading import Received
from tests.integration.lag.conftest import LIMITS, Site

NEIGHBOURS = ("acme-staging", "acme-training")
EASING = Easing(
    pause=NEIGHBOURS, suspend=("reports", "gone"), scale=(ScaledDown(workload="odoo", replicas=1),)
)
PATIENT = LIMITS.model_copy(update={"easing": EASING})
PLACE = "acme-prod"
ACTIONS = {(a.topic, a.subscription): a for book in (RUNBOOK, CATCH_UP) for a in book.actions()}


class Agent(Site):
    """The engine with the lag agent alone, and a clock that goes to whatever is scheduled."""

    def __init__(self, servers: Any, ledger: Any, kubernetes: str, **limits: Any) -> None:
        super().__init__(servers, ledger, **limits)
        self.clusters = Clusters(self.estate, kubernetes)
        self.api = Api(kubernetes)
        self.placements = Placements(ledger)
        self.late = timedelta(0)
        clock = ledger.clock
        ledger.clock = lambda: clock() + self.late
        self.announcing = Announcing(ledger, self.post)
        self.schedules = Schedules(self.estate, ledger, self.post)
        self.intake = Intake((RUNBOOK, CATCH_UP), self.estate)

    def happen(self, event: Event, id: str = "e-1") -> Any:
        said = CloudEvent.of(event, id=id, source="/test", time=self.ledger.clock())
        body = said.model_dump_json().encode()
        received = Received("platform-events", "accept-event", id, body, {})
        accept_event(received, runner=self.runner, intake=self.intake, bus=self.bus)
        return self.ledger.runs_of_event("/test", id)[0]

    def deliver(self) -> None:
        """Deliver what is there now; a command that is scheduled moves the clock."""
        due = [e for e in self.bus.sent if (e.topic, e.subject) in ACTIONS]
        for envelope in due:
            self.bus.sent.remove(envelope)
            if envelope.scheduled_for is not None:
                self.late += max(timedelta(0), envelope.scheduled_for - self.ledger.clock())
            command = Command.model_validate_json(envelope.body)
            self.runner.deliver(ACTIONS[envelope.topic, envelope.subject], command)

    def deliver_until(self, step: str) -> None:
        """Until a step has begun to look."""

        def begun() -> bool:
            self.deliver()
            return any(each.name == step and each.looks for each in self.ledger.progress(self.run))

        wait_until(begun, seconds=20, waiting_for=step)

    def deliver_to_the_end(self) -> str:
        def over() -> bool:
            self.deliver()
            return self.status in ("succeeded", "failed", "superseded")

        wait_until(over, seconds=20, waiting_for="the end of the run")
        return self.status

    def breach(self) -> None:
        self.run = self.happen(LagThresholdBreached(environment="acme-prod"))

    @property
    def status(self) -> str:
        return str(self.record["run"]["status"])

    @property
    def record(self) -> dict[str, Any]:
        found = self.ledger.run_record(self.run)
        assert found is not None
        return found

    def facts(self, step: str) -> dict[str, Any]:
        [found] = [each for each in self.record["steps"] if each["name"] == step]
        return dict(found["output"])

    def said(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(e.body)["data"] for e in self.bus.sent if e.subject == kind]

    def scale(self) -> tuple[int, bool]:
        """The pods of Odoo, and whether the reports rest."""
        odoo = self.api.read("Deployment", PLACE, "odoo")
        reports = self.api.read("CronJob", PLACE, "reports")
        return odoo["spec"]["replicas"], bool(reports["spec"].get("suspend"))


@pytest.fixture(scope="module")
def cluster_url(kubernetes: Any) -> str:
    with client.ApiClient(client.Configuration(host=kubernetes.url)) as api:
        client.CoreV1Api(api).create_namespace({"metadata": {"name": PLACE}})
    return str(kubernetes.url)


@pytest.fixture
def agent(servers: Any, ledger: Any, cluster_url: str) -> Iterator[Agent]:
    agent = Agent(servers, ledger, cluster_url, limits=PATIENT)
    agent.measured(lambda each: each.behind == 0, "the standby to have everything")
    container = {"name": "c", "image": "x"}
    pod = {"metadata": {"labels": {"app": "odoo"}}, "spec": {"containers": [container]}}
    match = {"matchLabels": {"app": "odoo"}}
    odoo = {"replicas": 2, "selector": match, "template": pod}
    agent.api.create("Deployment", PLACE, {"metadata": {"name": "odoo"}, "spec": odoo})
    job = {"template": {"spec": {"containers": [container], "restartPolicy": "Never"}}}
    reports = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": job}}
    agent.api.create("CronJob", PLACE, {"metadata": {"name": "reports"}, "spec": reports})
    yield agent
    agent.api.delete("Deployment", PLACE, "odoo")
    agent.api.delete("CronJob", PLACE, "reports")


def lag_behind(agent: Agent) -> None:
    agent.measured(lambda each: (each.behind or 0) > 0.4, "the standby to fall back")


def test_the_load_is_eased_until_the_standby_has_caught_up_and_then_restored(agent, servers):
    with servers.cut():
        lag_behind(agent)
        agent.breach()
        agent.deliver_until("watch_lag")
        assert agent.scale() == (1, True)

    assert agent.deliver_to_the_end() == "succeeded"
    assert agent.scale() == (2, False)
    assert agent.facts("report_lag")["recovered"]
    [missing] = agent.facts("ease_load")["not_eased"]
    assert "gone" in missing
    assert agent.said("lag-escalated") == []


def test_neighbours_sleep_until_the_standby_has_caught_up_unless_a_person_decides(agent, servers):
    who = {"asleep": False, "until": None, "by": "a trainer", "reason": "a course"}
    agent.schedules.want("acme-training", **who)
    with servers.cut():
        lag_behind(agent)
        agent.breach()
        agent.deliver_until("watch_lag")
        staging, training = map(agent.schedules.of, NEIGHBOURS)
    agent.deliver_to_the_end()

    assert (staging.asleep, staging.by) == (True, "lag of acme-prod")
    assert (training.asleep, training.by) == (False, "a trainer")
    assert "environment acme-staging sleeps" in agent.facts("ease_load")["eased"]
    assert "acme-training sleeps: a trainer decides" in agent.facts("ease_load")["not_eased"][-1]
    assert agent.schedules.of("acme-staging").by is None
    assert agent.schedules.of("acme-training").by == "a trainer"
    assert [each["environment"] for each in agent.said("hours-changed")] == [
        "acme-training",
        "acme-staging",
        "acme-staging",
    ]


def test_past_patience_people_are_told_what_to_expect_and_a_later_recovery_restores(agent, servers):
    with servers.cut():
        lag_behind(agent)
        agent.breach()
        agent.deliver_until("watch_lag")
        agent.late += timedelta(minutes=16)
        assert agent.deliver_to_the_end() == "succeeded"
        [told] = agent.said("lag-escalated")
        assert told["standby"] == "acme-standby"
        assert "min of eased load" in told["outlook"]
        assert agent.scale() == (1, True)
    agent.measured(lambda each: each.behind == 0, "the standby to catch up")

    agent.run = agent.happen(LagRecovered(environment="acme-prod"), id="e-2")

    assert agent.deliver_to_the_end() == "succeeded"
    assert agent.scale() == (2, False)
    assert len(agent.facts("confirm_catch_up")["restored"]) == 4


def test_past_the_rpo_a_failover_needs_consent_until_the_standby_has_caught_up(
    servers, ledger, cluster_url
):
    strict = timedelta(milliseconds=100)
    agent = Agent(servers, ledger, cluster_url, limits=LIMITS, rpo=strict)
    with servers.cut():
        lag_behind(agent)
        agent.breach()
        agent.deliver_until("watch_lag")
        placed = agent.placements.of("acme-prod")
        assert not placed.promotable
        assert "may be lost" in placed.reason
        unknown = replace(agent.replication.measure(agent.pair), primary=None, seconds=None)
        judge_promotable(agent.pair, unknown, agent.placements)
        assert not agent.placements.of("acme-prod").promotable

    agent.deliver_to_the_end()
    assert agent.placements.of("acme-prod").promotable


def test_a_consent_that_somebody_else_asks_for_is_left_to_them(agent):
    agent.placements.set_promotable("acme-prod", False, "being examined by the auditors")

    agent.breach()
    agent.deliver_to_the_end()

    assert not agent.placements.of("acme-prod").promotable


def scale_by_hand(agent: Agent, replicas: int) -> None:
    odoo = agent.api.read("Deployment", PLACE, "odoo")
    odoo["spec"]["replicas"] = replicas
    try:
        agent.api.replace("Deployment", PLACE, odoo)
    except Conflict:  # the emulator's controller writes the status
        scale_by_hand(agent, replicas)


def test_what_was_scaled_by_somebody_meanwhile_stays_so(agent, servers):
    with servers.cut():
        lag_behind(agent)
        agent.breach()
        agent.deliver_until("watch_lag")
        scale_by_hand(agent, 5)

    agent.deliver_to_the_end()

    assert agent.scale() == (5, False)


def test_a_run_that_fails_gives_the_load_back(agent, servers):
    with servers.cut():
        lag_behind(agent)
        agent.breach()
        agent.deliver_until("watch_lag")
        agent.late += timedelta(hours=14)

        assert agent.deliver_to_the_end() == "failed"

    assert agent.scale() == (2, False)


def test_a_breach_that_is_over_eases_nothing(agent):
    agent.breach()

    assert agent.deliver_to_the_end() == "succeeded"
    assert agent.facts("ease_load")["eased"] == []
    assert agent.scale() == (2, False)


def test_a_standby_that_was_fenced_is_not_lagging(agent):
    agent.placements.take("acme-prod", "acme-standby", epoch=1, run=uuid4(), standby_state="fenced")

    agent.breach()

    assert agent.deliver_to_the_end() == "failed"
    assert "region-recovered" in agent.record["run"]["reason"]


def test_an_environment_without_a_standby_is_refused(agent):
    with pytest.raises(NoStandby, match="acme-staging has no standby"):
        concerned(LagThresholdBreached(environment="acme-staging"), agent.estate)
