"""What the estate allows to rest while a standby catches up."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.cluster import Cluster, Clusters, ObjectMissing
from shared.estate import Environment, Estate, Workload


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


def restore(environment: str, estate: Estate, clusters: Clusters, *, epoch: int) -> tuple[str, ...]:
    """Give back what was taken, on whichever side; returns what was."""
    home, away = estate.environment(environment), estate.standby_for(environment)
    restored = []
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
