"""Releases on this machine: a good one, one that fails half-way, and one that a freeze holds."""

import getpass
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import yaml
from psycopg import sql

from infra.local.platform import ROOT, Platform
from infra.local.processes import wait_until
from infra.local.sample import create_sample
from shared.bus.servicebus import ServiceBus
from shared.cluster.api import Api
from shared.estate import Environment
from shared.ledger import Ledger
from shared.ledger.approvals import Approval
from shared.messages import CloudEvent
from shared.messages.release import ReleasePromoted
from shared.runs.approvals import Approvals
from shared.runs.outbox import Outbox
from shared.runs.publishing import publish

FOLDER: Path = ROOT / ".local" / "release"
ESTATE: Path = ROOT / "infra" / "local" / "releases.yaml"
REPOSITORY = "acme.azurecr.io/odoo"
REASON = "the training of next week needs it"
EARLY, FROZEN = ("acme-qa", "acme-staging"), "acme-training"
COPIED_QUICKLY = "create database {} template {} owner {} strategy file_copy"
UPDATED = "select bool_and(comment = 'loyal') from res_partner"
COPIES = "select count(*) from pg_database where datname like %s"
TABLES = """
    select relname from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1
"""
ROWS = "select md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {} t"


def frozen_estate(folder: Path) -> Path:
    """The demo's estate with a freeze that has begun, in a file beside the folder."""
    estate = yaml.safe_load(ESTATE.read_text("utf-8"))
    today = datetime.now(UTC).date()
    freeze = {"first": today - timedelta(days=1), "last": today + timedelta(days=14)}
    estate["calendars"][0]["freezes"] = [freeze | {"why": "the stock count"}]
    file = folder.with_name(f"{folder.name}-estate.yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(estate), "utf-8")
    return file


def image_of(release: str) -> str:
    """An invented image, by its digest."""
    return f"{REPOSITORY}@sha256:{hashlib.sha256(release.encode()).hexdigest()}"


@dataclass(frozen=True)
class State:
    """An environment, looked at from outside of the runs."""

    images: frozenset[str]
    """What its workloads are to run."""
    updated: bool
    """Whether its database has what the update makes."""
    rows: str
    """The SHA-256 of every row of every table."""
    copies: int
    """Databases from before a release."""

    def runs(self, release: str) -> bool:
        """Whether all of it is of this release."""
        return self.images == {image_of(release)} and self.updated


class ReleaseDemo:
    """The acts of the demo, on a platform that runs."""

    def __init__(self, platform: Platform, ledger: Ledger) -> None:
        self._platform = platform
        self._api = Api(platform.kubernetes_url)
        self._bus = ServiceBus.connect(platform.settings["ServiceBus"])
        self._approvals = Approvals(ledger, Outbox(ledger, self._bus).post)

    def close(self) -> None:
        self._bus.close()

    def make_fleet(self, partners: int) -> int:
        """Three databases of the same sample ERP; returns the rows of one."""
        first, *others = self._platform.estate.environments
        server = self._platform.server(first.database.server)
        server.create_database(first.database.name, owner=first.database.owner)
        dsn = server.dsn(first.database.name, user=first.database.owner)
        made = create_sample(dsn, partners=partners)
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            for each in others:
                names = (each.database.name, first.database.name, each.database.owner)
                connection.execute(sql.SQL(COPIED_QUICKLY).format(*map(sql.Identifier, names)))
        return sum(made.rows.values())

    def promote(self, release: str, environment: str) -> CloudEvent:
        """Say, as the pipeline does, that a release may go to the ring of an environment."""
        followed = self._environment(environment).release
        assert followed is not None, environment
        promoted = ReleasePromoted(
            environment=environment,
            ring=followed.ring,
            image=image_of(release),
            release=release,
            annotations={"signed-by": "release-pipeline"},
        )
        id, now = f"{release}-{followed.ring}", datetime.now(UTC)
        event = CloudEvent.of(promoted, id=id, source="/pipeline", time=now)
        publish(self._bus, event)
        return event

    def await_question(self) -> Approval:
        """What the frozen environment's run asks people, once it does."""
        wait_until(lambda: bool(self._asked()), seconds=30, waiting_for="the freeze to be noticed")
        return self._asked()[0]

    def allow(self, asked: Approval) -> None:
        """Let the run go now, as a person who states why."""
        person = getpass.getuser()
        self._approvals.approve(asked.id, plan=asked.plan_sha256, person=person, reason=REASON)

    def state(self, environment: str) -> State:
        """What there is now."""
        found = self._environment(environment)
        server = self._platform.server(found.database.server)
        with psycopg.connect(server.dsn(found.database.name)) as connection:
            [(updated,)] = connection.execute(UPDATED).fetchall()
            rows = _digest(connection)
        with psycopg.connect(server.dsn()) as connection:
            name = f"{found.database.name}_before_%"
            [(copies,)] = connection.execute(COPIES, [name]).fetchall()
        images = {each.name: self._image(found, each.name) for each in found.workloads}
        return State(frozenset(images.values()), bool(updated), rows, int(copies))

    def _asked(self) -> list[Approval]:
        return self._approvals.newest(status="waiting", environment=FROZEN)

    def _image(self, environment: Environment, workload: str) -> str:
        found = self._api.read("Deployment", environment.namespace, workload)
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"])

    def _environment(self, name: str) -> Environment:
        return self._platform.estate.environment(name)


def _digest(connection: "psycopg.Connection[tuple[object, ...]]") -> str:
    """Of every row of every table."""
    said = hashlib.sha256()
    for (table,) in connection.execute(TABLES).fetchall():
        rows = connection.execute(sql.SQL(ROWS).format(sql.Identifier(str(table)))).fetchall()
        said.update(f"{table} {rows}".encode())
    return said.hexdigest()
