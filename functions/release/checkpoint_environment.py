"""Keep what there is to go back to; and go back to it, and prove that."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from functions.release.checks import failing_checks
from functions.release.places import (
    Place,
    look_again,
    place_of,
    start_all,
    states,
    stop_all,
)
from shared.cluster import Cluster, Clusters
from shared.errors import TemporaryError
from shared.estate import Estate
from shared.messages.release import EnvironmentCheckpointed, WindowReached, WorkloadState
from shared.postgres.checkpoints import keep_checkpoint
from shared.postgres.copies import copy_database, open_database, put_back
from shared.postgres.databases import Databases
from shared.runs import Again, Run, still_mine

LONGEST_RUN = timedelta(days=1)
"""A copy is kept for at least so long, whatever the estate says: the run may still need it."""


class NotAsBefore(TemporaryError):
    """What was put back is not what is there: somebody else changes the same objects."""


def checkpoint_environment(
    reached: WindowReached,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    clock: Callable[[], datetime],
) -> EnvironmentCheckpointed | Again:
    """Write down images and replicas; if the estate says so, stop the workloads and copy the
    database inside its server.

    What is written down is in the ledger before anything is touched.

    Safe to repeat: it is written down once, and a copy that is there is finished. The copy is one
    statement of PostgreSQL, for as long as its files take.
    """
    place = place_of(run, estate)
    cluster = clusters.of(place.environment)
    if "workloads" not in run.checkpoint:
        return Again(timedelta(0), _written_down(place, cluster, databases))
    if place.stands_still:
        if not stop_all(cluster, place, run):
            return look_again(run, "waits until the workloads rest")
        still_mine(run)
        copy_database(databases, place.server, place.live, place.copy)
        until = clock() + max(place.environment.checkpoint_keep, LONGEST_RUN)
        keep_checkpoint(databases, place.server, place.copy, until)
        open_database(databases, place.server, place.live)
    known = {name: run.checkpoint[name] for name in ("workloads", "config_sha256", "failing")}
    return reached.become(
        EnvironmentCheckpointed, database=place.copy if place.stands_still else None, **known
    )


def restore_environment(
    reached: WindowReached,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
) -> Again | None:
    """Put the copy in the place of the database, give the workloads their pods, see them ready.

    What the release had made of the database is dropped, but on a production server: there it is
    kept beside it, for a person to drop.

    Safe to repeat: behind the exchange there is no copy any more, and the rest only sets.

    Raises NotAsBefore when images, replicas or configuration are not what was written down.
    """
    place = place_of(run, estate)
    cluster = clusters.of(place.environment)
    if "workloads" not in run.checkpoint:
        return None
    if place.stands_still:
        if databases.exists(place.server, place.copy):
            if not stop_all(cluster, place, run):
                return look_again(run, "waits until the workloads rest")
            still_mine(run)
        _restore_database(place, estate, databases)
    if not start_all(cluster, place, run):
        return look_again(run, "waits until the workloads are as before")
    _refuse_different(place, cluster, run)
    return None


def _written_down(place: Place, cluster: Cluster, databases: Databases) -> dict[str, object]:
    with databases.connect(place.server, place.live) as connection:
        failing = failing_checks(connection)
    return {
        "workloads": [state.model_dump() for state in states(cluster, place)],
        "config_sha256": _config_sha256(place, cluster),
        "failing": sorted(failing),
    }


def _config_sha256(place: Place, cluster: Cluster) -> str:
    config = cluster.read_config(place.namespace, place.environment.config_map)
    return hashlib.sha256(json.dumps(dict(config), sort_keys=True).encode()).hexdigest()


def _restore_database(place: Place, estate: Estate, databases: Databases) -> None:
    put_back(databases, place.server, place.live, place.copy, place.failed)
    open_database(databases, place.server, place.live)
    if estate.server(place.server).role != "production":
        databases.drop(place.server, place.failed)


def _refuse_different(place: Place, cluster: Cluster, run: Run) -> None:
    wanted = [WorkloadState.model_validate(each) for each in run.checkpoint["workloads"]]
    # Pods that were not stopped may have been scaled by whoever scales them.
    different = [
        f"{now.kind} {place.namespace}/{now.name} runs {now.replicas} of {now.image}; it ran "
        f"{before.replicas} of {before.image}"
        for before, now in zip(wanted, states(cluster, place), strict=True)
        if before.image != now.image or (place.stands_still and before.replicas != now.replicas)
    ]
    if _config_sha256(place, cluster) != run.checkpoint["config_sha256"]:
        different.append(f"ConfigMap {place.namespace}/{place.environment.config_map} has changed")
    if different:
        raise NotAsBefore(f"{'; '.join(different)}: find out who else changes it")
