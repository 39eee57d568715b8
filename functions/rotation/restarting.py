"""Replacing pods one after the other, on both sides of a pair."""

from functions.rotation.places import Place
from shared.errors import PermanentError
from shared.runs import Run


class PodsRefuse(PermanentError):
    """Pods with the new login do not get ready; the old one is put back."""


def restart_all(place: Place, run: Run, mark: str) -> None:
    for side in place.sides:
        for workload in side.workloads:
            side.cluster.restart_workload(side.namespace, workload, mark, epoch=run.epoch)


def were_restarted(place: Place, run: Run) -> bool:
    """Whether this run has begun to."""
    return any(
        (side.cluster.restarted_for(side.namespace, workload) or "").startswith(run.short)
        for side in place.sides
        for workload in side.workloads
    )


def all_ready(place: Place) -> bool:
    """Whether every pod that is wanted is; of what sleeps or waits, none is."""
    return all(side.cluster.are_ready(side.namespace, side.workloads) for side in place.sides)


def refuse_stuck(place: Place) -> None:
    """Raise PodsRefuse when Kubernetes has given up on a workload."""
    for side in place.sides:
        stuck = [w.name for w in side.workloads if side.cluster.gave_up(side.namespace, w)]
        if stuck:
            raise PodsRefuse(
                f"pods of {', '.join(stuck)} in namespace {side.namespace} do not get ready with "
                "the new login; look at their events and logs"
            )
