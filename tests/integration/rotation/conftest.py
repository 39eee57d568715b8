"""A staging environment whose login is rotated: real roles, a real Kubernetes API, the engine."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from functions.intake import accept_event
from functions.rotation import REVOCATION, RUNBOOK
from functions.upkeep.logins import watch_logins
from infra.local.furnish import furnish
from infra.local.kubernetes import FAILURE_ANNOTATION, KubernetesEmulator
from infra.local.postgres import PostgresServer
from infra.local.processes import wait_until
from shared.cluster import Clusters
from shared.cluster.api import Api, Conflict
from shared.estate import Estate, Secrets, load_estate
from shared.estate.references import Reference
from shared.estate.rotations import Rotation
from shared.ledger import Ledger, Placements
from shared.ledger.logins import Logins
from shared.messages import CloudEvent, Command, Event
from shared.messages.rotation import SecretNearExpiry
from shared.postgres.databases import Databases
from shared.runs import Run, Runner
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.publishing import enveloped
from shared.runs.reading import Received
from tests.keepingbus import KeepingBus

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
PLACE = "acme-staging"
DATABASE = "acme_staging"
LOGINS = ("acme_staging_login_a", "acme_staging_login_b")
RUNBOOKS = (RUNBOOK, REVOCATION)
ACTIONS = {(a.topic, a.subscription): a for book in RUNBOOKS for a in book.actions()}
_numbers = count(1)


class Dated(Secrets):
    """Remembers when what was kept last expires, as Key Vault does and a file does not."""

    expires: datetime | None = None

    def keep(self, reference: Reference, value: str, *, expires: datetime | None) -> None:
        self.expires = expires
        super().keep(reference, value, expires=expires)


class Agent:
    """The engine with the rotation agent and upkeep's watch, and a clock that tests move."""

    def __init__(
        self, ledger: Ledger, postgres: PostgresServer, cluster_url: str, vault: Path
    ) -> None:
        self.ledger, self.postgres, self.vault = ledger, postgres, vault
        self.time = datetime(2026, 11, 23, 12, tzinfo=UTC)
        ledger.clock = lambda: self.time
        self.clock = ledger.clock
        self.bus = KeepingBus()
        self.estate = estate_with(vault)
        names = (f"ERP_{name}_DATABASE_URL" for name in ("NONPROD", "PROD", "STANDBY"))
        self.secrets = Dated(dict.fromkeys(names, postgres.url()))
        self.databases = Databases(self.estate, self.secrets.resolve)
        self.clusters = Clusters(self.estate, cluster_url)
        self.api = Api(cluster_url)
        self.placements = Placements(ledger)
        self.logins = Logins(ledger)
        post = Outbox(ledger, self.bus).post
        self.runner = Runner(ledger, post, self, beating=lambda _: nullcontext())
        self.intake = Intake(RUNBOOKS, self.estate)

    @property
    def url(self) -> str:
        """What pods that start now connect with."""
        return self.url_of(PLACE)

    def url_of(self, namespace: str) -> str:
        cluster = self.clusters.named("aks-westeurope")
        return cluster.read_secret(namespace, "odoo-database")["url"]

    def expire(self, secret: str | None = None, environment: str = PLACE) -> None:
        self.happen(SecretNearExpiry(environment=environment, secret=secret))

    def happen(self, event: Event) -> None:
        id = f"e-{next(_numbers)}"
        self.time += timedelta(seconds=1)  # the newest run is the one that began last
        self.bus.send([enveloped(CloudEvent.of(event, id=id, source="/test", time=self.time))])
        self.accept()

    def tick(self) -> None:
        watch_logins(self.estate, self.logins, self.runner)
        self.accept()

    def accept(self) -> None:
        for envelope in [e for e in self.bus.sent if e.topic == "platform-events"]:
            self.bus.sent.remove(envelope)
            body, id = envelope.body.encode(), f"m-{next(_numbers)}"
            received = Received("platform-events", "accept-event", id, body, {})
            accept_event(received, runner=self.runner, intake=self.intake, bus=self.bus)

    def deliver(self) -> None:
        for envelope in [e for e in self.bus.sent if (e.topic, e.subject) in ACTIONS]:
            self.bus.sent.remove(envelope)
            self.time = max(self.time, envelope.scheduled_for or self.time)
            command = Command.model_validate_json(envelope.body)
            self.runner.deliver(ACTIONS[envelope.topic, envelope.subject], command)

    def repeat(self, step: Any) -> None:
        """Call a step of the newest run once more, as a delivery that was late would."""
        action = next(a for a in RUNBOOK.actions() if a.handler is step)
        [known] = [each for each in self.record["steps"] if each["name"] == action.name]
        epoch = self.record["run"]["epoch"]
        run = Run(self.newest.id, PLACE, epoch, action.name, 1, {}, lambda: True)
        self.runner.bind(action)(action.consumes.model_validate(known["input"]), run=run)

    def settle(self, *over: str) -> str:
        """Until the newest run is one of these, or over."""
        wanted = over or ("succeeded", "failed")

        def so() -> bool:
            self.deliver()
            return self.newest.status in wanted

        wait_until(so, seconds=20, waiting_for="the run")
        return str(self.newest.status)

    @property
    def newest(self) -> Any:
        return self.ledger.recent_runs(limit=1)[0]

    @property
    def record(self) -> dict[str, Any]:
        found = self.ledger.run_record(self.newest.id)
        assert found is not None
        return found

    def facts(self, step: str) -> dict[str, Any]:
        [found] = [each for each in self.record["steps"] if each["name"] == step]
        return dict(found["output"] or {})

    def undone(self) -> bool:
        undos = [each for each in self.record["steps"] if each["kind"] == "undo"]
        return {each["status"] for each in undos} <= {"succeeded", "skipped"}

    def lets_in(self, url: str) -> str | None:
        """As whom the server lets somebody in; None: not at all."""
        try:
            with psycopg.connect(url) as connection:
                row = connection.execute("select current_user").fetchone()
                return str(row and row[0])
        except psycopg.OperationalError:
            return None

    def restarts(self) -> set[str]:
        """What the pods of Odoo and of its cron were restarted for."""
        found = (self.api.read("Deployment", PLACE, n) for n in ("odoo", "odoo-cron"))
        templates = (each["spec"]["template"]["metadata"] for each in found)
        return {
            each.get("annotations", {}).get("signalbox.dev/restarted-for") for each in templates
        }

    def break_pods(self, failure: str | None) -> None:
        """Pods of Odoo that are made from now on fail so; None: no more."""

        def written() -> bool:
            found = self.api.read("Deployment", PLACE, "odoo")
            found["metadata"].setdefault("annotations", {}).pop(FAILURE_ANNOTATION, None)
            if failure is not None:
                found["metadata"]["annotations"][FAILURE_ANNOTATION] = failure
            try:
                self.api.replace("Deployment", PLACE, found)
            except Conflict:  # its controller writes, too
                return False
            return True

        wait_until(written, seconds=5, waiting_for="a change without a conflict")


def estate_with(vault: Path) -> Estate:
    """The demo's estate, whose staging has a login that is rotated each month."""
    found = load_estate(ESTATE)
    rotation = Rotation(
        secret=Reference("file", str(vault)), every=timedelta(days=30), grace=timedelta(hours=1)
    )
    of_pair = Rotation(grace=timedelta(hours=1))
    stated = {PLACE: rotation, "acme-prod": of_pair}
    changed = tuple(
        each.model_copy(update={"rotation": stated.get(each.name)}) for each in found.environments
    )
    return found.model_copy(update={"environments": changed})


@pytest.fixture(scope="module")
def cluster_url() -> Iterator[str]:
    with KubernetesEmulator(None, delay=0.01) as emulator:
        yield emulator.url


@pytest.fixture
def owner(postgres: PostgresServer) -> Iterator[str]:
    """The role that owns the database, with the login that Odoo has had so far."""
    postgres.create_role("odoo")
    postgres.create_database(DATABASE, owner="odoo")
    postgres.create_database("acme_prod", owner="odoo")
    yield "odoo"
    postgres.drop_database(DATABASE)
    postgres.drop_database("acme_prod")
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for login in (*LOGINS, "acme_prod_login_a"):
            connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(login)))


@pytest.fixture
def agent(
    ledger: Ledger, postgres: PostgresServer, owner: str, cluster_url: str, tmp_path: Path
) -> Iterator[Agent]:
    agent = Agent(ledger, postgres, cluster_url, tmp_path / "vault")
    furnish(
        cluster_url,
        agent.estate,
        lambda each: postgres.url(each.database.name, each.database.owner),
    )
    yield agent
    for each in agent.estate.environments:
        for workload in agent.estate.environment("acme-prod").all_workloads:
            agent.api.delete("Deployment", each.namespace, workload.name)
        for name in ("odoo-database", "signalbox-rotation", "signalbox-before-rotation"):
            agent.api.delete("Secret", each.namespace, name)


@pytest.fixture
def ledger(empty_ledger: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(empty_ledger)
    yield ledger
    ledger.close()
