"""What the estate allows to rest while a standby catches up."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.cluster import Cluster, Clusters, ObjectMissing
from shared.estate import Environment, Estate, Workload
from shared.runs.hours import Schedules

_WHY = "its standby catches up, and needs what this one uses"


@dataclass(frozen=True)
class Relief:
    """A workload that gets along with fewer pods, or none."""

    namespace: str
    workload: Workload
    replicas: int

    @property
    def name(self) -> str:
        done = f"to {self.replicas}" if self.replicas else "rests"
        return f"{self.workload.kind} {self.namespace}/{self.workload.name} {done}"


def reliefs(environment: Environment, primary: Environment) -> Iterator[Relief]:
    """What ``environment`` allows, where it is served now: in the namespace of ``primary``."""
    easing = environment.lag.easing
    for name in easing.suspend:
        yield Relief(primary.namespace, Workload(kind="CronJob", name=name), 0)
    known = {each.name: each for each in environment.all_workloads}
    for scaled in easing.scale:
        yield Relief(primary.namespace, known[scaled.workload], scaled.replicas)


def pause(
    home: Environment, primary: Environment, estate: Estate, schedules: Schedules
) -> Iterator[tuple[str, str | None]]:
    """Let neighbours of the primary sleep; each, and why it does not when somebody else decides.

    Their own runs put them to sleep: what is at work on them ends first.
    """
    for each in map(estate.environment, home.lag.easing.pause):
        if not each.shares_with(primary):
            continue
        by = schedules.of(each.name).by
        if by is None:
            schedules.want(each.name, asleep=True, until=None, by=_us(home), reason=_WHY)
        foreign = by not in (None, _us(home))
        yield f"environment {each.name} sleeps", f"{by} decides" if foreign else None


def wake(home: Environment, schedules: Schedules) -> Iterator[str]:
    """Let them follow their schedules again, unless somebody else decides by now."""
    for name in home.lag.easing.pause:
        if schedules.of(name).by == _us(home):
            schedules.follow(name, by=_us(home))
            yield f"environment {name} sleeps"


def restore(
    environment: str, estate: Estate, clusters: Clusters, schedules: Schedules, *, epoch: int
) -> tuple[str, ...]:
    """Give back what was taken, on whichever side; returns what was."""
    home, away = estate.environment(environment), estate.standby_for(environment)
    restored = [*wake(home, schedules)]
    for side in filter(None, (home, away)):
        for relief in reliefs(home, side):
            if _give_back(relief, clusters.of(side), epoch):
                restored.append(relief.name)
    return tuple(restored)


def _give_back(relief: Relief, cluster: Cluster, epoch: int) -> bool:
    try:
        if not cluster.is_eased(relief.namespace, relief.workload):
            return False
        cluster.restore_eased_workload(relief.namespace, relief.workload, epoch=epoch)
    except ObjectMissing:
        return False
    return True


def _us(home: Environment) -> str:
    """Who wants it, as people see it."""
    return f"lag of {home.name}"
