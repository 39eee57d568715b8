"""Look at every workload of every environment, so that the page need not ask the clusters."""

from collections.abc import Iterator

from shared.cluster import Clusters
from shared.errors import PermanentError, TemporaryError
from shared.estate import Environment, Estate
from shared.ledger.environments import EnvironmentsOnRequest
from shared.ledger.workloads import Workloads, WorkloadSeen


def look_at_workloads(
    estate: Estate, on_request: EnvironmentsOnRequest, clusters: Clusters, workloads: Workloads
) -> None:
    """Record how each one is. Of a cluster that does not answer nothing more is asked this time."""
    silent: dict[str, str] = {}
    workloads.record(
        seen
        for environment in (*estate.environments, *on_request.places())
        for seen in _look(environment, estate, clusters, silent)
    )


def _look(
    environment: Environment, estate: Estate, clusters: Clusters, silent: dict[str, str]
) -> Iterator[WorkloadSeen]:
    cluster = clusters.of(environment)
    for workload in estate.workloads_of(environment):
        named = (environment.name, workload.kind, workload.name)
        if environment.cluster in silent:
            yield WorkloadSeen(*named, "unknown", silent[environment.cluster])
            continue
        try:
            yield WorkloadSeen(*named, cluster.workload_state(environment.namespace, workload))
        except PermanentError as error:
            yield WorkloadSeen(*named, "unknown", str(error))
        except TemporaryError as error:
            silent[environment.cluster] = str(error)
            yield WorkloadSeen(*named, "unknown", str(error))
