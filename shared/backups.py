"""Finding backups in storage, and reading what they say of themselves."""

import hashlib

from pydantic import ValidationError

from shared.blobs import BlobMissing, Blobs
from shared.errors import PermanentError, explain
from shared.estate import BlobFolder
from shared.odoo.manifest import BackupManifest, FilestoreEntry


class BackupDamaged(PermanentError):
    """What is in storage is not what the backup's manifest, or its event, says."""


def newest_manifest(blobs: Blobs, folder: BlobFolder) -> str | None:
    """The path of the newest complete backup's manifest: folders are named for their time."""
    try:
        paths = [blob.path for blob in blobs.list(f"{folder.container}/{folder.prefix}")]
    except BlobMissing:
        return None
    return max((path for path in paths if path.endswith("/manifest.json")), default=None)


def read_manifest(blobs: Blobs, path: str, sha256: str | None) -> tuple[BackupManifest, str]:
    """The manifest and its SHA-256. Raises BlobMissing, and BackupDamaged when it has another."""
    content = blobs.read(path)
    found = hashlib.sha256(content).hexdigest()
    if sha256 not in (None, found):
        raise BackupDamaged(
            f"the manifest {path} has SHA-256 {found}, expected {sha256}: "
            "it was replaced after the backup was announced; take a new backup"
        )
    try:
        return BackupManifest.model_validate_json(content), found
    except ValidationError as error:
        raise BackupDamaged(f"the manifest {path} cannot be read: {explain(error)}") from None


def beside(manifest_path: str, blob: str) -> str:
    """The path of a blob that a manifest names, which is in the manifest's own container."""
    return f"{manifest_path.partition('/')[0]}/{blob}"


def read_listing(
    blobs: Blobs, manifest_path: str, manifest: BackupManifest
) -> dict[str, FilestoreEntry]:
    """The filestore's files at the time of the backup, by their path in it."""
    path = beside(manifest_path, manifest.filestore.path)
    content = blobs.read(path)
    if hashlib.sha256(content).hexdigest() != manifest.filestore.sha256:
        raise BackupDamaged(
            f"the filestore listing {path} is not the one of the manifest: take a new backup"
        )
    entries = (FilestoreEntry.model_validate_json(line) for line in content.splitlines())
    return {entry.path: entry for entry in entries}
