"""Find the backup and refuse one that does not fit, before anything is changed."""

from datetime import UTC, datetime

from shared.backups import BackupDamaged, beside, read_manifest
from shared.blobs import Blobs
from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.messages.refresh import BackupAccepted, BackupCompleted
from shared.odoo.manifest import BackupManifest
from shared.postgres.databases import Databases
from shared.runs import Run


class BackupUnfit(PermanentError):
    """The backup is sound, but this environment must not be refreshed from it."""


def find_backup(
    event: BackupCompleted, *, run: Run, estate: Estate, blobs: Blobs, databases: Databases
) -> BackupAccepted:
    """Accept the backup when it is complete, of the right environment, young enough, and of no
    newer PostgreSQL than the target's.

    The archive's checksum is proved while the restore Job reads it: no function moves gigabytes.

    Safe to repeat: it reads only.

    Raises BlobMissing, BackupDamaged and BackupUnfit: no retry will make a backup better.
    """
    manifest, sha256 = read_manifest(blobs, event.manifest, event.sha256)
    target = estate.environment(run.environment)
    _refuse_unfit(event, manifest, target, datetime.now(UTC))
    archive = beside(event.manifest, manifest.archive.path)
    size = blobs.properties(archive).size
    if size != manifest.archive.size:
        raise BackupDamaged(
            f"the archive {archive} has {size} bytes, its manifest says {manifest.archive.size}: "
            "take a new backup"
        )
    _refuse_newer(manifest, target, databases)
    return BackupAccepted(
        source=event.environment,
        manifest=event.manifest,
        manifest_sha256=sha256,
        archive=archive,
        archive_size=size,
        archive_sha256=manifest.archive.sha256,
    )


def _refuse_unfit(
    event: BackupCompleted, manifest: BackupManifest, target: Environment, now: datetime
) -> None:
    if manifest.environment != event.environment:
        raise BackupUnfit(
            f"{event.manifest} is a backup of {manifest.environment}, "
            f"the event says {event.environment}: publish the event of the right backup"
        )
    if target.refresh_from != event.environment:
        raise BackupUnfit(
            f"{target.name} is refreshed from {target.refresh_from}, not from {event.environment}: "
            "state refresh_from in the estate"
        )
    if now - manifest.taken_at > target.oldest_backup:
        raise BackupUnfit(
            f"{event.manifest} was taken at {manifest.taken_at:%F %T} UTC; {target.name} accepts "
            f"backups of the last {target.oldest_backup}: take a new one or raise oldest_backup"
        )


def _refuse_newer(manifest: BackupManifest, target: Environment, databases: Databases) -> None:
    """Refuse what only a later major version of PostgreSQL can take in."""
    server = target.database.server
    theirs, ours = manifest.server_version // 10_000, databases.version(server) // 10_000
    if theirs > ours:
        raise BackupUnfit(
            f"the backup of {manifest.environment} is of PostgreSQL {theirs}, and {target.name}'s "
            f"server {server} is {ours}, which cannot take it in: upgrade {server} to {theirs} "
            "or later, then publish backup-completed again"
        )
