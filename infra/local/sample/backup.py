"""Back up an Odoo environment into blob storage, the way the hosting platform does every night."""

import hashlib
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from azure.storage.blob import ContainerClient

from infra.local.postgres import PostgresServer
from infra.local.sample.contents import installed_modules, row_counts, sequence_values
from infra.local.sample.filestore import blob_name, stored_files
from infra.local.sample.programs import connection_environment
from shared.odoo.manifest import Archive, BackupManifest, FilestoreEntry, FilestoreListing

# The wheel is built without zstd and lz4; the lowest level of gzip is what restores soonest.
COMPRESSION = "gzip:1"
UPLOADS = 4
SERVER = """
    select current_setting('server_version_num')::int, system_identifier::text, current_database(),
        pg_export_snapshot()
    from pg_control_system()
"""


class BackupFailed(Exception):
    """pg_dump failed; the message ends with what it said."""


@dataclass(frozen=True)
class TakenBackup:
    """A complete backup: the blob of its manifest, and the manifest."""

    path: str
    manifest: BackupManifest


def take_backup(
    dsn: str,
    *,
    environment: str,
    backups: ContainerClient,
    prefix: str,
    filestore: ContainerClient,
    filestore_prefix: str,
    taken_at: datetime | None = None,
) -> TakenBackup:
    """Dump the database and list the filestore under ``<prefix>/<taken_at in UTC>/``.

    Row counts and dump see the same snapshot. Files are listed after the dump, so that none that a
    row points to is missing. The manifest is written last: a backup without one is not complete.
    """
    taken_at = (taken_at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    folder = blob_name(prefix, f"{taken_at:%Y%m%dT%H%M%SZ}")
    with psycopg.connect(dsn) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        found = connection.execute(SERVER).fetchone()
        assert found is not None
        version, identifier, database, snapshot = found
        archive = _archive(dsn, snapshot, backups, f"{folder}/database.dump")
        manifest = BackupManifest(
            environment=environment,
            taken_at=taken_at,
            database=database,
            server_version=version,
            system_identifier=identifier,
            archive=archive,
            filestore=_listing(filestore, filestore_prefix, backups, f"{folder}/filestore.jsonl"),
            rows=row_counts(connection),
            modules=installed_modules(connection),
            sequences=sequence_values(connection),
        )
    path = f"{folder}/manifest.json"
    backups.upload_blob(path, manifest.model_dump_json(indent=1).encode(), overwrite=True)
    return TakenBackup(path, manifest)


def _archive(dsn: str, snapshot: str, backups: ContainerClient, path: str) -> Archive:
    # Through a file: a dump written to a pipe knows no offsets, and a parallel restore needs them.
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "database.dump"
        _dump(dsn, snapshot, dump)
        with dump.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
            file.seek(0)
            backups.upload_blob(path, file, length=size, overwrite=True, max_concurrency=UPLOADS)
    return Archive(path=path, size=size, sha256=sha256)


def _dump(dsn: str, snapshot: str, target: Path) -> None:
    done = subprocess.run(
        [
            PostgresServer.bin("pg_dump"),
            *("--format=custom", f"--compress={COMPRESSION}", f"--snapshot={snapshot}"),
            f"--file={target}",
        ],
        capture_output=True,
        env=connection_environment(dsn),
    )
    if done.returncode != 0:
        raise BackupFailed(f"pg_dump failed: {done.stderr.decode(errors='replace')[-500:]}")


def _listing(
    filestore: ContainerClient, prefix: str, backups: ContainerClient, path: str
) -> FilestoreListing:
    entries = list(stored_files(filestore, prefix))
    listing = _as_lines(entries)
    backups.upload_blob(path, listing, overwrite=True)
    return FilestoreListing(
        container=filestore.container_name,
        prefix=prefix,
        files=len(entries),
        bytes=sum(entry.size for entry in entries),
        path=path,
        sha256=hashlib.sha256(listing).hexdigest(),
    )


def _as_lines(entries: Iterable[FilestoreEntry]) -> bytes:
    return "".join(entry.model_dump_json() + "\n" for entry in entries).encode()
