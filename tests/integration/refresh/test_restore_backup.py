import hashlib
import json

import psycopg
import pytest
from azure.storage.blob import BlobServiceClient

from functions.refresh.ownership import OwnerMissing
from functions.refresh.restore_jobs import RestoreFailed
from infra.local.postgres import PostgresServer
from infra.local.processes import wait_until
from shared.backups import BackupDamaged
from shared.cluster.api import Api
from shared.errors import PermanentError
from shared.messages.refresh import BackupAccepted, BackupCompleted, DatabaseRestored
from shared.postgres.databases import ProductionRefused
from shared.runs import Again
from tests.integration.refresh.conftest import Staging, databases_like, mark
from tests.integration.refresh.passage import Passage


@pytest.fixture
def accepted(passage: Passage, backup: BackupCompleted) -> BackupAccepted:
    return passage.do("find_backup", backup)  # type: ignore[no-any-return]


@pytest.fixture
def broken(accepted: BackupAccepted, storage: BlobServiceClient) -> BackupAccepted:
    """A backup whose archive is no archive, although its manifest says so."""
    content = b"not what pg_dump writes"
    storage.get_blob_client("backups", "broken.dump").upload_blob(content, overwrite=True)
    return accepted.model_copy(
        update={
            "archive": "backups/broken.dump",
            "archive_size": len(content),
            "archive_sha256": hashlib.sha256(content).hexdigest(),
        }
    )


def leftovers(passage: Passage, postgres: PostgresServer, cluster_url: str) -> list[str]:
    api = Api(cluster_url)
    objects = [
        found["metadata"]["name"]
        for kind in ("Job", "Secret", "Pod")
        for found in api.list(kind, "acme-staging", "")
    ]
    return [
        name
        for name in (*objects, *databases_like(postgres, "acme_staging%"))
        if passage.short in name
    ]


def test_a_wrong_checksum_fails_the_run_and_leaves_nothing(
    passage: Passage, accepted: BackupAccepted, postgres: PostgresServer, cluster_url: str
) -> None:
    wrong = accepted.model_copy(update={"archive_sha256": "0" * 64})

    with pytest.raises(BackupDamaged, match=r"the archive is damaged: expected .* found"):
        passage.do("restore_backup", wrong)
    passage.undo()

    assert leftovers(passage, postgres, cluster_url) == []


def test_an_archive_that_is_none_fails_the_run(passage: Passage, broken: BackupAccepted) -> None:
    with pytest.raises(BackupDamaged, match="no archive of pg_dump"):
        passage.do("restore_backup", broken)


def test_a_failed_job_is_followed_by_one_that_begins_from_nothing(
    passage: Passage, accepted: BackupAccepted, postgres: PostgresServer
) -> None:
    passage.look("restore_backup", accepted)
    incoming = f"acme_staging_incoming_{passage.short}"
    with psycopg.connect(postgres.dsn(incoming), autocommit=True) as connection:
        connection.execute("create table res_partner (in_the_way int)")

    with pytest.raises(RestoreFailed, match='relation "res_partner" already exists'):
        passage.do("restore_backup", accepted)
    passage.look("restore_backup", accepted)

    with psycopg.connect(postgres.dsn(incoming)) as connection:
        found = connection.execute(
            "select from information_schema.columns where column_name = 'in_the_way'"
        )
        assert found.fetchone() is None
    passage.undo()


def test_a_restored_database_is_not_restored_again(
    passage: Passage, restored: DatabaseRestored, cluster_url: str
) -> None:
    backup = BackupAccepted.model_validate(restored.model_dump())

    found = passage.look("restore_backup", backup)

    assert found == restored.model_copy(update={"seconds": 0})
    assert passage.cluster.job("acme-staging", f"signalbox-restore-{passage.short}") is None


def test_a_database_of_another_run_is_replaced(passage: Passage, accepted: BackupAccepted) -> None:
    incoming = f"acme_staging_incoming_{passage.short}"
    passage.resources.databases.create("erp-nonprod", incoming)
    mark(passage, incoming, run_id="another run")

    found = passage.look("restore_backup", accepted)

    assert isinstance(found, Again)
    assert passage.resources.databases.marker("erp-nonprod", incoming) is None
    passage.undo()


def test_a_restore_that_runs_shows_no_secret_lets_nobody_in_and_ends_when_undone(
    passage: Passage, accepted: BackupAccepted, postgres: PostgresServer, cluster_url: str
) -> None:
    passage.look("restore_backup", accepted)
    name = f"signalbox-restore-{passage.short}"
    api = Api(cluster_url)
    job = json.dumps([api.read("Job", "acme-staging", name), api.list("Pod", "acme-staging", "")])
    secret = passage.cluster.read_secret("acme-staging", name)
    for user in ("odoo", "visitor"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(postgres.dsn(f"acme_staging_incoming_{passage.short}", user=user))

    passage.undo()
    passage.undo()

    password = postgres.url().split(":")[2].partition("@")[0]
    assert password in secret["SIGNALBOX_RESTORE_DATABASE_URL"]
    assert "sig=" in secret["SIGNALBOX_RESTORE_ARCHIVE_URL"]
    assert password not in job
    assert "sig=" not in job
    wait_until(
        lambda: not leftovers(passage, postgres, cluster_url),
        seconds=10,
        waiting_for="the Job's pod to end",
    )


def test_a_missing_owner_is_named(passage: Passage, accepted: BackupAccepted) -> None:
    environments = [
        each.model_copy(
            update={"database": each.database.model_copy(update={"owner": "nobody_we_know"})}
        )
        for each in passage.resources.estate.environments
    ]
    passage.use_estate(environments)

    with pytest.raises(OwnerMissing, match="no role nobody_we_know"):
        passage.look("restore_backup", accepted)
    passage.undo()


def test_nothing_is_restored_on_a_production_server(
    passage: Passage, accepted: BackupAccepted, staging: Staging
) -> None:
    environments = [
        each.model_copy(
            update={"database": each.database.model_copy(update={"server": "erp-prod"})}
        )
        for each in passage.resources.estate.environments
    ]
    passage.use_estate(environments)

    with pytest.raises(ProductionRefused):
        passage.look("restore_backup", accepted)


def test_a_lost_lease_begins_nothing(
    passage: Passage, accepted: BackupAccepted, postgres: PostgresServer, cluster_url: str
) -> None:
    passage.mine = False

    with pytest.raises(Exception, match="another attempt at restore_backup has taken over") as lost:
        passage.look("restore_backup", accepted)

    assert not isinstance(lost.value, PermanentError)
    assert leftovers(passage, postgres, cluster_url) == []
