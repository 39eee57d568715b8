"""The Kubernetes Jobs that load a part of the backup: how one is begun, watched and given up."""

import json
from datetime import timedelta
from typing import Any

from functions.refresh.targets import Target, look_again
from shared.backups import BackupDamaged
from shared.blobs import Blobs
from shared.cluster import Cluster, JobState
from shared.cluster.jobs import job_from
from shared.errors import TemporaryError
from shared.estate import Estate
from shared.messages.refresh import BackupAccepted
from shared.postgres.databases import Databases
from shared.postgres.restore_job import ARCHIVE_IS_WRONG, Part
from shared.runs import Again, Run

_URL_IS_VALID = timedelta(hours=12)


class RestoreFailed(TemporaryError):
    """A restore Job failed; another attempt begins anew."""


def begin_job(
    name: str,
    part: Part,
    backup: BackupAccepted,
    target: Target,
    estate: Estate,
    blobs: Blobs,
    cluster: Cluster,
    databases: Databases,
) -> None:
    """Begin to load a part of the backup into the incoming database."""
    environment = {
        "SIGNALBOX_RESTORE_ARCHIVE_URL": blobs.read_url(backup.archive, _URL_IS_VALID),
        "SIGNALBOX_RESTORE_ARCHIVE_SIZE": str(backup.archive_size),
        "SIGNALBOX_RESTORE_ARCHIVE_SHA256": backup.archive_sha256,
        "SIGNALBOX_RESTORE_DATABASE_URL": databases.dsn(target.server, target.incoming),
        "SIGNALBOX_RESTORE_PART": part,
        "SIGNALBOX_RESTORE_OWNER": target.environment.database.owner,
    }
    image = estate.cluster(target.environment.cluster).job_image
    cluster.run_job(target.namespace, job_manifest(name, image), environment)


def job_manifest(name: str, image: str) -> dict[str, Any]:
    """The Job's manifest, from the template beside this module."""
    return job_from("functions.refresh", "restore_job.yaml", name, image)


def look_at_job(cluster: Cluster, target: Target, run: Run, name: str) -> JobState | Again | None:
    """The Job when it has ended well, Again while it works, None when there is none.

    Raises what a failed one died of, after clearing its place for another attempt.
    """
    job = cluster.job(target.namespace, name)
    if job is None or job.phase == "succeeded":
        return job
    tail = cluster.job_log_tail(target.namespace, name)
    said = _last_words(tail)
    if job.phase == "active":
        return look_again(run, progress=said or {"phase": "waiting", "reason": job.reason})
    cluster.delete_job(target.namespace, name)
    error = BackupDamaged if job.exit_code == ARCHIVE_IS_WRONG else RestoreFailed
    raise error(
        f"{target.environment.name}: the restore Job {name} failed "
        f"(exit code {job.exit_code}): {said.get('reason') or tail or job.reason}"
    )


def _last_words(log: str) -> dict[str, Any]:
    """The last JSON line of a Job's log; empty before there is one."""
    for line in reversed(log.splitlines()):
        if line.startswith("{") and line.endswith("}"):
            facts: dict[str, Any] = json.loads(line)
            return facts
    return {}
