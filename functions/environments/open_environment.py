"""Let the one role in, start the workloads, lead users there."""

from collections.abc import Callable
from datetime import datetime

from functions.environments.manifests import route
from functions.environments.places import look_again, made_by
from shared.cluster import Clusters
from shared.ledger.environments import EnvironmentsOnRequest
from shared.messages.environments import CloneVerified, EnvironmentOpened
from shared.postgres.clones import let_in
from shared.postgres.databases import Databases
from shared.runs import Again, Run, still_mine


def open_environment(
    verified: CloneVerified,
    *,
    run: Run,
    clusters: Clusters,
    databases: Databases,
    on_request: EnvironmentsOnRequest,
    clock: Callable[[], datetime],
) -> EnvironmentOpened | Again:
    """From here on it can be reached; the route comes last, when every pod is ready.

    Safe to repeat: it sets, then reads.
    """
    place = made_by(run, on_request).place
    cluster = clusters.of(place)
    still_mine(run)
    let_in(databases, place.database.server, place.database.name, place.database.owner)
    if not cluster.start_workloads(place.namespace, place.workloads, epoch=run.epoch):
        return look_again(run, "waits until every pod is ready")
    cluster.put("IngressRoute", place.namespace, route(place), epoch=run.epoch)
    on_request.opened(run.id)
    return verified.become(EnvironmentOpened, url=place.endpoints[0].base_url, opened_at=clock())
