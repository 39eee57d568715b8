"""A backup holds what the environment held, and says so in its manifest."""

import hashlib
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from azure.storage.blob import ContainerClient
from pydantic import ValidationError

from infra.local.azurite import Azurite
from infra.local.postgres import PostgresServer
from infra.local.sample import TakenBackup, import_dump, take_backup, upload_filestore
from infra.local.sample.backup import BackupFailed
from shared.odoo.manifest import BackupManifest, FilestoreEntry
from tests.integration.sample.conftest import new_container
from tests.integration.sample.support import Sample, content_hashes

TAKEN_AT = datetime(2026, 6, 30, 18, 0, 5, tzinfo=UTC)


def back_up(dsn: str, container: ContainerClient) -> TakenBackup:
    return take_backup(
        dsn,
        environment="acme-prod",
        backups=container,
        prefix="acme-prod/",
        filestore=container,
        filestore_prefix="filestore/acme-prod/",
        taken_at=TAKEN_AT,
    )


@dataclass(frozen=True)
class Kept:
    """A backup of the sample with its files, and where it is."""

    container: ContainerClient
    backup: TakenBackup


@pytest.fixture(scope="module")
def kept(sample: Sample, azurite: Azurite) -> Iterator[Kept]:
    with new_container(azurite) as container:
        upload_filestore(container, "filestore/acme-prod/", sample.files.items())
        container.upload_blob("filestore/acme-prod/checklist/ab/cd", b"")
        yield Kept(container, back_up(sample.dsn, container))


@contextmanager
def writing(dsn: str) -> Iterator[None]:
    """Insert rows all the time, from before the block begins until it ends."""
    started, stop = threading.Event(), threading.Event()

    def write() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            while not stop.is_set():
                connection.execute("insert into ir_logging select generate_series(1, 10)")
                started.set()

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            assert started.wait(10)
            yield
        finally:
            stop.set()
        writer.result()


def download(container: ContainerClient, path: str) -> bytes:
    return container.download_blob(path).readall()


def test_a_restored_backup_is_the_database_it_was_taken_of(
    sample: Sample, kept: Kept, database: str, tmp_path: Path
) -> None:
    manifest = kept.backup.manifest
    archive = tmp_path / "database.dump"
    archive.write_bytes(download(kept.container, manifest.archive.path))

    imported = import_dump(archive, None, database)

    assert imported.rows == manifest.rows == sample.summary.rows
    assert imported.modules == manifest.modules
    assert imported.odoo_version == "18.0"
    assert content_hashes(database) == content_hashes(sample.dsn)


def test_the_manifest_is_true_about_every_blob(sample: Sample, kept: Kept) -> None:
    container, backup = kept.container, kept.backup

    manifest = BackupManifest.model_validate_json(download(container, backup.path))

    assert manifest == backup.manifest
    assert backup.path == "acme-prod/20260630T180005Z/manifest.json"
    archive = download(container, manifest.archive.path)
    assert archive.startswith(b"PGDMP")
    assert manifest.archive.size == len(archive)
    assert manifest.archive.sha256 == hashlib.sha256(archive).hexdigest()
    listing = download(container, manifest.filestore.path)
    assert manifest.filestore.sha256 == hashlib.sha256(listing).hexdigest()
    entries = [FilestoreEntry.model_validate_json(line) for line in listing.splitlines()]
    assert {entry.path: entry.size for entry in entries} == {
        path: len(content) for path, content in sample.files.items()
    }
    assert manifest.filestore.files == len(entries)
    assert manifest.filestore.bytes == sum(entry.size for entry in entries)


def test_the_manifest_names_server_and_sequences(sample: Sample, kept: Kept) -> None:
    identifier = sample.rows("select system_identifier::text from pg_control_system()")[0][0]

    manifest = kept.backup.manifest

    assert manifest.system_identifier == identifier
    assert manifest.database == "sample"
    assert manifest.server_version // 10_000 == 18
    assert manifest.sequences["res_partner_id_seq"] == sample.summary.partners


def test_rows_are_counted_in_the_snapshot_of_the_dump(
    container: ContainerClient, database: str, tmp_path: Path
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "create table ir_module_module (name text, state text, latest_version text)"
        )
        connection.execute("create table ir_logging (id bigint)")

    with writing(database):
        manifest = back_up(database, container).manifest

    archive = tmp_path / "database.dump"
    archive.write_bytes(download(container, manifest.archive.path))
    script = subprocess.run(
        [PostgresServer.bin("pg_restore"), "--data-only", "--table=ir_logging", "-f-", archive],
        capture_output=True,
        check=True,
    ).stdout
    archived = [line for line in script.splitlines() if line.isdigit()]
    assert len(archived) == manifest.rows["ir_logging"] > 0


def test_a_failed_dump_leaves_no_manifest(container: ContainerClient, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create role reader login password 'r'")
        connection.execute("create table closed (id int)")
    try:
        unprivileged = psycopg.conninfo.make_conninfo(database, user="reader", password="r")

        with pytest.raises((BackupFailed, psycopg.errors.InsufficientPrivilege)):
            back_up(unprivileged, container)
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("drop role reader")

    assert [blob.name for blob in container.list_blobs()] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("archive", {"path": "../other/database.dump", "size": 1, "sha256": "0" * 64}),
        ("archive", {"path": "a/database.dump", "size": -1, "sha256": "0" * 64}),
        ("archive", {"path": "a/database.dump", "size": 1, "sha256": "short"}),
        ("taken_at", "2026-06-30T18:00:05"),
        ("version", 2),
        ("rows", {"res_partner": -1}),
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused(kept: Kept, field: str, value: object) -> None:
    manifest = kept.backup.manifest.model_dump()

    with pytest.raises(ValidationError, match=field):
        BackupManifest.model_validate(manifest | {field: value})
