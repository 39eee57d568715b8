"""Look for everything that the environment consisted of."""

from functions.environments.traces import traces
from shared.blobs import Blobs
from shared.cluster import Clusters
from shared.errors import TemporaryError
from shared.ledger.environments import EnvironmentsOnRequest
from shared.messages.environments import CloneFilesRemoved, EnvironmentRemoved
from shared.postgres.databases import Databases


class SomethingLeft(TemporaryError):
    """Something of the environment is still there: the run fails if it stays."""


def prove_removed(
    removed: CloneFilesRemoved,
    *,
    clusters: Clusters,
    blobs: Blobs,
    databases: Databases,
    on_request: EnvironmentsOnRequest,
) -> EnvironmentRemoved:
    """Say what was looked for; from here on the name is free.

    Safe to repeat: it reads, then sets.

    Raises SomethingLeft, which lists what.
    """
    found = on_request.of(removed.id)
    place = found.place
    looked = traces(place, clusters.of(place), databases, blobs)
    if left := [each.what for each in looked if each.is_there]:
        raise SomethingLeft(f"{found.name} is not gone: {'; '.join(left)}")
    on_request.over(found.id, "closed")
    return removed.become(EnvironmentRemoved, looked_for=tuple(each.what for each in looked))
