"""Start what stood still, and see every pod run the released image."""

from collections.abc import Callable
from datetime import datetime

from functions.release.places import (
    Place,
    look_again,
    place_of,
    start_all,
    states,
    stop_all,
)
from shared.cluster import Cluster, Clusters
from shared.errors import PermanentError
from shared.estate import Estate
from shared.messages.release import ModulesUpdated, RolloutCompleted
from shared.runs import Again, Run


class RolloutFailed(PermanentError):
    """Pods of the new image do not get ready; the one from before is put back."""


class ImageTakenBack(PermanentError):
    """Somebody else has written another image; two are at work on one environment."""


def await_rollout(
    updated: ModulesUpdated,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    clock: Callable[[], datetime],
) -> RolloutCompleted | Again:
    """Give the workloads their pods back and wait until all that are wanted are ready.

    Safe to repeat: it sets, then only reads.

    Raises RolloutFailed when Kubernetes gives up; ImageTakenBack when GitOps or a person has
    written another image.
    """
    place = place_of(run, estate)
    cluster = clusters.of(place.environment)
    if updated.updated:
        cluster.delete_job(place.namespace, place.job)
    _refuse_another_image(place, cluster, updated.image)
    ready = start_all(cluster, place, run)
    _refuse_stuck(place, cluster)
    if not ready:
        return look_again(run, "waits until every pod is ready")
    return updated.become(RolloutCompleted, ready_at=clock())


def stop_rollout(
    updated: ModulesUpdated,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
) -> Again | None:
    """Let rest again what must not use the database while it is put back.

    Safe to repeat: what rests already goes on resting.
    """
    place = place_of(run, estate)
    if not stop_all(clusters.of(place.environment), place, run):
        return look_again(run, "waits until the workloads rest")
    return None


def _refuse_another_image(place: Place, cluster: Cluster, image: str) -> None:
    for state in states(cluster, place):
        if state.image != image:
            raise ImageTakenBack(
                f"{state.kind} {place.namespace}/{state.name} is to run {state.image} again: if "
                "GitOps owns it, promote the release there"
            )


def _refuse_stuck(place: Place, cluster: Cluster) -> None:
    for workload in place.environment.workloads:
        if cluster.gave_up(place.namespace, workload):
            raise RolloutFailed(
                f"{workload.kind} {place.namespace}/{workload.name}: its pods did not get ready "
                "within progressDeadlineSeconds; look at their events and logs"
            )
