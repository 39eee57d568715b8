"""The files that a database refers to: where each one comes from and goes to."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.backups import read_listing
from shared.blobs import Blobs
from shared.errors import PermanentError
from shared.estate import Environment
from shared.filestore import filestore_of, folder
from shared.odoo.attachments import stored_files
from shared.odoo.manifest import BackupManifest, FilestoreEntry
from shared.odoo.placeholders import CONTENTS
from shared.postgres.marker import Database

SHOWN = 5


class FilestoreIncomplete(PermanentError):
    """The database refers to files that the backup does not have."""


@dataclass(frozen=True)
class File:
    """A file that the database refers to."""

    path: str
    """``xx/<sha1>``, checked against the backup's listing."""
    size: int
    sha1: str
    source: str | None
    """Its blob in the filestore that was backed up; None for a placeholder, which is ours."""
    target: str
    """Its blob in the environment's filestore."""


def referred_files(
    connection: Database,
    blobs: Blobs,
    manifest_path: str,
    manifest: BackupManifest,
    environment: Environment,
) -> list[File]:
    """What the connected database refers to, by path. Raises FilestoreIncomplete."""
    listing = read_listing(blobs, manifest_path, manifest)
    wanted = [stored.path for stored in stored_files(connection)]
    if missing := [path for path in wanted if path not in listing and path not in CONTENTS]:
        raise FilestoreIncomplete(
            f"{environment.name}: {len(missing)} of {len(wanted)} files that attachments refer to "
            f"are not in the backup {manifest_path}, such as {', '.join(missing[:SHOWN])}: "
            "repair production's filestore, then take a new backup"
        )
    source = f"{manifest.filestore.container}/{folder(manifest.filestore.prefix)}"
    target = filestore_of(environment)
    return [
        _placeholder(path, target) if path in CONTENTS else _stored(listing[path], source, target)
        for path in wanted
    ]


def put_file(blobs: Blobs, file: File) -> None:
    """Bring a file into the environment's filestore."""
    if file.source is None:
        blobs.upload(file.target, CONTENTS[file.path])
    else:
        blobs.copy(file.source, file.target)


def sizes_in(blobs: Blobs, prefix: str) -> Mapping[str, int]:
    """The size of every blob under a prefix, by its path."""
    return {blob.path: blob.size for blob in blobs.list(prefix)}


def _placeholder(path: str, target: str) -> File:
    return File(path, len(CONTENTS[path]), path[3:], None, target + path)


def _stored(entry: FilestoreEntry, source: str, target: str) -> File:
    return File(entry.path, entry.size, entry.sha1, source + entry.path, target + entry.path)
