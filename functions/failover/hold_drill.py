"""Rehearse a failover in a Kubernetes Job, with a pair of its own that is made from a backup."""

import json
from datetime import timedelta
from typing import Any

from shared.backups import BackupDamaged, beside, newest_manifest, read_manifest
from shared.blobs import Blobs
from shared.cluster import Clusters
from shared.cluster.jobs import job_from
from shared.errors import PermanentError, TemporaryError
from shared.estate import Environment, Estate
from shared.ledger import Placements
from shared.messages.drills import DrillHeld, DrillRequested
from shared.postgres.restore_job import ARCHIVE_IS_WRONG
from shared.runs import Again, Run, still_mine
from shared.signs import SIGNS

LOOK = timedelta(seconds=4)
URL_IS_VALID = timedelta(hours=12)


class NothingToRehearseWith(PermanentError):
    """There is no backup to make a pair from, or no image that a drill could run in."""


class PairIsTurning(PermanentError):
    """The pair is being failed over, or rejoins: its clusters have other things to do."""


class DrillBroken(TemporaryError):
    """The Job of a drill failed without a result; another attempt makes a new pair."""


def hold_drill(
    event: DrillRequested,
    *,
    run: Run,
    estate: Estate,
    blobs: Blobs,
    clusters: Clusters,
    placements: Placements,
) -> DrillHeld | Again:
    """Begin the Job beside the side that serves nobody, where production's data is at home, and
    look in on it.

    Safe to repeat: place and backup are kept before anything is made; the Job is named after the
    run, and one that is there is looked in on.

    Raises NothingToRehearseWith, BackupDamaged, PairIsTurning, DrillBroken.
    """
    if placements.is_turning(event.environment):
        raise PairIsTurning(
            f"{event.environment} is being failed over: publish drill-requested when that is over"
        )
    if "side" not in run.checkpoint:
        return Again(timedelta(0), _choose(event, estate, blobs, placements))
    side, manifest = estate.environment(run.checkpoint["side"]), run.checkpoint["manifest"]
    cluster, name = clusters.of(side), _name(run)
    job = cluster.job(side.namespace, name)
    if job is None:
        made = job_manifest(name, _image(side, estate))
        settings = _settings(event.environment, manifest, blobs)
        still_mine(run)
        cluster.run_job(side.namespace, made, settings)
        return _again(run, "the pair is made")
    lines = cluster.job_log_tail(side.namespace, name).splitlines()
    if job.phase == "active":
        return _again(run, _done(lines) or job.reason)
    said = _result(lines)
    if job.phase == "succeeded" and "closed" in said:
        facts = {"production": event.environment, "side": side.name, "manifest": manifest}
        return DrillHeld.model_validate(facts | said)
    # With the pod goes what it has restored.
    cluster.delete_job(side.namespace, name)
    error = BackupDamaged if job.exit_code == ARCHIVE_IS_WRONG else DrillBroken
    raise error(
        f"{event.environment}: the Job {name} failed (exit code {job.exit_code}): "
        f"{said.get('reason') or job.reason or 'it gave no reason'}; "
        "what its pod wrote is where the cluster keeps its logs"
    )


def end_drill(
    event: DrillRequested,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
) -> None:
    """End the Job, and with it the pair.

    Safe to repeat: what is gone stays gone.
    """
    if "side" in run.checkpoint:
        delete_job(run.checkpoint["side"], run, estate, clusters)


def delete_job(name: str, run: Run, estate: Estate, clusters: Clusters) -> None:
    """End the run's Job beside a side of the pair; nothing happens when it is gone."""
    side = estate.environment(name)
    clusters.of(side).delete_job(side.namespace, _name(run))


def job_manifest(name: str, image: str) -> dict[str, Any]:
    """The Job's manifest, from the template beside this module."""
    return job_from("functions.failover", "drill_job.yaml", name, image)


def _choose(
    event: DrillRequested, estate: Estate, blobs: Blobs, placements: Placements
) -> dict[str, str]:
    """The side that serves nobody, and the backup."""
    pair = placements.pair(event.environment, estate)
    folder = pair.production.backups
    manifest = event.manifest or (newest_manifest(blobs, folder) if folder else None)
    if manifest is None:
        raise NothingToRehearseWith(
            f"{event.environment} has no backup to rehearse with: take one, and let `backups` of "
            "the estate lead to it"
        )
    return {"side": pair.standby.name, "manifest": manifest}


def _image(side: Environment, estate: Estate) -> str:
    image = estate.cluster(side.cluster).drill_image
    if image is None:
        raise NothingToRehearseWith(
            f"cluster {side.cluster} has no drill_image: state it in the estate, or hold the drill "
            "elsewhere with `signalbox drill failover`"
        )
    return image


def _settings(production: str, path: str, blobs: Blobs) -> dict[str, str]:
    """What the Job is told: see ``signalbox.drill_job``."""
    manifest, _ = read_manifest(blobs, path, None)
    if manifest.environment != production:
        raise NothingToRehearseWith(
            f"{path} is a backup of {manifest.environment}, whose data has no place beside "
            f"{production}: name one of its own"
        )
    archive = manifest.archive
    return {
        "SIGNALBOX_DRILL_ARCHIVE_URL": blobs.read_url(beside(path, archive.path), URL_IS_VALID),
        "SIGNALBOX_DRILL_ARCHIVE_SIZE": str(archive.size),
        "SIGNALBOX_DRILL_ARCHIVE_SHA256": archive.sha256,
    }


def _name(run: Run) -> str:
    return f"signalbox-drill-{run.short}"


def _again(run: Run, doing: str) -> Again:
    return Again(LOOK, {**run.checkpoint, "progress": {"reason": doing}})


def _done(lines: list[str]) -> str | None:
    """The newest act that is over. Nothing else of the log is kept: errors may quote rows."""
    return next((line for line in reversed(lines) if line.startswith(SIGNS["succeeded"])), None)


def _result(lines: list[str]) -> dict[str, Any]:
    """What the Job found out; empty when it did not get so far."""
    if not lines or not lines[-1].startswith("{"):
        return {}
    found: dict[str, Any] = json.loads(lines[-1])
    return found
