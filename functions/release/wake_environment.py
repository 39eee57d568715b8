"""A release of an environment that sleeps wakes it first: only pods show that an image works."""

from functions.release.places import look_again
from shared.cluster import Clusters
from shared.estate import Estate
from shared.messages.release import WindowReached
from shared.runs import Again, Run, still_mine
from shared.runs.hours import Schedules


def wake_environment(
    reached: WindowReached, *, run: Run, estate: Estate, clusters: Clusters, schedules: Schedules
) -> WindowReached | Again:
    """Give the workloads the pods that they had, and see them ready; upkeep lets them sleep again
    once the release is over.

    Safe to repeat: what is awake has nothing to remember any more.
    """
    environment = estate.environment(run.environment)
    place, cluster = environment.namespace, clusters.of(environment)
    asleep = [each for each in environment.all_workloads if cluster.is_asleep(place, each)]
    if not (asleep or run.checkpoint):
        return reached
    still_mine(run)
    for workload in asleep:
        cluster.wake_workload(place, workload, epoch=run.epoch)
    schedules.record(environment.name, asleep=False, epoch=run.epoch)
    if not cluster.are_ready(place, environment.all_workloads):
        return look_again(run, "waits until what slept is awake")
    return reached
