"""The only step: the environment becomes what it is to be at this moment."""

from contextlib import suppress
from datetime import timedelta

from shared.cluster import Cluster, Clusters
from shared.errors import PermanentError
from shared.estate import Environment, UnknownEnvironment
from shared.messages.schedules import HoursChanged, HoursKept
from shared.runs import Again, Run, still_mine
from shared.runs.hours import Hours, Schedules
from shared.runs.sleepers import NotOpen

LOOK = timedelta(seconds=5)


class DoesNotWake(PermanentError):
    """Pods of an environment that was woken do not get ready; they are left for people to see."""


def keep_hours(
    changed: HoursChanged,  # noqa: ARG001 - what holds now is what counts
    *,
    run: Run,
    clusters: Clusters,
    schedules: Schedules,
) -> HoursKept | Again:
    """Scale the workloads to zero and suspend CronJobs, or give back exactly what they had.

    Safe to repeat: what sleeps remembers what it had, and is not put to sleep again. What is to be
    is asked at each look, so a change meanwhile is not missed. What is not open any more is left
    alone: it is removed as it is, asleep or awake.

    Raises NeverSleeps, DoesNotWake.
    """
    try:
        wanted = schedules.of(run.environment)
    except (NotOpen, UnknownEnvironment) as gone:
        return HoursKept(asleep=None, until=None, because=str(gone))
    environment, cluster = wanted.sleeper.place, clusters.of(wanted.sleeper.place)
    if run.checkpoint.get("asleep") != wanted.asleep:
        return Again(timedelta(0), {"asleep": wanted.asleep})
    still_mine(run)
    _bring_about(wanted, environment, cluster, run)
    schedules.record(wanted.sleeper.key, asleep=wanted.asleep, epoch=run.epoch)
    if not _is_so(wanted, environment, cluster):
        until = "rest" if wanted.asleep else "are ready"
        progress = {"reason": f"waits until the workloads {until}"}
        return Again(LOOK, {**run.checkpoint, "progress": progress})
    return HoursKept(asleep=wanted.asleep, until=wanted.until, because=wanted.because)


def keep_awake(
    changed: HoursChanged,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    clusters: Clusters,
    schedules: Schedules,
) -> None:
    """Wake what was put to sleep only in part. What did not wake is left as it is, and so is what
    is to be removed.

    Safe to repeat: what is awake has nothing to remember any more.
    """
    if not run.checkpoint.get("asleep"):
        return
    with suppress(NotOpen):
        sleeper = schedules.of(run.environment).sleeper
        place, cluster = sleeper.place, clusters.of(sleeper.place)
        for workload in place.all_workloads:
            cluster.wake_workload(place.namespace, workload, epoch=run.epoch)
        schedules.record(sleeper.key, asleep=False, epoch=run.epoch)


def _bring_about(wanted: Hours, environment: Environment, cluster: Cluster, run: Run) -> None:
    change = cluster.sleep_workload if wanted.asleep else cluster.wake_workload
    for workload in environment.all_workloads:
        change(environment.namespace, workload, epoch=run.epoch)


def _is_so(wanted: Hours, environment: Environment, cluster: Cluster) -> bool:
    place = environment.namespace
    if wanted.asleep:
        return all(cluster.is_stopped(place, each) for each in environment.all_workloads)
    # A CronJob that was suspended before is suspended again, and has nothing to get ready.
    pods = [each for each in environment.all_workloads if each.kind != "CronJob"]
    if stuck := [each.name for each in pods if cluster.gave_up(place, each)]:
        raise DoesNotWake(
            f"{environment.name} was woken, but pods of {', '.join(stuck)} do not get ready; look "
            f"at their events and logs in namespace {place}"
        )
    return all(cluster.is_ready(place, each) for each in pods)
