"""Drives the failover agent through the real engine, on a real pair, without a bus or a host."""

import base64
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event as Flag
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict

from functions.failover import DRILL, REJOIN, RUNBOOK
from functions.failover.standing_orders import execute_fence_orders, withdraw_left_sides
from functions.intake import accept_event
from infra.local.furnish import furnish
from infra.local.hooks import RejoinHooks
from infra.local.kubernetes import KubernetesEmulator
from infra.local.postgres import PostgresServer
from infra.local.wire import Wire
from shared.bus import Envelope
from shared.cluster import Clusters
from shared.cluster.api import Api
from shared.estate import Estate, Failover, Secrets
from shared.lag import Replication
from shared.ledger import FailoverHistory, Ledger, Placements
from shared.ledger.debts import Debts
from shared.ledger.environments import EnvironmentsOnRequest
from shared.ledger.logins import Logins
from shared.messages import CloudEvent, Command, Event
from shared.messages.failover import RegionDegraded
from shared.postgres.databases import Databases
from shared.postgres.pairs import Pairs
from shared.resources import Resources
from shared.runs import Run, Runner
from shared.runs.announcing import Announcing
from shared.runs.approvals import Approvals
from shared.runs.hours import Schedules
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.reading import Received
from shared.runs.runbook import Action
from shared.takeover import Takeover
from shared.traffic import Traffic
from tests.keepingbus import KeepingBus
from tests.memoryblobs import MemoryBlobs

PRODUCTION, STANDBY = "acme-prod", "acme-standby"
BOOKS = (RUNBOOK, REJOIN, DRILL)
ACTIONS = {
    (topic, action.subscription): action
    for book in BOOKS
    for action in book.actions()
    for topic in book.topics
}
OVER = ("succeeded", "failed", "superseded")
SOON = 5
"""Seconds: what is due later than that waits for something else."""

BEGINNING = datetime.min.replace(tzinfo=UTC)
STREAMS = "select exists (select from pg_stat_wal_receiver where status = 'streaming')"
ODOO = """
    create table ir_module_module (name text, state text);
    insert into ir_module_module
        select unnest(array['base', 'sale', 'mail']), 'installed';
    create table ir_attachment (id serial primary key, store_fname text, create_date timestamp);
    create table mail_mail (id serial primary key, state text, create_date timestamp);
    create table mail_message (id serial primary key, create_date timestamp);
    create table stock_picking (id serial primary key, name text, create_date timestamp);
    create table account_move (id serial primary key, name text, create_date timestamp);
    create table purchase_order (id serial primary key, name text, create_date timestamp);
    create table sale_order (id serial primary key, name text, warehouse_id int default 1,
        create_date timestamp default (now() at time zone 'utc'));
    insert into sale_order (name) select 'S' || n from generate_series(1, 10) n;
"""
"""What the checks and the comparison of both sides look at."""

_numbers = count(1)


@dataclass
class World:
    """A pair, everything that steps ask for, and the engine around them."""

    resources: Resources
    ledger: Ledger
    primary: PostgresServer
    standby: PostgresServer
    stream: Wire
    """Between the two servers."""
    line: Wire
    """Between us and the primary."""
    region: Wire
    """Between us and the Kubernetes API of production's region."""
    apis: dict[str, Api]
    """Each side's cluster, as a stranger sees it."""
    bus: KeepingBus = field(default_factory=KeepingBus)

    def policy(self, **stated: Any) -> None:
        """Go on with another failover policy of production; what connects stays."""
        estate = self.resources.estate
        everything = []
        for each in estate.environments:
            policy = Failover.model_validate(dict(each.failover) | stated)
            changed = {"failover": policy} if each.name == PRODUCTION else {}
            everything.append(each.model_copy(update=changed))
        changed_estate = estate.model_copy(update={"environments": tuple(everything)})
        self.resources = replace(self.resources, estate=changed_estate)

    def lead_by(self, traffic: Traffic) -> None:
        """Go on with other rules of how the world is led to the region that serves."""
        self.resources = replace(self.resources, traffic=traffic)

    def measure(self) -> None:
        """What upkeep does every few seconds: remember how far both sides are."""
        replication = self.resources.replication
        replication.measure(replication.pair(PRODUCTION))

    def upkeep(self) -> None:
        """What upkeep does every second."""
        found = self.resources
        execute_fence_orders(
            found.placements, found.estate, found.clusters, found.databases, watch=timedelta(0)
        )
        withdraw_left_sides(found.placements, found.estate, found.clusters)

    # -- the engine ------------------------------------------------------------------------

    def publish(self, event: Event, *, id: str | None = None, source: str = "/tests") -> list[UUID]:
        """Let intake have an event; the runs that it started."""
        id = id or f"e-{next(_numbers)}"
        said = CloudEvent.of(event, id=id, source=source, time=datetime.now(UTC))
        body = said.model_dump_json().encode()
        accept_event(
            Received("platform-events", "accept-event", id, body, {}),
            runner=self.runner,
            intake=Intake(BOOKS, self.resources.estate),
            bus=self.bus,
        )
        return self.ledger.runs_of_event(source, id)

    def happen(self, event: Event | None = None) -> UUID:
        """Let intake have an event that starts a run."""
        [run] = self.publish(event or RegionDegraded(environment=PRODUCTION))
        return run

    def follow(self, event: Event | None = None) -> UUID:
        """A run from its event to its end, or until it waits for people."""
        run = self.happen(event)
        self.work(run)
        return run

    def work(
        self,
        run: UUID,
        *,
        before: str | None = None,
        looks: int | None = None,
        twice: bool = False,
        seconds: float = 40,
    ) -> str:
        """Deliver commands until the run is over, waits for people, is about to do a step, or has
        looked so often.

        With ``twice`` each delivery is preceded by one whose process dies behind its effects.
        """
        deadline = monotonic() + seconds
        while self.status(run) not in OVER:
            assert monotonic() < deadline, self.steps(run)
            envelope = self._next() if looks != 0 else None
            looks = looks and looks - 1
            action = envelope and ACTIONS[envelope.topic, envelope.subject]
            if envelope is None or action is None or action.name == before:
                break
            self.bus.sent.remove(envelope)
            _await(envelope)
            command = Command.model_validate_json(envelope.body)
            if twice:
                self._die_behind(action, command)
            self.runner.deliver(action, command)
        return self.status(run)

    def approve(self, run: UUID) -> None:
        """Let one person decide, under a broken glass, and the run go on."""
        [asked] = self.resources.approvals.newest(status="waiting")
        assert asked.run_id == run
        self.resources.approvals.approve(
            asked.id,
            plan=asked.plan_sha256,
            person="on call",
            reason="production is down",
            break_glass=True,
        )

    def plan(self, run: UUID) -> dict[str, Any]:
        """What the people are shown whom the run waits for."""
        [asked] = self.resources.approvals.newest(status="waiting")
        assert asked.run_id == run
        return asked.plan

    @property
    def runner(self) -> Runner:
        return Runner(
            self.ledger,
            Outbox(self.ledger, self.bus).post,
            self.resources,
            beating=lambda _: nullcontext(),
        )

    def look_at(self, run: UUID, step: str) -> None:
        """Let a step look once more, and record nothing of it."""
        action = next(each for each in ACTIONS.values() if each.name == step)
        self._die_behind(action, Command(run=run, step=step))

    def _die_behind(self, action: Action, command: Command) -> None:
        """Do what the step does, and record nothing of it."""
        record = self.record(command.run)
        name = action.undoes or action.name
        [step] = [each for each in record["steps"] if each["name"] == name]
        run = Run(
            id=command.run,
            environment=PRODUCTION,
            epoch=record["run"]["epoch"],
            step=action.name,
            attempt=1,
            checkpoint=step["checkpoint"] or {},
            still_mine=lambda: True,
        )
        given = {"run": run} if "run" in action.resources else {}
        self.runner.bind(action)(action.consumes.model_validate(step["input"]), **given)

    def _next(self) -> Envelope | None:
        """The next command that is due soon."""
        ours = [each for each in self.bus.sent if (each.topic, each.subject) in ACTIONS]
        soon = [each for each in ours if _seconds_until(each) < SOON]
        return min(soon, key=_seconds_until, default=None)

    # -- what there is ---------------------------------------------------------------------

    def streams(self) -> bool:
        with psycopg.connect(self.standby.dsn()) as connection:
            return connection.execute(STREAMS).fetchone() == (True,)

    def at_work(self) -> bool:
        """Whether every pod of production is ready."""
        production = self.resources.estate.environment(PRODUCTION)
        cluster = self.resources.clusters.of(production)
        return all(cluster.is_ready(PRODUCTION, each) for each in production.all_workloads)

    def status(self, run: UUID) -> str:
        return str(self.record(run)["run"]["status"])

    def reason(self, run: UUID) -> str:
        return str(self.record(run)["run"]["reason"])

    def record(self, run: UUID) -> dict[str, Any]:
        found = self.ledger.run_record(run)
        assert found is not None
        return found

    def steps(self, run: UUID) -> list[tuple[str, str, str | None]]:
        return [(step.name, step.status, step.error) for step in self.ledger.progress(run)]

    def facts(self, run: UUID, step: str) -> dict[str, Any]:
        """What a step handed on."""
        [found] = [each for each in self.ledger.progress(run) if each.name == step]
        assert found.output, self.steps(run)
        return found.output

    def routes(self) -> dict[str, list[str]]:
        """The host names that each side serves."""
        hosts = ("erp.acme.example", "shop.acme.example", "erp-standby.acme.example")
        return {
            side: [host for host in hosts if f"`{host}`" in self._rule(side)]
            for side in (PRODUCTION, STANDBY)
        }

    def _rule(self, side: str) -> str:
        environment = self.resources.estate.environment(side)
        [rule] = self.resources.clusters.of(environment).route_rules(side, "odoo")
        return rule

    def pods(self) -> dict[str, dict[str, int]]:
        """How many pods each side is to have, by workload."""
        return {
            side: {
                workload: int(
                    self.apis[side].read("Deployment", side, workload)["spec"]["replicas"]
                )
                for workload in ("odoo", "odoo-cron", "scanners", "edi", "mailer")
            }
            for side in (PRODUCTION, STANDBY)
        }

    def leads_to(self, side: str) -> int:
        """The port of the database that Odoo is told to use on a side."""
        secret = self.apis[side].read("Secret", side, "odoo-database")["data"]["url"]
        told = conninfo_to_dict(base64.b64decode(secret).decode())
        assert told["application_name"] == "odoo", "a parameter was lost"
        return int(str(told["port"]))

    def orders(self, server: PostgresServer) -> int:
        with psycopg.connect(server.dsn("acme_prod")) as connection:
            row = connection.execute("select count(*) from sale_order").fetchone()
            return int(row[0]) if row else 0

    def say(self, server: PostgresServer, *statements: str) -> None:
        """Do something to a side's database."""
        with psycopg.connect(server.dsn("acme_prod")) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def order(self, server: PostgresServer, name: str) -> None:
        """Write as Odoo does; raises psycopg's error where it may not."""
        with psycopg.connect(server.dsn("acme_prod", user="odoo"), connect_timeout=2) as connection:
            connection.execute("insert into sale_order (name) values (%s)", [name])


@contextmanager
def open_world(folder: Path, template: Path, ledger: Ledger, estate: Estate) -> Iterator[World]:
    """A primary made from a template, its standby, a cluster beside each; stopped at the end."""
    shutil.copytree(template, folder / "primary")
    with ExitStack() as stack:
        primary = stack.enter_context(PostgresServer(folder / "primary", fsync=False))
        stream, line = (stack.enter_context(Wire(primary.port)) for _ in range(2))
        standby = stack.enter_context(primary.standby(folder / "standby", through=stream.port))
        servers = {"erp-prod": primary, "erp-standby": standby}
        hooks = stack.enter_context(
            RejoinHooks(lambda server, leader: servers[server].rejoin(servers[leader]), "t")
        )
        west, north = (stack.enter_context(KubernetesEmulator(None, delay=0.02)) for _ in range(2))
        region = stack.enter_context(Wire(urlsplit(west.url).port or 0))
        estate = _at(estate, f"http://127.0.0.1:{region.port}", north.url)
        ports = {"erp-prod": line.port, "erp-standby": standby.port}
        for emulator, cluster in zip((west, north), estate.clusters, strict=True):
            furnish(
                emulator.url,
                estate,
                lambda e: (
                    primary.url(
                        e.database.name, e.database.owner, port=ports.get(e.database.server, 1)
                    )
                    + "?application_name=odoo"
                ),
                cluster=cluster.name,
            )
        secrets = Secrets(
            {
                "ERP_PROD_DATABASE_URL": primary.url(port=line.port),
                "ERP_STANDBY_DATABASE_URL": primary.url(port=standby.port),
                "ERP_PROD_REJOIN_URL": hooks.url,
                "ERP_STANDBY_REJOIN_URL": hooks.url,
            }
        )
        bus = KeepingBus()
        resources = Resources(
            estate=estate,
            secrets=secrets,
            blobs=MemoryBlobs(),
            clusters=Clusters(estate),
            databases=Databases(estate, secrets.resolve),
            placements=Placements(ledger),
            history=FailoverHistory(ledger),
            approvals=Approvals(ledger, Outbox(ledger, bus).post),
            announcing=Announcing(ledger, Outbox(ledger, bus).post),
            schedules=Schedules(estate, ledger, Outbox(ledger, bus).post),
            replication=Replication(estate, ledger, Pairs(estate, secrets.resolve)),
            takeover=Takeover.connect(estate, secrets.resolve, Clusters(estate)),
            traffic=Traffic.connect(()),
            debts=Debts(ledger),
            logins=Logins(ledger),
            on_request=EnvironmentsOnRequest(ledger),
        )
        apis = {PRODUCTION: Api(west.url), STANDBY: Api(north.url)}
        world = World(resources, ledger, primary, standby, stream, line, region, apis, bus)
        wait_until(world.streams, "the standby to stream")
        wait_until(world.at_work, "production's pods")
        yield world


def _at(estate: Estate, *urls: str) -> Estate:
    """The estate, its clusters at these addresses."""
    clusters = (
        cluster.model_copy(update={"url": url})
        for cluster, url in zip(estate.clusters, urls, strict=True)
    )
    return estate.model_copy(update={"clusters": tuple(clusters)})


def wait_until(look: Callable[[], object], what: str, *, seconds: float = 20) -> None:
    """Return when ``look`` finds something."""
    deadline = monotonic() + seconds
    while not look():
        assert monotonic() < deadline, f"waited {seconds:g} s for {what}, in vain"
        Flag().wait(0.02)


def make_template(folder: Path) -> Path:
    """A stopped server with an Odoo of a few tables."""
    with PostgresServer(folder, fsync=False) as server:
        server.create_role("odoo")
        server.create_database("acme_prod", owner="odoo")
        with psycopg.connect(server.dsn("acme_prod", user="odoo")) as odoo:
            odoo.execute(ODOO.encode())
    return folder


def _seconds_until(envelope: Envelope) -> float:
    return ((envelope.scheduled_for or BEGINNING) - datetime.now(UTC)).total_seconds()


def _await(envelope: Envelope) -> None:
    Flag().wait(max(0.0, _seconds_until(envelope)))
