"""A QA environment that sleeps at night: a real Kubernetes API, the engine, a clock of its own."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from kubernetes import client

from functions.intake import accept_event
from functions.refresh import RUNBOOK as REFRESH
from functions.schedules import RUNBOOK
from functions.upkeep.hours import publish_due_refreshes, watch_hours
from infra.local.kubernetes import FAILURE_ANNOTATION, KubernetesEmulator
from infra.local.processes import wait_until
from shared.cluster import Clusters
from shared.cluster.api import Api, Conflict
from shared.estate import Estate, load_estate
from shared.ledger import Ledger
from shared.messages import CloudEvent, Command
from shared.messages.refresh import BackupCompleted
from shared.runs import Runner
from shared.runs.cancelling import cancel
from shared.runs.hours import Hours, Schedules
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.publishing import enveloped
from shared.runs.reading import Received
from tests.keepingbus import KeepingBus
from tests.memoryblobs import MemoryBlobs

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
PLACE = "acme-staging"
MANIFEST = "backups/acme-prod/20261127T020000Z/manifest.json"
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WORKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
OFFICE = {
    "name": "office",
    "time_zone": "Europe/Berlin",
    "windows": [{"days": WORKDAYS, "opens": "07:00", "closes": "20:00"}],
}
NIGHTS = {
    "name": "nights",
    "time_zone": "Europe/Berlin",
    "windows": [{"days": ["saturday"], "opens": "03:00", "closes": "04:00"}],
}
SCHEDULE = {
    "name": "staging",
    "classes": ["staging"],
    "awake": "office",
    "refresh": {"at": "nights"},
}
CONTAINER = {"name": "c", "image": "x"}
ACTIONS = {(a.topic, a.subscription): a for a in RUNBOOK.actions()}
_numbers = count(1)


def estate_with(*schedules: dict[str, Any]) -> Estate:
    """The demo's estate with a second workload that may sleep: a CronJob."""
    plain = load_estate(ESTATE).model_dump(by_alias=True)
    plain |= {"calendars": [OFFICE, NIGHTS], "schedules": list(schedules)}
    for each in plain["environments"]:
        if each["name"] == PLACE:
            each["workloads"] = [
                {"name": "odoo"},
                {"name": "odoo-cron"},
                {"kind": "CronJob", "name": "reports"},
                {"kind": "CronJob", "name": "resting"},
            ]
    return Estate.model_validate(plain)


class Agent:
    """The engine with the schedule agent and upkeep's watch, and a clock that tests move."""

    def __init__(self, ledger: Ledger, cluster_url: str) -> None:
        self.ledger = ledger
        self.time = MONDAY_NOON
        ledger.clock = lambda: self.time
        self.bus = KeepingBus()
        self.estate = estate_with(SCHEDULE)
        self.clusters = Clusters(self.estate, cluster_url)
        self.cluster = self.clusters.named("aks-westeurope")
        self.api = Api(cluster_url)
        self.blobs = MemoryBlobs()
        self.post = Outbox(ledger, self.bus).post
        self.schedules = Schedules(self.estate, ledger, self.post)
        self.runner = Runner(ledger, self.post, self, beating=lambda _: nullcontext())
        self.intake = Intake((RUNBOOK, REFRESH), self.estate)

    @property
    def hours(self) -> Hours:
        return self.schedules.of(PLACE)

    def go_to(self, said: str) -> None:
        """UTC; upkeep looks as two hosts would."""
        self.time = datetime.fromisoformat(said).replace(tzinfo=UTC)
        self.tick()
        self.tick()

    def tick(self) -> None:
        watch_hours(self.schedules, self.runner)
        publish_due_refreshes(self.schedules, self.estate, self.blobs, self.runner)
        for envelope in [e for e in self.bus.sent if e.topic == "platform-events"]:
            self.bus.sent.remove(envelope)
            id = f"m-{next(_numbers)}"
            received = Received("platform-events", "accept-event", id, envelope.body.encode(), {})
            accept_event(received, runner=self.runner, intake=self.intake, bus=self.bus)

    def deliver(self) -> None:
        """Deliver what is there now, early or not."""
        for envelope in [e for e in self.bus.sent if (e.topic, e.subject) in ACTIONS]:
            self.bus.sent.remove(envelope)
            action = ACTIONS[envelope.topic, envelope.subject]
            self.time = max(self.time, envelope.scheduled_for or self.time)
            self.runner.deliver(action, Command.model_validate_json(envelope.body))

    def settle(self) -> list[str]:
        """Until no run of ours is at work; how each ended, oldest first."""

        def over() -> bool:
            self.deliver()
            return not any(run.status in ("running", "undoing") for run in self.runs())

        wait_until(over, seconds=20, waiting_for="the end of the runs")
        return [run.status for run in self.runs()]

    def refresh(self) -> None:
        """One that nobody works on holds the environment."""
        event = BackupCompleted(environment="acme-prod", manifest=MANIFEST, target=PLACE)
        said = CloudEvent.of(event, id="by-hand", source="/test", time=self.time)
        self.bus.send([enveloped(said)])
        self.tick()

    def end_refresh(self) -> None:
        [held] = self.runs("refresh")
        cancel(self.ledger, self.post, held.id, by="ann", reason="over")

    def runs(self, runbook: str = "schedule") -> list[Any]:
        found = self.ledger.recent_runs(limit=100)
        return [run for run in reversed(found) if run.runbook == runbook]

    def reason(self, run: UUID) -> str:
        record = self.ledger.run_record(run)
        assert record is not None
        return str(record["run"]["reason"])

    def scale(self) -> tuple[int, int, bool, bool]:
        """The pods of Odoo and of its cron, and whether each CronJob is suspended."""
        odoo, cron = (self.api.read("Deployment", PLACE, n)["spec"] for n in ("odoo", "odoo-cron"))
        jobs = (self.api.read("CronJob", PLACE, n)["spec"] for n in ("reports", "resting"))
        reports, resting = (bool(each.get("suspend")) for each in jobs)
        return odoo["replicas"], cron["replicas"], reports, resting

    def change(self, name: str, replicas: int | None = None, failure: str | None = None) -> None:
        """As a person with kubectl, or a broken image, would."""

        def written() -> bool:
            found = self.api.read("Deployment", PLACE, name)
            if replicas is not None:
                found["spec"]["replicas"] = replicas
            if failure is not None:
                found["metadata"].setdefault("annotations", {})[FAILURE_ANNOTATION] = failure
            try:
                self.api.replace("Deployment", PLACE, found)
            except Conflict:  # its controller writes, too
                return False
            return True

        wait_until(written, seconds=5, waiting_for="a change without a conflict")


@pytest.fixture(scope="module")
def cluster_url() -> Iterator[str]:
    with KubernetesEmulator(None, delay=0.01) as emulator:
        configuration = client.Configuration(host=emulator.url)
        with client.ApiClient(configuration) as api:
            client.CoreV1Api(api).create_namespace({"metadata": {"name": PLACE}})
        yield emulator.url


@pytest.fixture
def ledger(empty_ledger: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(empty_ledger)
    yield ledger
    ledger.close()


@pytest.fixture
def agent(ledger: Ledger, cluster_url: str) -> Iterator[Agent]:
    """At Monday noon, awake: three pods of Odoo, none of its cron, one CronJob suspended."""
    agent = Agent(ledger, cluster_url)
    for name, replicas in (("odoo", 3), ("odoo-cron", 0)):
        match = {"app": name}
        pod = {"metadata": {"labels": match}, "spec": {"containers": [CONTAINER]}}
        spec = {"replicas": replicas, "selector": {"matchLabels": match}, "template": pod}
        agent.api.create("Deployment", PLACE, {"metadata": {"name": name}, "spec": spec})
    job = {
        "template": {
            "spec": {"containers": [{"name": "c", "image": "x"}], "restartPolicy": "Never"}
        }
    }
    for name, suspend in (("reports", False), ("resting", True)):
        spec = {"schedule": "0 0 1 1 *", "suspend": suspend, "jobTemplate": {"spec": job}}
        agent.api.create("CronJob", PLACE, {"metadata": {"name": name}, "spec": spec})
    yield agent
    for kind, name in (
        ("Deployment", "odoo"),
        ("Deployment", "odoo-cron"),
        ("CronJob", "reports"),
        ("CronJob", "resting"),
    ):
        agent.api.delete(kind, PLACE, name)
