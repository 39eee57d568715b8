"""A staging environment that takes releases: a real database, a real Kubernetes API, the engine."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from functions.intake import accept_event
from functions.release import RUNBOOK
from infra.local.furnish import furnish
from infra.local.kubernetes import FAILURE_ANNOTATION, KubernetesEmulator
from infra.local.postgres import PostgresServer
from infra.local.processes import wait_until
from infra.local.sample import create_sample
from shared.cluster import Clusters
from shared.cluster.api import Api, Conflict
from shared.estate import Calendar, Estate, Release, ReleaseRules, Secrets, load_estate
from shared.ledger import Ledger, Placements
from shared.ledger.approvals import Approval
from shared.messages import CloudEvent, Command, Event
from shared.messages.failover import RegionDegraded, RegionRecovered
from shared.messages.release import ReleasePromoted
from shared.postgres.databases import Databases
from shared.runs import Run, Runbook, Runner, Step
from shared.runs.approvals import Approvals
from shared.runs.hours import Schedules
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.reading import Received
from shared.runs.runbook import Priority
from tests.keepingbus import KeepingBus

ESTATE = load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")
PLACE = "acme-staging"
NEW = f"acme.azurecr.io/odoo@sha256:{'a' * 64}"
TUESDAY_NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NIGHTS = Calendar.model_validate(
    {
        "name": "nights",
        "time_zone": "Europe/Berlin",
        "windows": [{"days": ["tuesday", "wednesday"], "opens": "22:00", "closes": "04:00"}],
    }
)
UPDATE = (
    "alter table res_partner add column released boolean default true",
    "update res_partner set name = 'updated'",
)

_numbers = count(1)

TABLES = """
    select relname from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1
"""
ROWS = "select md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {} t"
ABOUT = """
    select pg_get_userbyid(datdba), datallowconn, shobj_description(d.oid, 'pg_database'),
           (select array_agg(a::text order by a::text) from unnest(datacl) a),
           (select array_agg(s.setconfig order by 1) from pg_db_role_setting s
            where s.setdatabase = d.oid)
    from pg_database d where datname = 'acme_staging'
"""


def take_over(event: RegionDegraded, *, run: Run) -> RegionRecovered:
    """Stands for a failover."""
    return RegionRecovered(environment=run.environment)


DISASTER = Runbook(
    name="disaster",
    on=RegionDegraded,
    concerns=lambda event, _: (event.environment,),
    priority=Priority.URGENT,
    steps=(Step(take_over),),
)

ACTIONS = {(a.topic, a.subscription): a for book in (RUNBOOK, DISASTER) for a in book.actions()}

CREATION = (
    "create database acme_staging template release_template owner odoo strategy file_copy",
    "revoke connect on database acme_staging from public",
    "grant connect on database acme_staging to release_reader",
    'alter database acme_staging set search_path to "$user", public',
    "alter role release_reader in database acme_staging set work_mem to '8MB'",
    "comment on database acme_staging is 'somebody''s words'",
)


class Agent:
    """The engine with the release agent alone, and a clock that goes to whatever is scheduled."""

    def __init__(
        self, ledger: Ledger, postgres: PostgresServer, cluster_url: str, policy: Release
    ) -> None:
        self.ledger = ledger
        self.time = TUESDAY_NOON
        ledger.clock = lambda: self.time
        self.clock = ledger.clock
        self.meanwhile: Callable[[], None] = lambda: None
        """What others do before each round of deliveries."""
        self.bus = KeepingBus()
        self.estate = estate_with(policy)
        self.secrets = Secrets({"ERP_NONPROD_DATABASE_URL": postgres.url()})
        self.databases = Databases(self.estate, self.secrets.resolve)
        self.clusters = Clusters(self.estate, cluster_url)
        self.cluster_url, self.api = cluster_url, Api(cluster_url)
        self.placements = Placements(ledger)
        self.post = Outbox(ledger, self.bus).post
        self.approvals = Approvals(ledger, self.post)
        self.schedules = Schedules(self.estate, ledger, self.post)
        self.runner = Runner(ledger, self.post, self, beating=lambda _: nullcontext())

    def promote(self, id: str | None = None, **facts: Any) -> list[Any]:
        """Runs of the event; the first is ``run`` from now on."""
        known = {"environment": PLACE, "image": NEW, "release": "18.0-1"}
        runs = self.happen(ReleasePromoted.model_validate(known | facts), id)
        self.run = runs[0] if runs else self.run
        return runs

    def happen(self, event: Event, id: str | None = None) -> list[Any]:
        id = id or f"e-{next(_numbers)}"
        said = CloudEvent.of(event, id=id, source="/test", time=self.time)
        body = said.model_dump_json().encode()
        received = Received("platform-events", "accept-event", id, body, {})
        intake = Intake((RUNBOOK, DISASTER), self.estate)
        accept_event(received, runner=self.runner, intake=intake, bus=self.bus)
        return list(self.ledger.runs_of_event("/test", id))

    def asked(self) -> Approval:
        """What the run asks people."""
        [found] = [each for each in self.approvals.newest() if each.run_id == self.run]
        return found

    def use(self, estate: Estate) -> None:
        """From now on this is the estate."""
        self.estate = estate

    def hold_real_data(self) -> None:
        """From now on every server of the estate is one of production."""
        servers = (each.model_copy(update={"role": "production"}) for each in self.estate.servers)
        self.estate = self.estate.model_copy(update={"servers": tuple(servers)})
        self.databases = Databases(self.estate, self.secrets.resolve)

    def deliver(self, until: datetime | None = None) -> None:
        """Deliver what is there; a command that is scheduled moves the clock, as far as allowed."""
        self.meanwhile()
        for envelope in [e for e in self.bus.sent if (e.topic, e.subject) in ACTIONS]:
            due = envelope.scheduled_for or self.time
            if until is not None and due > until:
                continue
            self.bus.sent.remove(envelope)
            self.time = max(self.time, due)
            command = Command.model_validate_json(envelope.body)
            self.runner.deliver(ACTIONS[envelope.topic, envelope.subject], command)

    def deliver_until(self, moment: datetime) -> None:
        """Everything that is due by then."""
        while any(
            (e.scheduled_for or self.time) <= moment
            for e in self.bus.sent
            if (e.topic, e.subject) in ACTIONS
        ):
            self.deliver(moment)

    def deliver_to(self, step: str) -> None:
        def begun() -> bool:
            self.deliver()
            return any(each.name == step and each.looks for each in self.ledger.progress(self.run))

        wait_until(begun, seconds=20, waiting_for=step)

    def deliver_until_status(self, status: str) -> None:
        def so() -> bool:
            self.deliver()
            return self.status == status

        wait_until(so, seconds=20, waiting_for=status)

    def deliver_to_the_end(self) -> str:
        def over() -> bool:
            self.deliver()
            return self.status in ("succeeded", "failed", "superseded")

        wait_until(over, seconds=30, waiting_for="the end of the run")
        return self.status

    @property
    def record(self) -> dict[str, Any]:
        found = self.ledger.run_record(self.run)
        assert found is not None
        return found

    @property
    def status(self) -> str:
        return str(self.record["run"]["status"])

    @property
    def reason(self) -> str:
        return str(self.record["run"]["reason"])

    def facts(self, step: str) -> dict[str, Any]:
        [found] = [each for each in self.record["steps"] if each["name"] == step]
        return dict(found["output"] or {})

    def waits_because(self) -> str:
        [found] = [s for s in self.ledger.progress(self.run) if s.status == "ready"]
        return str(found.checkpoint["progress"]["reason"])

    def workloads(self) -> dict[str, tuple[str, int]]:
        """Image and replicas of each workload."""
        found = {}
        for name in ("odoo", "odoo-cron"):
            spec = self.api.read("Deployment", PLACE, name)["spec"]
            image = spec["template"]["spec"]["containers"][0]["image"]
            found[name] = (image, spec["replicas"])
        return found

    def configuration(self, *others: tuple[str, str]) -> list[Any]:
        """What the objects of staging state, and such others."""
        place = self.estate.environment(PLACE)
        objects = (
            *((each.kind, each.name) for each in place.all_workloads),
            ("ConfigMap", place.config_map),
            ("Secret", place.database_secret),
            ("IngressRoute", place.route),
            *others,
        )
        found = [self.api.read(kind, PLACE, name) for kind, name in objects]
        return [each.get("spec") or each.get("data") for each in found]

    def undone(self) -> bool:
        """Whether every undo that was tried has succeeded."""
        undos = [each for each in self.record["steps"] if each["kind"] == "undo"]
        return {each["status"] for each in undos} <= {"succeeded", "skipped"}

    def break_pods(self, name: str, failure: str | None) -> None:
        """Pods that are made from now on fail so; None: no more."""

        def annotate(found: dict[str, Any]) -> None:
            annotations = found["metadata"].setdefault("annotations", {})
            annotations.pop(FAILURE_ANNOTATION, None)
            if failure is not None:
                annotations[FAILURE_ANNOTATION] = failure

        self._change(name, annotate)

    def write_image(self, name: str, image: str) -> None:
        """As GitOps would."""

        def write(found: dict[str, Any]) -> None:
            found["spec"]["template"]["spec"]["containers"][0]["image"] = image

        self._change(name, write)

    def _change(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        def written() -> bool:
            found = self.api.read("Deployment", PLACE, name)
            change(found)
            with suppress(Conflict):  # its controller writes, too
                self.api.replace("Deployment", PLACE, found)
                return True
            return False

        wait_until(written, seconds=5, waiting_for="a change without a conflict")


def estate_with(policy: Release) -> Estate:
    """The demo's estate, in which staging takes releases."""
    found = ESTATE
    changed = tuple(
        each.model_copy(update={"release": policy}) if each.name == PLACE else each
        for each in found.environments
    )
    rules = ReleaseRules(repositories=("acme.azurecr.io/odoo*",))
    new = {"environments": changed, "releases": rules, "calendars": (NIGHTS,)}
    return found.model_copy(update=new)


class Staging:
    """The database of staging, as its users and its administrator see it."""

    def __init__(self, postgres: PostgresServer) -> None:
        self._postgres = postgres

    def create(self) -> None:
        with psycopg.connect(self._postgres.dsn(), autocommit=True) as connection:
            for statement in CREATION:
                connection.execute(statement)

    def drop(self) -> None:
        for name in self.names():
            self._postgres.drop_database(name)

    def digest(self) -> str:
        """Of every row of every table, and of what the catalogue says of the database."""
        said = hashlib.sha256()
        with psycopg.connect(self._postgres.dsn("acme_staging")) as connection:
            for (table,) in connection.execute(TABLES).fetchall():
                query = sql.SQL(ROWS).format(sql.Identifier(table))
                [row] = connection.execute(query).fetchall()
                said.update(f"{table} {row[0]}\n".encode())
            said.update(json.dumps(connection.execute(ABOUT).fetchall()).encode())
        return said.hexdigest()

    def names(self) -> list[str]:
        with psycopg.connect(self._postgres.dsn()) as connection:
            query = "select datname from pg_database where datname like 'acme_staging%' order by 1"
            return [name for (name,) in connection.execute(query)]

    def was_updated(self) -> bool:
        with psycopg.connect(self._postgres.dsn("acme_staging", user="odoo")) as connection:
            row = connection.execute(
                "select bool_and(name = 'updated') from res_partner"
            ).fetchone()
            return bool(row and row[0])


@pytest.fixture(scope="session")
def template(postgres: PostgresServer) -> str:
    postgres.create_role("odoo")
    postgres.create_role("release_reader")
    postgres.create_database("release_template", owner="odoo")
    create_sample(postgres.dsn("release_template", user="odoo"), partners=100)
    return "release_template"


@pytest.fixture(scope="module")
def staging(postgres: PostgresServer, template: str) -> Iterator[Staging]:
    """What tests leave as it was."""
    staging = Staging(postgres)
    staging.create()
    yield staging
    staging.drop()


@pytest.fixture
def changed(staging: Staging) -> Iterator[Staging]:
    """What a test changes."""
    yield staging
    staging.drop()
    staging.create()


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    environment = {"PATH": os.environ["PATH"]}
    with KubernetesEmulator(None, environment=environment, delay=0.02) as emulator:
        yield emulator.url


@pytest.fixture
def furnished(cluster_url: str, postgres: PostgresServer) -> Iterator[None]:
    """Workloads and configuration of staging, as new, with every pod ready."""
    only = (ESTATE.environment(PLACE),)
    furnish(
        cluster_url,
        ESTATE.model_copy(update={"environments": only}),
        lambda each: postgres.url(each.database.name, each.database.owner),
    )
    cluster, workloads = Clusters(ESTATE, cluster_url).of(only[0]), only[0].workloads
    wait_until(
        lambda: all(cluster.is_ready(PLACE, each) for each in workloads),
        seconds=20,
        waiting_for="staging's pods",
    )
    yield
    api = Api(cluster_url)
    for name in ("odoo", "odoo-cron"):
        api.delete("Deployment", PLACE, name)


@pytest.fixture(scope="module")
def ledger(module_ledger: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(module_ledger)
    yield ledger
    ledger.close()


@pytest.fixture
def agent_with(
    ledger: Ledger, postgres: PostgresServer, cluster_url: str, furnished: None, staging: Staging
) -> Callable[..., Agent]:
    """An agent for staging with such a policy."""

    def build(**policy: Any) -> Agent:
        stated = Release.model_validate({"ring": "early"} | policy)
        return Agent(ledger, postgres, cluster_url, stated)

    return build
