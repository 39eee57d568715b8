"""Remove what an environment on request consists of, from the outside in."""

from datetime import timedelta

from functions.environments.copy_clone_files import BATCH, delete_files
from functions.environments.places import look_again
from functions.environments.traces import databases_of
from shared.blobs import Blobs
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.ledger.environments import EnvironmentsOnRequest
from shared.messages.environments import (
    CloneDropped,
    CloneFilesRemoved,
    NamespaceRemoved,
    RemovalConfirmed,
)
from shared.postgres.clones import drop_role
from shared.postgres.databases import Databases
from shared.runs import Again, Run, still_mine


class NotOurs(PermanentError):
    """A database of this name is not one that Signalbox restored or cloned: a person must look."""


def remove_namespace(
    confirmed: RemovalConfirmed,
    *,
    run: Run,
    clusters: Clusters,
    on_request: EnvironmentsOnRequest,
) -> NamespaceRemoved | Again:
    """Delete the namespace, and with it workloads, route, configuration and passwords.

    Safe to repeat: what is gone stays gone.
    """
    place = on_request.of(confirmed.id).place
    cluster = clusters.of(place)
    still_mine(run)
    if not cluster.delete_namespace(place.namespace, owner=str(confirmed.id)):
        return look_again(run, f"waits until namespace {place.namespace} is gone")
    return confirmed.become(NamespaceRemoved)


def drop_databases(
    removed: NamespaceRemoved,
    *,
    run: Run,
    databases: Databases,
    on_request: EnvironmentsOnRequest,
) -> CloneDropped:
    """End all sessions; drop its database, those that runs have kept beside it, and its role.

    Safe to repeat: what is gone stays gone.

    Raises NotOurs for a database without our marker.
    """
    found = on_request.of(removed.id)
    server, live = found.place.database.server, found.place.database.name
    doomed = databases_of(found.place, databases)
    if live in doomed and databases.marker(server, live) is None:
        raise NotOurs(f"database {server}/{live} has no clone marker: somebody has replaced it")
    still_mine(run)
    for database in doomed:
        databases.drop(server, database)
    drop_role(databases, server, found.place.database.owner, str(found.id))
    return removed.become(CloneDropped, databases=len(doomed))


def remove_clone_files(
    dropped: CloneDropped,
    *,
    run: Run,
    blobs: Blobs,
    on_request: EnvironmentsOnRequest,
) -> CloneFilesRemoved | Again:
    """Delete every file in its folder.

    Safe to repeat: what is gone stays gone.
    """
    still_mine(run)
    batch = delete_files(on_request.of(dropped.id).place, blobs)
    removed = run.checkpoint.get("removed", 0) + batch
    if batch == BATCH:
        progress = {"reason": f"{removed} files are removed"}
        return Again(timedelta(0), {"removed": removed, "progress": progress})
    return dropped.become(CloneFilesRemoved, files=removed)
