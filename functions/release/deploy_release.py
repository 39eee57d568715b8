"""Let the workloads run the released image; and the one from before."""

from typing import Any

from functions.release.places import Place, container_of, place_of
from shared.cluster import Cluster, Clusters
from shared.estate import Estate, Workload
from shared.messages.release import EnvironmentCheckpointed, ReleaseDeployed
from shared.runs import Run, still_mine


def deploy_release(
    checkpointed: EnvironmentCheckpointed, *, run: Run, estate: Estate, clusters: Clusters
) -> ReleaseDeployed:
    """Write the image into each workload, at the version and epoch that were read.

    Safe to repeat: it sets.

    Raises StaleEpoch when a newer run has changed a workload.
    """
    place = place_of(run, estate)
    cluster = clusters.of(place.environment)
    still_mine(run)
    for workload in place.environment.workloads:
        _write_image(cluster, place, workload, run, checkpointed.image)
    return checkpointed.become(ReleaseDeployed)


def return_image(
    checkpointed: EnvironmentCheckpointed, *, run: Run, estate: Estate, clusters: Clusters
) -> None:
    """Write back the image from before, unless somebody has written another one since.

    Safe to repeat: it sets.
    """
    place = place_of(run, estate)
    cluster = clusters.of(place.environment)
    before = {(state.kind, state.name): state.image for state in checkpointed.workloads}
    for workload in place.environment.workloads:
        image = before.get((workload.kind, workload.name))
        if image is not None:
            ours = checkpointed.image
            _write_image(cluster, place, workload, run, image, instead_of=ours)


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
