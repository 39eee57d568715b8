"""The manifest of a backup: what a restore can be checked against."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Sha1 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Name = Annotated[str, StringConstraints(min_length=1)]


def _stays_inside(path: str) -> str:
    """A manifest comes from storage: its paths must not lead out of where they are looked up."""
    if "\\" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError("not the path of a blob: it is empty, absolute, or leads upwards")
    return path


BlobPath = Annotated[str, AfterValidator(_stays_inside)]
StoredPath = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{2}/[0-9a-f]{40}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Archive(_Part):
    """The database, as ``pg_dump --format=custom`` wrote it."""

    path: BlobPath
    """Blob in the manifest's own container."""
    size: Count
    """Bytes."""
    sha256: Sha256
    """Of the whole file."""


class FilestoreListing(_Part):
    """Where the filestore was, and the list of its files at the time of the backup."""

    container: Name
    """Container of the files."""
    prefix: str
    """What their blobs' names begin with."""
    files: Count
    """Lines of the listing."""
    bytes: Count
    """Sum of their sizes."""
    path: BlobPath
    """Blob of the listing in the manifest's own container; each line is a FilestoreEntry."""
    sha256: Sha256
    """Of the listing."""


class FilestoreEntry(_Part):
    """One line of the listing."""

    path: StoredPath
    """``xx/<sha1>``, the value of ``ir_attachment.store_fname``."""
    size: Count
    """Bytes."""
    sha1: Sha1
    """Of the content, by its name."""


class BackupManifest(_Part):
    """One complete backup of one environment; written last, so its presence means complete."""

    version: Literal[1] = 1
    """Of this format."""
    environment: Name
    """The estate's name of what was backed up."""
    taken_at: AwareDatetime
    """When the snapshot was taken, to the second."""
    database: Name
    """Name on its server."""
    server_version: Annotated[int, Field(ge=100_000)]
    """PostgreSQL's ``server_version_num``; a restore needs this major version or a later one."""
    system_identifier: Annotated[str, StringConstraints(pattern=r"^\d+$")]
    """Of the source cluster, as text because it exceeds what JSON numbers hold exactly."""
    archive: Archive
    """The database."""
    filestore: FilestoreListing
    """The files."""
    rows: dict[str, Count]
    """Rows of every table of the schema public, counted in the snapshot of the dump."""
    modules: dict[str, str]
    """Installed modules with their versions."""
    sequences: dict[str, int]
    """Last value of every sequence, 0 if never used; may be ahead of the snapshot."""
