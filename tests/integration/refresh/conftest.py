"""A production with a backup, a staging environment, and a run that refreshes it.

Production and staging are databases of one PostgreSQL server that the estate has two names for.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import psycopg
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContainerClient
from psycopg import sql

from infra.local.furnish import furnish
from infra.local.kubernetes import KubernetesEmulator
from infra.local.postgres import PostgresServer
from infra.local.sample import TakenBackup, create_sample, take_backup, upload_filestore
from shared.blobs import AzureBlobs
from shared.cluster import Clusters
from shared.estate import Estate, Secrets, load_estate
from shared.lag import Replication
from shared.ledger import FailoverHistory, Ledger, Placements
from shared.ledger.debts import Debts
from shared.ledger.environments import EnvironmentsOnRequest
from shared.ledger.logins import Logins
from shared.masking import load_policy, plan_masking
from shared.masking.proof import SignedCertificate, prove, remember
from shared.messages.refresh import (
    BackupCompleted,
    DatabaseMasked,
    DatabaseRestored,
    DatabaseSanitized,
    IndexesBuilt,
    SanitizationProven,
)
from shared.postgres.checkpoints import incoming_name
from shared.postgres.databases import Databases
from shared.postgres.marker import CloneMarker, write_marker
from shared.postgres.pairs import Pairs
from shared.resources import Resources
from shared.runs.announcing import Announcing
from shared.runs.approvals import Approvals
from shared.runs.hours import Schedules
from shared.takeover import Takeover
from shared.traffic import Traffic
from tests.integration.refresh.passage import Passage

if TYPE_CHECKING:
    from infra.local.azurite import Azurite

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
PRODUCTION = "acme_prod"

Facts = TypeVar("Facts", bound=DatabaseRestored)

MASKED_BY = uuid4()
"""The run that all passages are which go on with a database that was kept: originals are sealed
for one run."""

_runs = count(1)


@pytest.fixture(scope="session")
def estate() -> Estate:
    return load_estate(ESTATE)


@pytest.fixture(scope="session")
def storage(azurite: "Azurite") -> Iterator[BlobServiceClient]:
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        for container in ("backups", "filestore"):
            with suppress(ResourceExistsError):
                service.create_container(container)
        yield service


@pytest.fixture(scope="session")
def taken(postgres: PostgresServer, storage: BlobServiceClient) -> TakenBackup:
    """A small production and its backup."""
    postgres.create_database(PRODUCTION)
    filestore: ContainerClient = storage.get_container_client("filestore")
    files: list[tuple[str, bytes]] = []
    create_sample(
        postgres.dsn(PRODUCTION), partners=200, sink=lambda path, data: files.append((path, data))
    )
    upload_filestore(filestore, "acme-prod/", files)
    return take_backup(
        postgres.dsn(PRODUCTION),
        environment="acme-prod",
        backups=storage.get_container_client("backups"),
        prefix="acme-prod/",
        filestore=filestore,
        filestore_prefix="acme-prod/",
    )


@pytest.fixture
def backup(taken: TakenBackup) -> BackupCompleted:
    return BackupCompleted(environment="acme-prod", manifest=f"backups/{taken.path}")


@pytest.fixture(scope="session")
def cluster_url(postgres: PostgresServer) -> Iterator[str]:
    """A cluster whose Jobs find pg_restore."""
    path = f"{PostgresServer.bin('pg_restore').parent}{os.pathsep}{os.environ['PATH']}"
    with KubernetesEmulator(None, environment={"PATH": path}, delay=0.02) as emulator:
        yield emulator.url


@pytest.fixture(scope="session")
def resources(
    postgres: PostgresServer, azurite: "Azurite", cluster_url: str, estate: Estate
) -> Resources:
    secrets = Secrets(
        {
            "ERP_PROD_DATABASE_URL": postgres.url(),
            "ERP_NONPROD_DATABASE_URL": postgres.url(),
            "SIGNALBOX_MASKING_KEY": "a key of the tests, 32 bytes long",
        }
    )
    ledger = Ledger.connect(postgres.url("no ledger is needed"))
    return Resources(
        estate=estate,
        secrets=secrets,
        blobs=AzureBlobs.connect(azurite.connection_string),
        clusters=Clusters(estate, cluster_url),
        databases=Databases(estate, secrets.resolve),
        placements=Placements(ledger),
        history=FailoverHistory(ledger),
        approvals=Approvals(ledger, post=lambda _: None),
        replication=Replication(estate, ledger, Pairs(estate, secrets.resolve)),
        takeover=Takeover.connect(estate, secrets.resolve, Clusters(estate, cluster_url)),
        traffic=Traffic.connect(()),
        debts=Debts(ledger),
        announcing=Announcing(ledger, post=lambda _: None),
        schedules=Schedules(estate, ledger, post=lambda _: None),
        logins=Logins(ledger),
        on_request=EnvironmentsOnRequest(ledger),
    )


@dataclass(frozen=True)
class Staging:
    """The environment as its users see it."""

    dsn: str
    database: str = "acme_staging"
    namespace: str = "acme-staging"

    def motto(self) -> str | None:
        """What the database of before says; None in any other."""
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute("select to_regclass('motto')::text").fetchone()
            if found is None or found[0] is None:
                return None
            row = connection.execute("select text from motto").fetchone()
            return str(row[0]) if row else None


@pytest.fixture(scope="session")
def furnished(postgres: PostgresServer, cluster_url: str, estate: Estate) -> None:
    """Workloads, configuration and route of every environment are in the cluster."""
    postgres.create_role("odoo")
    postgres.create_role("visitor")
    furnish(cluster_url, estate, lambda e: postgres.url(e.database.name, e.database.owner))


@pytest.fixture
def staging(postgres: PostgresServer, furnished: None) -> Iterator[Staging]:
    """The staging environment with a database that is about to be replaced."""
    postgres.create_database("acme_staging", owner="odoo")
    with psycopg.connect(postgres.dsn("acme_staging"), autocommit=True) as connection:
        connection.execute("create table motto as select 'as it was' as text")
        connection.execute("grant select on motto to public")
    yield Staging(postgres.dsn("acme_staging", user="odoo"))
    for name in databases_like(postgres, "acme_staging%"):
        postgres.drop_database(name)


def databases_like(postgres: PostgresServer, pattern: str) -> list[str]:
    """The server's databases of such a name."""
    with psycopg.connect(postgres.dsn()) as connection:
        query = "select datname from pg_database where datname like %s order by 1"
        return [name for (name,) in connection.execute(query, (pattern,))]


@pytest.fixture
def passage(resources: Resources, staging: Staging) -> Passage:
    """A run of the refresh runbook for staging; later ones have higher epochs."""
    return Passage(resources, "acme-staging", epoch=next(_runs))


@pytest.fixture(scope="session")
def restored_once(
    resources: Resources, postgres: PostgresServer, taken: TakenBackup, furnished: None
) -> DatabaseRestored:
    """The facts of a run that restored; its database is kept as ``kept_restored``."""
    passage = Passage(resources, "acme-staging", epoch=next(_runs))
    event = BackupCompleted(environment="acme-prod", manifest=f"backups/{taken.path}")
    restored: DatabaseRestored = passage.up_to("restore_backup", event)
    copy_database(postgres, restored.database, "kept_restored")
    passage.undo()
    return restored


@pytest.fixture(scope="session")
def masked_once(
    resources: Resources, postgres: PostgresServer, restored_once: DatabaseRestored
) -> DatabaseMasked:
    """The facts of a run that masked; its database is kept as ``kept_masked``."""
    passage = Passage(resources, "acme-staging", epoch=next(_runs))
    restored = come_as_far(postgres, passage, restored_once, "kept_restored")
    return keep(postgres, passage.do("mask_database", restored), "kept_masked")


@pytest.fixture(scope="session")
def built_once(
    resources: Resources, postgres: PostgresServer, masked_once: DatabaseMasked
) -> IndexesBuilt:
    """The facts of a run that built indexes; its database is kept as ``kept_built``."""
    passage = Passage(resources, "acme-staging", epoch=next(_runs))
    masked = come_as_far(postgres, passage, masked_once, "kept_masked")
    return keep(postgres, passage.do("build_indexes", masked), "kept_built")


@pytest.fixture
def restored(
    passage: Passage, restored_once: DatabaseRestored, postgres: PostgresServer
) -> DatabaseRestored:
    """``passage`` has come as far as ``restore_backup``, as if it had restored itself."""
    return come_as_far(postgres, passage, restored_once, "kept_restored")


@pytest.fixture
def masked(
    passage: Passage, masked_once: DatabaseMasked, postgres: PostgresServer
) -> DatabaseMasked:
    """``passage`` has come as far as ``mask_database``, as if it had masked itself."""
    return come_as_far(postgres, passage, masked_once, "kept_masked")


@pytest.fixture
def built(passage: Passage, built_once: IndexesBuilt, postgres: PostgresServer) -> IndexesBuilt:
    """``passage`` has come as far as ``build_indexes``, as if it had built itself."""
    return come_as_far(postgres, passage, built_once, "kept_built")


def keep(postgres: PostgresServer, facts: Facts, kept: str) -> Facts:
    """Keep the database that a run has come to, for others to begin with."""
    copy_database(postgres, facts.database, kept)
    postgres.drop_database(facts.database)
    return facts


def come_as_far(postgres: PostgresServer, passage: Passage, facts: Facts, kept: str) -> Facts:
    """A passage's own copy of a database that was kept, and the facts about it."""
    passage.id = MASKED_BY
    incoming = incoming_name("acme_staging", passage.short)
    copy_database(postgres, kept, incoming)
    mark(passage, incoming)
    return facts.model_copy(update={"database": incoming})


def sanitized_facts(database: str) -> DatabaseSanitized:
    """What is known of a clone of an empty backup once it is sanitized."""
    return DatabaseSanitized(
        source="acme-prod",
        manifest="backups/m.json",
        manifest_sha256="0" * 64,
        archive="backups/a",
        archive_size=1,
        archive_sha256="0" * 64,
        database=database,
        seconds=1,
        foreign_keys=0,
        rows_masked=0,
        tables_masked=0,
        policy_sha256="0" * 64,
    )


@pytest.fixture
def proven(passage: Passage, staging: Staging) -> SanitizationProven:
    """``passage`` has come as far as ``prove_sanitized``, with an empty database."""
    incoming = incoming_name("acme_staging", passage.short)
    passage.resources.databases.create("erp-nonprod", incoming)
    mark(passage, incoming)
    return sanitized_facts(incoming).become(
        SanitizationProven,
        endpoints=0,
        files=0,
        bytes=0,
        checks=0,
        certificate=certify(passage, incoming),
    )


def certify(passage: Passage, database: str) -> str:
    """Prove a database of a passage, as it is now."""
    resources, facts = passage.resources, {"run_id": str(passage.id), "epoch": passage.epoch}
    key = resources.secrets.resolve(resources.estate.masking_key).encode()
    with resources.databases.connect("erp-nonprod", database) as connection:
        plan = plan_masking(connection, load_policy())
        remember(connection, plan, key, **facts)
        found = prove(connection, plan, key, budget=timedelta(minutes=1), **facts)
    assert isinstance(found, SignedCertificate)
    return found.model_dump_json()


def copy_database(postgres: PostgresServer, source: str, target: str) -> None:
    """A copy that the administrator alone may connect to."""
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for statement in (
            "create database {target} template {source} strategy file_copy",
            "revoke connect on database {target} from public",
        ):
            names = {"target": sql.Identifier(target), "source": sql.Identifier(source)}
            connection.execute(sql.SQL(statement).format(**names))


def mark(passage: Passage, database: str, **changed: object) -> None:
    """Write the marker of a passage, or one with other facts, into a database."""
    facts = {"run_id": str(passage.id), "epoch": passage.epoch, **changed}
    marker = CloneMarker.new("", "1", "acme_prod", 0)
    with passage.resources.databases.connect("erp-nonprod", database) as connection:
        write_marker(connection, replace(marker, **facts))
