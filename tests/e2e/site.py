"""A platform with a small production and an older staging, and what tests ask of it."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.storage.blob import BlobServiceClient, ContainerClient
from kubernetes import client
from psycopg import sql

from functions.refresh import RUNBOOK
from infra.local.demo import Demo
from infra.local.platform import Platform
from infra.local.sample import TakenBackup
from shared.bus.servicebus import ServiceBus
from shared.estate import Environment
from shared.messages import CloudEvent
from shared.messages.refresh import BackupCompleted
from shared.odoo.manifest import BackupManifest
from shared.postgres.marker import CloneMarker
from shared.runs.commands import run_id
from shared.runs.publishing import publish

SOURCE, STAGING = "acme-prod", "acme-staging"
STEPS = tuple(step.name for step in RUNBOOK.steps)
PARTNERS = 100
OVER = ("succeeded", "failed", "superseded")

T = TypeVar("T")
_numbers = count(1)


def wait_for(look: Callable[[], T | None], what: str, *, seconds: float = 90) -> T:
    """What ``look`` returns once it is neither None nor False."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}, in vain")
        time.sleep(0.02)
    return found


def command_line(platform: Platform, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``signalbox`` with a platform's settings."""
    settings = ("--settings", str(platform.settings_file))
    return subprocess.run(
        [sys.executable, "-m", "signalbox", *settings, *words],
        capture_output=True,
        text=True,
        timeout=100,
        env=os.environ | {"COLUMNS": "200"},
    )


@dataclass(frozen=True)
class State:
    """What users of an environment notice, and whatever a run could leave behind."""

    oid: int | None
    """Of the live database."""
    rows: str
    """A digest of every row of every table."""
    configuration: str
    """ConfigMap, database Secret and route."""
    ready: Mapping[str, int]
    """Pods by workload."""
    databases: frozenset[str]
    jobs: frozenset[str]
    secrets: frozenset[str]


class Site:
    """One running platform; ``backup`` is the one backup of its production."""

    def __init__(self, platform: Platform, demo: Demo, backup: TakenBackup) -> None:
        self.platform = platform
        self.demo = demo
        self.backup = backup
        self.manifest = f"backups/{backup.path}"
        self._ledger: psycopg.Connection | None = None

    # -- saying ----------------------------------------------------------------------------

    def publish(
        self, *, target: str | None = STAGING, manifest: str | None = None, id: str | None = None
    ) -> CloudEvent:
        """Publish that a backup is complete; a new event unless ``id`` is one of before."""
        completed = BackupCompleted(
            environment=SOURCE, manifest=manifest or self.manifest, target=target
        )
        event = CloudEvent.of(
            completed,
            id=id or f"event-{next(_numbers)}",
            source="/tests",
            time=datetime.now(UTC),
        )
        bus = ServiceBus.connect(self.platform.settings["ServiceBus"])
        try:
            publish(bus, event)
        finally:
            bus.close()
        return event

    def type_in(self, body: str) -> None:
        """Send a message as the portal's Service Bus Explorer does: a body and nothing else."""
        with (
            ServiceBusClient.from_connection_string(self.platform.settings["ServiceBus"]) as bus,
            bus.get_topic_sender("platform-events") as sender,
        ):
            sender.send_messages(ServiceBusMessage(body))

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``signalbox`` with the platform's settings."""
        return command_line(self.platform, *words)

    # -- the ledger ------------------------------------------------------------------------

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the ledger, which may have been restarted since it was last asked."""
        with suppress(psycopg.OperationalError):
            return self._session().execute(query.encode(), values).fetchall()
        return self._session().execute(query.encode(), values).fetchall()

    def _session(self) -> psycopg.Connection:
        if self._ledger is None or self._ledger.closed:
            url = self.platform.settings["SIGNALBOX_LEDGER_URL"]
            self._ledger = psycopg.connect(url, autocommit=True)
        return self._ledger

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()

    def run_of(self, event: CloudEvent, environment: str = STAGING) -> UUID:
        """The run that an event starts, once intake has started it."""
        run = run_id(event.source, event.id, RUNBOOK.name, environment)
        query = "select id from runs where id = %s"
        wait_for(lambda: self.ask(query, run), f"a run of {event.id} for {environment}")
        return run

    def disposition(self, id: str) -> str:
        """What became of an event, once intake has seen it."""
        query = "select disposition from events where id = %s"
        return str(wait_for(lambda: self.ask(query, id), f"event {id}")[0][0])

    def end_of(self, run: UUID, seconds: float = 100) -> tuple[str, str | None]:
        """Status and reason of a run that is over."""

        def look() -> tuple[Any, ...] | None:
            [found] = self.ask("select status, reason from runs where id = %s", run)
            return found if found[0] in OVER else None

        try:
            status, reason = wait_for(look, f"the end of run {run}", seconds=seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; its steps: {self.steps(run)}") from None
        return status, reason

    def await_work_at(self, run: UUID, step: str) -> None:
        """Return while an attempt at the step holds its lease, or waits for its Job."""
        query = "select lease_id, checkpoint, status from steps where run_id = %s and name = %s"

        def look() -> bool:
            [(lease, checkpoint, status)] = self.ask(query, run, step)
            assert status not in ("succeeded", "failed"), f"{step} was over before it was seen"
            return checkpoint is not None or (lease is not None and step != "restore_backup")

        wait_for(look, f"{step} to be at work")

    def steps(self, run: UUID) -> list[tuple[Any, ...]]:
        """Name, status and attempt of every step."""
        query = "select name, status, attempt from steps where run_id = %s order by position"
        return self.ask(query, run)

    def attempts(self, run: UUID) -> dict[str, list[str]]:
        """The outcomes of the attempts at each step that was tried."""
        query = """
            select s.name, array_agg(coalesce(a.outcome, 'open') order by a.number)
            from attempts a join steps s using (run_id, position)
            where run_id = %s group by s.position, s.name order by s.position
        """
        return dict(self.ask(query, run))

    def evidence(self, run: UUID) -> dict[str, Any]:
        """The sealed record of a run, as the command line gives it."""
        answer = self.cli("evidence", "show", str(run))
        assert answer.returncode == 0, answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    # -- environments ----------------------------------------------------------------------

    def state(self, name: str = STAGING) -> State:
        """An environment as it is now."""
        environment = self.platform.estate.environment(name)
        databases = self._databases(environment)
        live = databases.get(environment.database.name)
        with client.ApiClient(client.Configuration(host=self.platform.kubernetes_url)) as api:
            place, core = environment.namespace, client.CoreV1Api(api)
            return State(
                oid=live,
                rows=self.rows(name) if live else "",
                configuration=_configuration(api, environment),
                ready={w.name: _ready(api, place, w.name) for w in environment.workloads},
                databases=frozenset(databases),
                jobs=_names(client.BatchV1Api(api).list_namespaced_job(place)),
                secrets=_names(core.list_namespaced_secret(place)),
            )

    def rows(self, name: str = STAGING) -> str:
        """A digest of every row that users of an environment can see."""
        digests = self.digests(name)
        return hashlib.sha256(json.dumps(digests).encode()).hexdigest()

    def digests(self, name: str = STAGING) -> dict[str, str]:
        """A digest of each table of an environment."""
        with psycopg.connect(self.dsn(name)) as connection:
            tables = connection.execute(
                "select relname from pg_class where relkind = 'r'"
                " and relnamespace = 'public'::regnamespace order by 1"
            ).fetchall()
            return {table: _digest(connection, table) for (table,) in tables}

    def marker(self, name: str = STAGING) -> CloneMarker | None:
        """The clone marker of an environment's live database."""
        query = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
        with psycopg.connect(self.dsn(name)) as connection:
            row = connection.execute(query, [connection.info.dbname]).fetchone()
            return CloneMarker.from_comment(row[0] if row else None)

    def dsn(self, name: str = STAGING) -> str:
        database = self.platform.estate.environment(name).database
        return self.platform.server(database.server).dsn(database.name)

    def _databases(self, environment: Environment) -> dict[str, int]:
        """The environment's database and those that runs name after it, with their oids."""
        database = environment.database
        with psycopg.connect(self.platform.server(database.server).dsn()) as server:
            rows = server.execute("select datname, oid::int from pg_database").fetchall()
        return {name: oid for name, oid in rows if name.startswith(database.name)}

    # -- backups ---------------------------------------------------------------------------

    def damaged_backup(self, damage: Callable[[ContainerClient, BackupManifest], object]) -> str:
        """A copy of the backup that ``damage`` has changed; returns where its manifest is."""
        blobs = BlobServiceClient.from_connection_string(self.platform.settings["SIGNALBOX_BLOBS"])
        with blobs, blobs.get_container_client("backups") as container:
            folder = f"{SOURCE}/damaged-{next(_numbers)}"
            original = self.backup.manifest
            content = container.download_blob(original.archive.path).readall()
            archive = original.archive.model_copy(update={"path": f"{folder}/database.dump"})
            copy = original.model_copy(update={"archive": archive})
            container.upload_blob(archive.path, content)
            container.upload_blob(f"{folder}/manifest.json", copy.model_dump_json())
            damage(container, copy)
        return f"backups/{folder}/manifest.json"


@contextmanager
def open_site(platform: Platform) -> Iterator[Site]:
    """Start a platform and furnish it; everything is stopped at the end."""
    with platform:
        demo = Demo(platform)
        try:
            demo.make_production(None, None, PARTNERS, lambda _: None)
            with closing(Site(platform, demo, demo.take_backup())) as site:
                yield site
        finally:
            demo.close()


def without_checkpoint(state: State, run: UUID) -> State:
    """A state without the database that a run keeps to go back to."""
    kept = f"acme_staging_before_{run.hex[:8]}"
    assert kept in state.databases, f"no checkpoint {kept} in {sorted(state.databases)}"
    return replace(state, databases=state.databases - {kept})


def write_topology(path: Path, original: Path) -> Path:
    """A copy of the topology in which ``run-events`` has a subscription ``tests``."""
    topology = json.loads(original.read_text())
    [namespace] = topology["UserConfig"]["Namespaces"]
    [announcements] = [t for t in namespace["Topics"] if t["Name"] == "run-events"]
    announcements["Subscriptions"].append({"Name": "tests", "Properties": {}, "Rules": []})
    path.write_text(json.dumps(topology))
    return path


def _digest(connection: psycopg.Connection, table: str) -> str:
    query = sql.SQL("select md5(string_agg(t::text, e'\\n' order by t::text)) from {} t")
    row = connection.execute(query.format(sql.Identifier(table))).fetchone()
    return (row and row[0]) or "empty"


def _configuration(api: client.ApiClient, environment: Environment) -> str:
    core, custom = client.CoreV1Api(api), client.CustomObjectsApi(api)
    place = environment.namespace
    route = custom.get_namespaced_custom_object(
        "traefik.io", "v1alpha1", place, "ingressroutes", environment.route
    )
    parts = (
        core.read_namespaced_config_map(environment.config_map, place).data,
        core.read_namespaced_secret(environment.database_secret, place).data,
        route["spec"],
    )
    return json.dumps(parts, sort_keys=True)


def _ready(api: client.ApiClient, namespace: str, workload: str) -> int:
    deployment = client.AppsV1Api(api).read_namespaced_deployment(workload, namespace)
    return deployment.status.ready_replicas or 0


def _names(found: Any) -> frozenset[str]:
    return frozenset(item.metadata.name for item in found.items)
