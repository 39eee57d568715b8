"""Restore the backup's rows into quarantine, by a Kubernetes Job; and drop what it made."""

from datetime import UTC, datetime

from functions.refresh.ownership import let_owner_create
from functions.refresh.restore_jobs import begin_job, look_at_job
from functions.refresh.targets import Target, look_again, target_of
from shared.backups import read_manifest
from shared.blobs import Blobs
from shared.cluster import Cluster, Clusters
from shared.estate import Estate
from shared.messages.refresh import BackupAccepted, DatabaseRestored
from shared.postgres.databases import Databases
from shared.postgres.marker import CloneMarker, write_marker
from shared.runs import Again, Run, still_mine


def restore_backup(
    backup: BackupAccepted,
    *,
    run: Run,
    estate: Estate,
    blobs: Blobs,
    clusters: Clusters,
    databases: Databases,
) -> DatabaseRestored | Again:
    """Restore the rows into the run's own database, which nobody but the administrator can reach.

    Indexes and constraints come after masking, which would otherwise have to build them again.

    Safe to repeat: database and Job are named after the run; a Job that is there is looked in on, a
    database that carries the run's marker is finished, and anything else is replaced.

    Raises BackupDamaged when the archive is not what its manifest says.
    """
    target = target_of(run, estate)
    cluster = clusters.of(target.environment)
    databases.refuse_production(target.server)
    if marker := _marker(databases, target, run):
        return _restored(backup, target, run, marker, cluster)
    job = look_at_job(cluster, target, run, target.job)
    if isinstance(job, Again):
        return job
    if job is None:
        still_mine(run)
        _make_place(databases, target)
        begin_job(target.job, "rows", backup, target, estate, blobs, cluster, databases)
        return look_again(run, looks=0, begun_at=datetime.now(UTC).isoformat())
    still_mine(run)
    marker = _mark(backup, target, run, blobs, databases)
    return _restored(backup, target, run, marker, cluster)


def drop_incoming(
    backup: BackupAccepted,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
) -> None:
    """End the Jobs and drop the database that they filled.

    Safe to repeat: what is gone stays gone, and no other run has these names.
    """
    target = target_of(run, estate)
    cluster = clusters.of(target.environment)
    for job in (target.job, target.index_job):
        cluster.delete_job(target.namespace, job)
    databases.drop(target.server, target.incoming)


def _make_place(databases: Databases, target: Target) -> None:
    """An empty incoming database, whatever was there."""
    databases.drop(target.server, target.incoming)
    databases.create(target.server, target.incoming)
    owner = target.environment.database.owner
    let_owner_create(databases, target.server, target.incoming, owner)


def _marker(databases: Databases, target: Target, run: Run) -> CloneMarker | None:
    marker = databases.marker(target.server, target.incoming)
    return marker if marker and marker.run_id == str(run.id) else None


def _mark(
    backup: BackupAccepted, target: Target, run: Run, blobs: Blobs, databases: Databases
) -> CloneMarker:
    manifest, _ = read_manifest(blobs, backup.manifest, backup.manifest_sha256)
    marker = CloneMarker.new(str(run.id), manifest.system_identifier, manifest.database, run.epoch)
    with databases.connect(target.server, target.incoming) as connection:
        write_marker(connection, marker)
    return marker


def _restored(
    backup: BackupAccepted, target: Target, run: Run, marker: CloneMarker, cluster: Cluster
) -> DatabaseRestored:
    cluster.delete_job(target.namespace, target.job)
    begun = run.checkpoint.get("begun_at", marker.created_at.isoformat())
    seconds = (marker.created_at - datetime.fromisoformat(begun)).total_seconds()
    return backup.become(
        DatabaseRestored, database=target.incoming, seconds=round(max(seconds, 0.0), 3)
    )
