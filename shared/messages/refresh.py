"""The facts that the refresh agent's steps hand on; each adds to what the one before it knew."""

from typing import ClassVar

from pydantic import Field

from shared.messages import ENVIRONMENT, Event, Message


class BackupCompleted(Event):
    """A backup of an environment is complete and in blob storage."""

    type: ClassVar[str] = "backup-completed"

    manifest: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]/[^\\\s]+$",
        examples=["backups/acme-prod/20261122T020000Z/manifest.json"],
    )
    """Container and path of the manifest: ``backups/acme-prod/20261122T020000Z/manifest.json``."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the manifest, when the publisher knows it: then another manifest is refused."""
    target: str | None = Field(default=None, pattern=ENVIRONMENT)
    """Refresh only this environment; all that are refreshed from the source when left out."""


class BackupAccepted(Message):
    """The backup is in storage and is what its manifest says."""

    source: str
    """The environment that was backed up."""
    manifest: str
    """Container and path of the manifest."""
    manifest_sha256: str
    archive: str
    """Container and path of the ``pg_dump`` archive."""
    archive_size: int
    """Bytes."""
    archive_sha256: str


class DatabaseRestored(BackupAccepted):
    """The rows of the backup, personal data included, are in a database that nobody can reach."""

    database: str
    """The incoming database, named after the run."""
    seconds: float
    """How long the restore took."""


class DatabaseMasked(DatabaseRestored):
    """Every row of the incoming database is masked; it has no indexes and constraints yet."""

    policy_sha256: str


class IndexesBuilt(DatabaseMasked):
    """The incoming database has all indexes and constraints of the backup, over masked rows."""

    foreign_keys: int
    """How many it has: all hold, or PostgreSQL would have refused them."""


class DatabaseSanitized(IndexesBuilt):
    """The incoming database holds no personal data that the policy knows and acts on nothing."""

    rows_masked: int
    tables_masked: int


class EndpointsRemapped(DatabaseSanitized):
    """Nothing in the incoming database or the environment's configuration points at production."""

    endpoints: int
    """How many settings, in database and cluster, now have the environment's own value."""


class FilestoreCopied(EndpointsRemapped):
    """The environment has every file that the incoming database refers to."""

    files: int
    bytes: int


class EnvironmentVerified(FilestoreCopied):
    """Every check passed on the incoming database."""

    checks: int


class SanitizationProven(EnvironmentVerified):
    """The whole incoming database was searched for what masking replaced; nothing was left."""

    certificate: str
    """The signed certificate, as JSON; the database holds it, too."""


class CertifiedKept(SanitizationProven):
    """What environments on request are cloned from is kept, as it was proven."""

    kept: str | None = None
    """The certified copy; None when the estate offers no clones of this environment."""


class EnvironmentPublished(CertifiedKept):
    """The incoming database is the environment's; the one before it is kept for a while."""

    previous: str | None
    """The database kept as checkpoint, if there was one before."""
    tried_login: str | None = None
    """What came of trying to log in; None: the estate names no login."""
