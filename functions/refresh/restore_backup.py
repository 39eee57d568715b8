"""Restore the backup into quarantine, by a Kubernetes Job; and drop what it made."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from functions.refresh.backups import BackupDamaged, read_manifest
from functions.refresh.ownership import let_owner_create
from functions.refresh.targets import Target, look_again, still_mine, target_of
from shared.blobs import Blobs
from shared.cluster import Cluster, JobState
from shared.errors import PermanentError, TemporaryError
from shared.estate import Estate
from shared.messages.refresh import BackupAccepted, DatabaseRestored
from shared.odoo.data_checks import count_foreign_keys
from shared.postgres.databases import Databases
from shared.postgres.marker import CloneMarker, write_marker
from shared.postgres.restore_job import ARCHIVE_IS_WRONG
from shared.runs import Again, Run

_URL_IS_VALID = timedelta(hours=12)


class RestoreFailed(TemporaryError):
    """The restore Job failed; another attempt begins from an empty database."""


def restore_backup(
    backup: BackupAccepted,
    *,
    run: Run,
    estate: Estate,
    blobs: Blobs,
    cluster: Cluster,
    databases: Databases,
) -> DatabaseRestored | Again:
    """Restore the backup into the run's own database, which nobody but the administrator can reach.

    Safe to repeat: database and Job are named after the run; a Job that is there is looked in on, a
    database that carries the run's marker is finished, and anything else is replaced.

    Raises BackupDamaged when the archive is not what its manifest says.
    """
    target = target_of(run, estate)
    databases.refuse_production(target.server)
    if marker := _marker(databases, target, run):
        return _restored(backup, target, run, marker, cluster, databases)
    job = cluster.job(target.namespace, target.job)
    if job is None:
        still_mine(run)
        _begin(backup, target, estate, blobs, cluster, databases)
        return look_again(run, looks=0, begun_at=datetime.now(UTC).isoformat())
    if job.phase == "active":
        return look_again(run, progress=_progress(cluster, target, job))
    if job.phase == "failed":
        _give_up(cluster, target, job)
    still_mine(run)
    marker = _mark(backup, target, run, blobs, databases)
    return _restored(backup, target, run, marker, cluster, databases)


def drop_incoming(
    backup: BackupAccepted,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    cluster: Cluster,
    databases: Databases,
) -> None:
    """End the Job and drop the database that it filled.

    Safe to repeat: what is gone stays gone, and no other run has these names.
    """
    target = target_of(run, estate)
    cluster.delete_job(target.namespace, target.job)
    databases.drop(target.server, target.incoming)


def _begin(
    backup: BackupAccepted,
    target: Target,
    estate: Estate,
    blobs: Blobs,
    cluster: Cluster,
    databases: Databases,
) -> None:
    owner = target.environment.database.owner
    databases.drop(target.server, target.incoming)
    databases.create(target.server, target.incoming)
    let_owner_create(databases, target.server, target.incoming, owner)
    environment = {
        "SIGNALBOX_RESTORE_ARCHIVE_URL": blobs.read_url(backup.archive, _URL_IS_VALID),
        "SIGNALBOX_RESTORE_ARCHIVE_SIZE": str(backup.archive_size),
        "SIGNALBOX_RESTORE_ARCHIVE_SHA256": backup.archive_sha256,
        "SIGNALBOX_RESTORE_DATABASE_URL": databases.dsn(target.server, target.incoming),
        "SIGNALBOX_RESTORE_OWNER": owner,
    }
    image = estate.cluster(target.environment.cluster).job_image
    cluster.run_job(target.namespace, _job(target.job, image), environment)


def _job(name: str, image: str) -> dict[str, Any]:
    """The Job's manifest, from the template beside this module."""
    job: dict[str, Any] = yaml.safe_load(_template())
    job["metadata"]["name"] = name
    (container,) = job["spec"]["template"]["spec"]["containers"]
    container["image"] = image
    container["envFrom"] = [{"secretRef": {"name": name}}]
    return job


@cache
def _template() -> str:
    return files("functions.refresh").joinpath("restore_job.yaml").read_text()


def _progress(cluster: Cluster, target: Target, job: JobState) -> dict[str, Any]:
    """What the Job last said, or why it does not start."""
    said = _last_words(cluster, target)
    return said or {"phase": "waiting", "reason": job.reason}


def _last_words(cluster: Cluster, target: Target) -> dict[str, Any]:
    """The Job's last JSON line; empty before there is one."""
    for line in reversed(cluster.job_log_tail(target.namespace, target.job).splitlines()):
        if line.startswith("{") and line.endswith("}"):
            facts: dict[str, Any] = json.loads(line)
            return facts
    return {}


def _give_up(cluster: Cluster, target: Target, job: JobState) -> None:
    """Raise what the failed Job died of, and clear its place for another attempt."""
    tail = cluster.job_log_tail(target.namespace, target.job)
    reason = _last_words(cluster, target).get("reason") or tail or job.reason
    cluster.delete_job(target.namespace, target.job)
    error: type[PermanentError | TemporaryError] = (
        BackupDamaged if job.exit_code == ARCHIVE_IS_WRONG else RestoreFailed
    )
    raise error(
        f"{target.environment.name}: the restore Job {target.job} failed "
        f"(exit code {job.exit_code}): {reason}"
    )


def _marker(databases: Databases, target: Target, run: Run) -> CloneMarker | None:
    marker = databases.marker(target.server, target.incoming)
    return marker if marker and marker.run_id == str(run.id) else None


def _mark(
    backup: BackupAccepted, target: Target, run: Run, blobs: Blobs, databases: Databases
) -> CloneMarker:
    manifest, _ = read_manifest(blobs, backup.manifest, backup.manifest_sha256)
    marker = CloneMarker.new(str(run.id), manifest.system_identifier, manifest.database, run.epoch)
    with databases.connect(target.server, target.incoming, autocommit=True) as connection:
        write_marker(connection, marker)
    return marker


def _restored(
    backup: BackupAccepted,
    target: Target,
    run: Run,
    marker: CloneMarker,
    cluster: Cluster,
    databases: Databases,
) -> DatabaseRestored:
    cluster.delete_job(target.namespace, target.job)
    with databases.connect(target.server, target.incoming) as connection:
        foreign_keys = count_foreign_keys(connection)
    begun = run.checkpoint.get("begun_at", marker.created_at.isoformat())
    seconds = (marker.created_at - datetime.fromisoformat(begun)).total_seconds()
    return backup.become(
        DatabaseRestored,
        database=target.incoming,
        seconds=round(max(seconds, 0.0), 3),
        foreign_keys=foreign_keys,
    )
