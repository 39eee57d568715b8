"""Let the workloads run the released image; and the one from before."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.release.places import Place, container_of, look_again, place_of, states
from functions.release.ways import Way, way_of
from shared.cluster import Cluster, Clusters
from shared.estate import Estate, Secrets, Workload
from shared.messages.release import EnvironmentCheckpointed, ReleaseDeployed
from shared.runs import Again, Run, still_mine


def deploy_release(
    checkpointed: EnvironmentCheckpointed,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    secrets: Secrets,
    clock: Callable[[], datetime],
) -> ReleaseDeployed | Again:
    """Write the image into each workload, at the version and epoch that were read; or tell whoever
    owns them, by Git, Argo CD or Flux, and wait until every workload is to run it.

    Safe to repeat: it sets, and what stood there is in the checkpoint before.

    Raises StaleEpoch when a newer run has changed a workload; ImageNotNamed, RepositoryRefused;
    NotDeployed when Argo CD or Flux fail at it.
    """
    place = place_of(run, estate)
    cluster = clusters.of(place.environment)
    still_mine(run)
    way = way_of(place, run, clusters, secrets, clock)
    if way is not None:
        return _tell(way, place, cluster, checkpointed, run)
    for workload in place.environment.workloads:
        _write_image(cluster, place, workload, run, checkpointed.image)
    return checkpointed.become(ReleaseDeployed)


def return_image(
    checkpointed: EnvironmentCheckpointed,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    secrets: Secrets,
    clock: Callable[[], datetime],
) -> Again | None:
    """Write back the image from before, unless somebody has written another one since; or tell
    their owner, and wait until no workload is to run the released one.

    Safe to repeat: it sets.
    """
    place = place_of(run, estate)
    cluster = clusters.of(place.environment)
    way = way_of(place, run, clusters, secrets, clock)
    if way is not None:
        return _tell_back(way, place, cluster, checkpointed, run)
    before = {(state.kind, state.name): state.image for state in checkpointed.workloads}
    for workload in place.environment.workloads:
        image = before.get((workload.kind, workload.name))
        if image is not None:
            ours = checkpointed.image
            _write_image(cluster, place, workload, run, image, instead_of=ours)
    return None


def _tell(
    way: Way, place: Place, cluster: Cluster, checkpointed: EnvironmentCheckpointed, run: Run
) -> ReleaseDeployed | Again:
    image, known = checkpointed.image, run.checkpoint
    if "before" not in known:
        return look_again(run, "reads what stands there", before=way.before(image))
    if "told" not in known:
        told = way.write(image, known["before"], checkpointed.release)
        return look_again(run, f"told {told}", told=told)
    if reason := way.waits():
        return look_again(run, reason)
    if any(state.image != image for state in states(cluster, place)):
        return look_again(run, f"{known['told']}: waits until every workload is to run it")
    return checkpointed.become(ReleaseDeployed)


def _tell_back(
    way: Way, place: Place, cluster: Cluster, checkpointed: EnvironmentCheckpointed, run: Run
) -> Again | None:
    known = run.checkpoint
    if "before" not in known:
        return None
    way.put_back(checkpointed.image, known["before"], checkpointed.release)
    before = {(state.kind, state.name): state.image for state in checkpointed.workloads}
    ours = {checkpointed.image} - set(before.values())
    if any(state.image in ours for state in states(cluster, place)):
        return look_again(run, "waits until no workload is to run the released image")
    return None


def _write_image(
    cluster: Cluster,
    place: Place,
    workload: Workload,
    run: Run,
    image: str,
    *,
    instead_of: str | None = None,
) -> None:
    def write(found: dict[str, Any]) -> None:
        container = container_of(found, workload, place)
        if instead_of is None or container["image"] == instead_of:
            container["image"] = image

    cluster.change(workload.kind, place.namespace, workload.name, run.epoch, write)
