"""Update Odoo's modules in the new image, by a Kubernetes Job."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from functions.release.places import Place, container_of, look_again, place_of, pod_of
from shared.cluster import Cluster, Clusters, JobState
from shared.errors import PermanentError
from shared.estate import Estate
from shared.messages.release import ModulesUpdated, ReleaseDeployed
from shared.runs import Again, Run, still_mine

STUCK = timedelta(minutes=3)
"""How long its pod may not start, for whatever reason, while nobody can work."""

_STARTING = ("", "ContainerCreating", "PodInitializing")
"""What the cluster says of a pod that does not wait, or waits for an image being pulled."""

KEPT_SECONDS = 86_400
"""How long a Job that is over can be looked at."""

_OF_A_SERVICE = ("args", "lifecycle", "livenessProbe", "ports", "readinessProbe", "startupProbe")


class UpdateFailed(PermanentError):
    """The module update ended with an error; the database is put back as it was."""


class UpdateStuck(PermanentError):
    """The pod of the module update does not start; the database is put back as it was."""


def update_modules(
    deployed: ReleaseDeployed,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    clock: Callable[[], datetime],
) -> ModulesUpdated | Again:
    """Run the estate's update command with the settings of the first workload, and look in on it.

    Nothing else uses the database meanwhile.

    Safe to repeat: the Job is named after the run, and one that is there is looked in on.

    Raises UpdateFailed, which does not quote the log: Odoo's can hold rows. The Job stays for a
    day for whoever may read it. Raises UpdateStuck when its pod does not start, for example
    because the image cannot be pulled.
    """
    place = place_of(run, estate)
    cluster = clusters.of(place.environment)
    if not place.policy.update:
        return deployed.become(ModulesUpdated, updated=False)
    job = cluster.job(place.namespace, place.job)
    if job is None:
        still_mine(run)
        cluster.run_job(place.namespace, _job(place, cluster, deployed.image), {})
        return look_again(run, "the module update begins")
    if job.phase == "active":
        return _look_in_on(place, run, job, clock())
    if job.phase == "failed":
        raise UpdateFailed(
            f"{place.environment.name}: the module update ended with exit code {job.exit_code}; "
            f"read why with kubectl logs -n {place.namespace} job/{place.job}"
        )
    return deployed.become(ModulesUpdated, updated=True)


def stop_update(
    deployed: ReleaseDeployed,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
) -> None:
    """End the Job if it is still at work; one that failed stays to be read.

    Safe to repeat: what is gone stays gone.
    """
    place = place_of(run, estate)
    cluster = clusters.of(place.environment)
    job = cluster.job(place.namespace, place.job)
    if job is not None and job.phase != "failed":
        cluster.delete_job(place.namespace, place.job)


def _look_in_on(place: Place, run: Run, job: JobState, now: datetime) -> Again:
    if job.reason in _STARTING:
        return look_again(run, "modules are updated", stuck_since=None)
    since = run.checkpoint.get("stuck_since") or now.isoformat()
    if now - datetime.fromisoformat(since) > STUCK:
        raise UpdateStuck(f"{place.environment.name}: the module update waits: {job.reason}")
    return look_again(run, job.reason, stuck_since=since)


def _job(place: Place, cluster: Cluster, image: str) -> dict[str, Any]:
    """A pod like the first workload's, of the one container, with another command."""
    first = place.environment.workloads[0]
    found = cluster.read(first.kind, place.namespace, first.name)
    container = copy.deepcopy(container_of(found, first, place))
    for name in _OF_A_SERVICE:
        container.pop(name, None)
    container |= {"image": image, "command": list(place.policy.update)}
    pod = {**pod_of(found, first), "containers": [container], "restartPolicy": "Never"}
    return {
        "metadata": {"name": place.job, "labels": {"app": "signalbox-update"}},
        "spec": {
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {"metadata": {"labels": {"app": "signalbox-update"}}, "spec": pod},
        },
    }
