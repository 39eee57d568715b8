"""A staging that was refreshed, proven and published, and the engine with the agent alone."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from functions.environments import REMOVAL, RUNBOOK
from functions.intake import accept_event
from functions.refresh.clones import replacements
from functions.schedules import RUNBOOK as SCHEDULE
from infra.local.kubernetes import KubernetesEmulator
from infra.local.postgres import PostgresServer
from infra.local.processes import wait_until
from infra.local.sample import create_sample
from shared.blobs import Blobs
from shared.cluster import Clusters
from shared.cluster.api import Api
from shared.estate import Calendar, Estate, Secrets, load_estate
from shared.ledger import Ledger
from shared.ledger.environments import EnvironmentsOnRequest
from shared.messages import CloudEvent, Command, Event
from shared.messages.environments import EnvironmentExpired, EnvironmentRequested
from shared.messages.refresh import DatabaseRestored, EnvironmentVerified, IndexesBuilt
from shared.odoo.clone import Clone
from shared.odoo.placeholders import CONTENTS
from shared.odoo.remap import remap_settings
from shared.postgres.checkpoints import incoming_name, previous_name
from shared.postgres.databases import Databases
from shared.postgres.marker import CloneMarker, write_marker
from shared.runs import Runner
from shared.runs.approvals import Approvals
from shared.runs.hours import Schedules
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.reading import Received
from tests.integration.refresh.conftest import databases_like
from tests.integration.refresh.passage import Passage
from tests.integration.schedules.conftest import OFFICE
from tests.keepingbus import KeepingBus
from tests.memoryblobs import MemoryBlobs

if TYPE_CHECKING:
    from tests.integration.environments.dying import Deaths

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
SERVER, STAGING, OFFER = "erp-nonprod", "acme-staging", "qa-small"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RUNBOOKS = (RUNBOOK, REMOVAL, SCHEDULE)
ACTIONS = {(a.topic, a.subscription): a for book in RUNBOOKS for a in book.actions()}
OVER = ("succeeded", "failed", "superseded")
RESTORED = DatabaseRestored(
    source="acme-prod",
    manifest="backups/m.json",
    manifest_sha256="0" * 64,
    archive="backups/a",
    archive_size=1,
    archive_sha256="0" * 64,
    database="incoming",
    seconds=1,
)

_numbers = count(1)


@dataclass(frozen=True)
class Reachable:
    """What any process can work with that knows where it is."""

    cluster_url: str
    blobs: Blobs
    secrets: Secrets
    estate: Estate

    @property
    def databases(self) -> Databases:
        return Databases(self.estate, self.secrets.resolve)

    @property
    def clusters(self) -> Clusters:
        return Clusters(self.estate, self.cluster_url)


@dataclass(frozen=True)
class Machine(Reachable):
    """What outlives a test: servers, a certified staging, its files."""

    postgres: PostgresServer

    def names(self, beginning: str) -> list[str]:
        """Databases and roles that begin so."""
        query = """
            select datname from pg_database where starts_with(datname, %(it)s)
            union all select rolname from pg_roles where starts_with(rolname, %(it)s) order by 1
        """
        with psycopg.connect(self.postgres.dsn()) as connection:
            return [name for (name,) in connection.execute(query, {"it": beginning})]


class Agent:
    """The engine with the agent alone, and a clock that goes to whatever is scheduled."""

    def __init__(self, ledger: Ledger, machine: Reachable) -> None:
        self.ledger = ledger
        self.time = NOON
        self.actions = ACTIONS
        self.deaths: Deaths | None = None
        ledger.clock = lambda: self.time
        self.clock = ledger.clock
        self.bus = KeepingBus()
        self.estate, self.secrets = machine.estate, machine.secrets
        self.blobs: Blobs = machine.blobs
        self.databases, self.clusters = machine.databases, machine.clusters
        self.api = Api(machine.cluster_url)
        self.on_request = EnvironmentsOnRequest(ledger)
        self.post = Outbox(ledger, self.bus).post
        self.approvals = Approvals(ledger, self.post)
        self.runner = Runner(ledger, self.post, self, beating=lambda _: nullcontext())

    @property
    def schedules(self) -> Schedules:
        return Schedules(self.estate, self.ledger, self.post)

    def wanted(self, name: str, *, by: str = "ana", hours: int = 24) -> EnvironmentRequested:
        return EnvironmentRequested(environment=name, offer=OFFER, hours=hours, requested_by=by)

    def request(self, name: str, *, by: str = "ana", hours: int = 24) -> UUID:
        [run] = self.happen(self.wanted(name, by=by, hours=hours))
        return run

    def remove(self, name: str, *, by: str | None = "ana") -> UUID:
        [run] = self.happen(EnvironmentExpired(environment=name, removed_by=by))
        return run

    def happen(self, event: Event) -> list[UUID]:
        """The run of the event; none when it is the same as one at work."""
        id = f"e-{next(_numbers)}"
        said = CloudEvent.of(event, id=id, source="/test", time=self.time)
        self.accept(said)
        return self.ledger.runs_of_event("/test", id)

    def accept(self, said: CloudEvent) -> None:
        body = said.model_dump_json().encode()
        received = Received("platform-events", "accept-event", said.id, body, {})
        intake = Intake(RUNBOOKS, self.estate)
        accept_event(received, runner=self.runner, intake=intake, bus=self.bus)

    def change_offer(self, **facts: Any) -> None:
        [offer] = self.estate.offers
        changed = (offer.model_copy(update=facts),)
        calendars = (Calendar.model_validate(OFFICE),)
        self.estate = self.estate.model_copy(update={"offers": changed, "calendars": calendars})

    def deliver(self) -> None:
        """Deliver what is there; a command that is scheduled moves the clock."""
        for envelope in [e for e in self.bus.sent if (e.topic, e.subject) in ACTIONS]:
            self.bus.sent.remove(envelope)
            self.time = max(self.time, envelope.scheduled_for or self.time)
            if self.deaths is not None:
                self.deaths.before(envelope, self.time)
            command = Command.model_validate_json(envelope.body)
            self.runner.deliver(self.actions[envelope.topic, envelope.subject], command)

    def finish(self, run: UUID) -> str:
        def over() -> bool:
            self.deliver()
            return self.status(run) in OVER

        wait_until(over, seconds=90, waiting_for="the end of the run")
        return self.status(run)

    def deliver_past(self, run: UUID, step: str | None) -> None:
        """Until a step has succeeded; None: until the first one waits for people."""

        def so() -> bool:
            self.deliver()
            if step is None:
                return bool(self.ledger.progress(run)[0].checkpoint)
            return any(
                s.name == step and s.status == "succeeded" for s in self.ledger.progress(run)
            )

        wait_until(so, seconds=20, waiting_for=step or "people")

    def record(self, run: UUID) -> dict[str, Any]:
        found = self.ledger.run_record(run)
        assert found is not None
        return found

    def status(self, run: UUID) -> str:
        return str(self.record(run)["run"]["status"])

    def reason(self, run: UUID) -> str:
        return str(self.record(run)["run"]["reason"])

    def left_behind(self, run: UUID) -> list[str]:
        """Undos that failed."""
        return [s["name"] for s in self.record(run)["steps"] if s["status"] == "failed"][1:]

    def facts(self, run: UUID, step: str) -> dict[str, Any]:
        [found] = [each for each in self.record(run)["steps"] if each["name"] == step]
        return dict(found["output"] or {})


def secrets_of(server: str) -> Secrets:
    return Secrets(
        {
            "ERP_PROD_DATABASE_URL": "postgresql://odoo@127.0.0.9/postgres",
            "ERP_STANDBY_DATABASE_URL": "postgresql://odoo@127.0.0.8/postgres",
            "ERP_NONPROD_DATABASE_URL": server,
            "SIGNALBOX_MASKING_KEY": "a key of the tests, 32 bytes long",
        }
    )


@pytest.fixture(scope="module")
def machine(postgres: PostgresServer) -> Iterator[Machine]:
    """Servers that run, and a staging of which a refresh has kept a certified copy.

    Its databases are named as those of other modules, which are to find none.
    """
    environment = {"PATH": os.environ["PATH"]}
    with KubernetesEmulator(None, environment=environment, delay=0.02) as emulator:
        secrets, estate = secrets_of(postgres.url()), load_estate(ESTATE)
        machine = Machine(emulator.url, MemoryBlobs(), secrets, estate, postgres)
        refresh(machine, epoch=1)
        yield machine
    for name in databases_like(postgres, "acme_staging%"):
        postgres.drop_database(name)


@dataclass(frozen=True)
class Given:
    """What the steps of a refresh are given."""

    estate: Estate
    secrets: Secrets
    databases: Databases
    blobs: Blobs


def refresh(machine: Machine, *, epoch: int) -> Passage:
    """Sanitize, prove, keep and publish a sample, by the steps of a refresh that matter here."""
    postgres, databases = machine.postgres, machine.databases
    passage = Passage(
        Given(machine.estate, machine.secrets, databases, machine.blobs),  # type: ignore[arg-type]
        STAGING,
        epoch=epoch,
    )
    incoming = incoming_name("acme_staging", passage.short)
    postgres.create_role("odoo")
    postgres.create_database(incoming, owner="odoo")
    folder = "filestore/acme-staging/"
    create_sample(
        postgres.dsn(incoming, user="odoo"),
        partners=100,
        sink=lambda path, content: machine.blobs.upload(folder + path, content),
    )
    for path, content in CONTENTS.items():
        machine.blobs.upload(folder + path, content)
    with databases.connect(SERVER, incoming) as connection:
        connection.execute(f'revoke connect on database "{incoming}" from public'.encode())
        write_marker(connection, CloneMarker.new(str(passage.id), "1", "acme_prod", epoch))
    masked = passage.do("mask_database", RESTORED)
    sanitized = passage.do("sanitize_database", masked.become(IndexesBuilt, foreign_keys=0))
    remap(databases, machine.estate, passage, incoming)
    verified = sanitized.become(EnvironmentVerified, endpoints=0, files=0, bytes=0, checks=0)
    passage.do("keep_certified", passage.do("prove_sanitized", verified))
    previous = previous_name("acme_staging", passage.short)
    names = {"live": "acme_staging", "incoming": incoming, "previous": previous}
    databases.swap(SERVER, **names, run_id=str(passage.id))
    return passage


def remap(databases: Databases, estate: Estate, passage: Passage, database: str) -> None:
    """What the step does in the database; there is no cluster here."""
    place = estate.environment(STAGING)
    hosts = replacements(estate, estate.environment("acme-prod"), place)
    base_url = place.endpoints[0].base_url
    clone = Clone(str(passage.id), passage.epoch, base_url, hosts)
    with databases.connect(SERVER, database) as connection:
        remap_settings(connection, clone)


@pytest.fixture(scope="module")
def ledger_url(postgres: PostgresServer) -> Iterator[str]:
    name = f"environments_{next(_numbers)}"
    postgres.create_database(name)
    yield postgres.dsn(name)
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(ledger_url)
    yield ledger
    ledger.close()


@pytest.fixture
def agent(ledger: Ledger, machine: Machine) -> Iterator[Agent]:
    agent = Agent(ledger, machine)
    yield agent
    agent = Agent(ledger, machine)
    for left in agent.on_request.current():
        assert agent.finish(agent.remove(left.name)) == "succeeded", left.name
