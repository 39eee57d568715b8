import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from functions.refresh import NotRefreshedFrom, concerned, find_backup
from functions.refresh.find_backup import BackupUnfit
from infra.local.postgres import PostgresServer
from shared.backups import BackupDamaged
from shared.blobs import BlobMissing
from shared.estate import Estate, UnknownEnvironment
from shared.messages.refresh import BackupAccepted, BackupCompleted
from shared.odoo.manifest import BackupManifest
from shared.postgres.databases import Databases
from shared.runs import Run
from tests import backups
from tests.memoryblobs import MemoryBlobs

MANIFEST = "backups/acme-prod/1/manifest.json"
ARCHIVE = "backups/acme-prod/1/database.dump"
EVENT = BackupCompleted(environment="acme-prod", manifest=MANIFEST)
RUN = Run(UUID(int=1), "acme-staging", 1, "find_backup", 1, {}, lambda: True)


Find = Callable[..., BackupAccepted]


@pytest.fixture
def find(estate: Estate, postgres: PostgresServer) -> Find:
    databases = Databases(estate, lambda _: postgres.url())
    return partial(find_backup, run=RUN, estate=estate, databases=databases)


@pytest.fixture
def manifest() -> BackupManifest:
    return backups.manifest(taken_at=datetime.now(UTC) - timedelta(hours=1))


def stored(manifest: BackupManifest, archive: bytes = b"archive") -> MemoryBlobs:
    blobs = MemoryBlobs()
    blobs.upload(MANIFEST, manifest.model_dump_json().encode())
    blobs.upload(ARCHIVE, archive)
    return blobs


def test_a_backup_that_is_what_it_says_is_accepted(find: Find, manifest: BackupManifest) -> None:
    blobs = stored(manifest)

    accepted = find(EVENT, blobs=blobs)

    assert accepted == BackupAccepted(
        source="acme-prod",
        manifest=MANIFEST,
        manifest_sha256=hashlib.sha256(blobs.read(MANIFEST)).hexdigest(),
        archive=ARCHIVE,
        archive_size=7,
        archive_sha256="a" * 64,
    )


def test_a_missing_manifest_is_said_to_be_missing(find: Find) -> None:
    with pytest.raises(BlobMissing, match=MANIFEST):
        find(EVENT, blobs=MemoryBlobs())


def test_a_missing_archive_is_said_to_be_missing(find: Find, manifest: BackupManifest) -> None:
    blobs = stored(manifest)
    blobs.delete(ARCHIVE)

    with pytest.raises(BlobMissing, match=ARCHIVE):
        find(EVENT, blobs=blobs)


def test_an_archive_of_another_size_is_refused(find: Find, manifest: BackupManifest) -> None:
    blobs = stored(manifest, archive=b"arch")

    with pytest.raises(BackupDamaged, match="has 4 bytes, its manifest says 7"):
        find(EVENT, blobs=blobs)


def test_a_manifest_that_is_not_the_announced_one_is_refused(
    find: Find, manifest: BackupManifest
) -> None:
    event = EVENT.model_copy(update={"sha256": "0" * 64})

    with pytest.raises(BackupDamaged, match="replaced after the backup was announced"):
        find(event, blobs=stored(manifest))


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe"])
def test_a_manifest_that_cannot_be_read_is_refused(find: Find, content: bytes) -> None:
    blobs = MemoryBlobs()
    blobs.upload(MANIFEST, content)

    with pytest.raises(BackupDamaged, match="cannot be read"):
        find(EVENT, blobs=blobs)


def test_a_backup_of_another_environment_is_refused(find: Find, manifest: BackupManifest) -> None:
    other = manifest.model_copy(update={"environment": "other-prod"})

    with pytest.raises(BackupUnfit, match="is a backup of other-prod, the event says acme-prod"):
        find(EVENT, blobs=stored(other))


def test_an_old_backup_is_refused(find: Find, manifest: BackupManifest) -> None:
    old = manifest.model_copy(update={"taken_at": datetime.now(UTC) - timedelta(days=8)})

    with pytest.raises(BackupUnfit, match="accepts backups of the last 7 days"):
        find(EVENT, blobs=stored(old))


def test_a_backup_of_a_newer_postgresql_than_the_target_s_is_refused_and_of_an_older_is_not(
    find: Find, manifest: BackupManifest
) -> None:
    newer, older = (
        manifest.model_copy(update={"server_version": version}) for version in (190001, 100023)
    )

    assert find(EVENT, blobs=stored(older)).source == "acme-prod"
    with pytest.raises(BackupUnfit, match=r"PostgreSQL 19, .* server erp-nonprod is 18.*upgrade"):
        find(EVENT, blobs=stored(newer))


def test_a_target_that_is_refreshed_from_elsewhere_is_refused(
    find: Find, manifest: BackupManifest
) -> None:
    training = Run(UUID(int=1), "acme-training", 1, "find_backup", 1, {}, lambda: True)

    with pytest.raises(BackupUnfit, match="acme-training is refreshed from None"):
        find(EVENT, blobs=stored(manifest), run=training)


def test_a_backup_concerns_what_is_refreshed_from_its_environment(estate: Estate) -> None:
    assert concerned(EVENT, estate) == ("acme-staging",)
    assert concerned(EVENT.model_copy(update={"environment": "acme-training"}), estate) == ()


def test_a_named_target_narrows_it_down_and_must_be_one_of_them(estate: Estate) -> None:
    staging, training = (
        EVENT.model_copy(update={"target": name}) for name in ("acme-staging", "acme-training")
    )

    assert concerned(staging, estate) == ("acme-staging",)
    with pytest.raises(NotRefreshedFrom, match="acme-training is not refreshed from acme-prod"):
        concerned(training, estate)


def test_a_backup_of_an_unknown_environment_concerns_nobody(estate: Estate) -> None:
    with pytest.raises(UnknownEnvironment, match="nowhere"):
        concerned(EVENT.model_copy(update={"environment": "nowhere"}), estate)
