"""What a release changes, by which names, and how its workloads are looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.cluster import Cluster
from shared.cluster.scaling import scale
from shared.errors import PermanentError
from shared.estate import Environment, Estate, Release, Workload
from shared.messages.release import WorkloadState
from shared.postgres.checkpoints import failed_name, previous_name
from shared.runs import Again, Run

_FIRST_LOOK, _GROWTH, _LONGEST = 0.5, 1.5, 10.0
_MOST_GROWTH = 10


class NotFollowed(PermanentError):
    """The estate does not let releases into this environment any more."""


class ContainerMissing(PermanentError):
    """A workload has no container of the name that the estate states."""


@dataclass(frozen=True)
class Place:
    """The environment that takes the release."""

    environment: Environment
    policy: Release
    copy: str
    """The copy of its database from before the release."""
    failed: str
    """What its database is called once the copy has taken its place."""
    job: str
    """The Kubernetes Job that updates its modules."""

    @property
    def namespace(self) -> str:
        return self.environment.namespace

    @property
    def server(self) -> str:
        return self.environment.database.server

    @property
    def live(self) -> str:
        return self.environment.database.name

    @property
    def stands_still(self) -> bool:
        """Whether everything that uses the database rests until the release is deployed."""
        return self.policy.checkpoint == "database"

    @property
    def stopped(self) -> tuple[Workload, ...]:
        """What rests meanwhile."""
        return self.environment.all_workloads if self.stands_still else ()


def place_of(run: Run, estate: Estate) -> Place:
    """The place of a run, by its environment's name. Raises NotFollowed."""
    environment = estate.environment(run.environment)
    if environment.release is None:
        raise NotFollowed(f"{environment.name} takes no releases: state release in the estate")
    live = environment.database.name
    return Place(
        environment=environment,
        policy=environment.release,
        copy=previous_name(live, run.short),
        failed=failed_name(live, run.short),
        job=f"signalbox-update-{run.short}",
    )


def look_again(run: Run, reason: str, **facts: object) -> Again:
    """Come back: soon at first, then every 10 s; ``facts`` join what the checkpoint knows."""
    looks: int = run.checkpoint.get("looks", 0)
    after = min(_FIRST_LOOK * _GROWTH ** min(looks, _MOST_GROWTH), _LONGEST)
    known = {**run.checkpoint, **facts, "looks": looks + 1, "progress": {"reason": reason}}
    return Again(timedelta(seconds=after), known)


def states(cluster: Cluster, place: Place) -> list[WorkloadState]:
    """What the workloads run now. Raises ContainerMissing."""
    return [state_of(cluster, place, workload) for workload in place.environment.workloads]


def state_of(cluster: Cluster, place: Place, workload: Workload) -> WorkloadState:
    found = cluster.read(workload.kind, place.namespace, workload.name)
    return WorkloadState(
        kind=workload.kind,
        name=workload.name,
        image=container_of(found, workload, place)["image"],
        replicas=scale(found),
    )


def pod_of(found: Mapping[str, Any], workload: Workload) -> dict[str, Any]:
    """The specification of the workload's pods."""
    spec = found["spec"]["jobTemplate"]["spec"] if workload.kind == "CronJob" else found["spec"]
    pod: dict[str, Any] = spec["template"]["spec"]
    return pod


def container_of(found: Mapping[str, Any], workload: Workload, place: Place) -> dict[str, Any]:
    """The container that runs the released image. Raises ContainerMissing."""
    containers: list[dict[str, Any]] = pod_of(found, workload)["containers"]
    for container in containers:
        if container["name"] == place.policy.container:
            return container
    raise ContainerMissing(
        f"{workload.kind} {place.namespace}/{workload.name} has no container "
        f"{place.policy.container}, only {', '.join(each['name'] for each in containers)}; state "
        "release.container in the estate"
    )


def stop_all(cluster: Cluster, place: Place, run: Run) -> bool:
    """Let rest what has to; whether no pod of it is left."""
    return cluster.stop_workloads(place.namespace, place.stopped, epoch=run.epoch)


def start_all(cluster: Cluster, place: Place, run: Run) -> bool:
    """Give back the pods that this run took; whether every workload has those that are wanted."""
    started = cluster.start_workloads(
        place.namespace, place.stopped, epoch=run.epoch, as_before=True
    )
    return started and cluster.are_ready(place.namespace, place.environment.workloads)
