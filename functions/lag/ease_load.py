"""The second step: the primary gets less to do."""

from functions.lag.easing import Relief, pause, reliefs, restore
from shared.cluster import Cluster, Clusters, ObjectMissing
from shared.estate import Estate
from shared.messages.lag import LagMeasured, LoadEased
from shared.runs import Run, still_mine
from shared.runs.hours import Schedules


def ease_load(
    measured: LagMeasured, *, run: Run, estate: Estate, clusters: Clusters, schedules: Schedules
) -> LoadEased:
    """Let CronJobs rest, workloads make do with fewer pods, and neighbours sleep, as the estate
    allows.

    Safe to repeat: what is eased remembers what it had, and is not eased again.

    What the estate names and the cluster does not have is named in ``not_eased``: the standby must
    be watched all the same.
    """
    still_mine(run)
    home, primary = estate.environment(run.environment), estate.environment(measured.primary)
    wanted = list(reliefs(home, primary)) if measured.too_far else []
    missing = {relief.name: _ease(relief, clusters.of(primary), run.epoch) for relief in wanted}
    if measured.too_far:
        missing |= dict(pause(home, primary, estate, schedules))
    return measured.become(
        LoadEased,
        eased=tuple(name for name, why in missing.items() if why is None),
        not_eased=tuple(f"{name}: {why}" for name, why in missing.items() if why is not None),
    )


def restore_load(
    measured: LagMeasured,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    schedules: Schedules,
) -> None:
    """Give back what was taken, unless somebody has scaled it since.

    Safe to repeat: what was given back has nothing to remember any more.
    """
    restore(run.environment, estate, clusters, schedules, epoch=run.epoch)


def _ease(relief: Relief, cluster: Cluster, epoch: int) -> str | None:
    """Why it could not be eased; None when it was."""
    try:
        cluster.ease_workload(relief.namespace, relief.workload, relief.replicas, epoch=epoch)
    except ObjectMissing as missing:
        return str(missing)
    return None
