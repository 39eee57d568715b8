"""Everything that an environment on request consists of, looked for where it would be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.blobs import BlobMissing, Blobs
from shared.cluster import Cluster
from shared.estate import Environment
from shared.filestore import filestore_of
from shared.postgres.clones import has_role
from shared.postgres.databases import Databases

_OF_RUNS = r"(_(before|incoming|failed)_[0-9a-f]{8})?"
"""What runs append to the names of databases that they keep or prepare."""


@dataclass(frozen=True)
class Trace:
    """A thing, and whether it is there."""

    what: str
    is_there: bool


def traces(
    place: Environment, cluster: Cluster, databases: Databases, blobs: Blobs
) -> tuple[Trace, ...]:
    """Look for all of it."""
    return tuple(_look(place, cluster, databases, blobs))


def databases_of(place: Environment, databases: Databases) -> list[str]:
    """Its database, and those that runs have kept or prepared for it."""
    name, server = place.database.name, place.database.server
    pattern = re.compile(re.escape(name) + _OF_RUNS)
    with databases.administer(server) as connection:
        query = "select datname from pg_database where starts_with(datname, %s) order by 1"
        return [n for (n,) in connection.execute(query, (name,)) if pattern.fullmatch(n)]


def files_of(place: Environment, blobs: Blobs) -> Iterator[str]:
    """The paths of its files; none when there is no such container."""
    try:
        yield from (blob.path for blob in blobs.list(filestore_of(place)))
    except BlobMissing:
        return


def _look(
    place: Environment, cluster: Cluster, databases: Databases, blobs: Blobs
) -> Iterator[Trace]:
    server, name = place.database.server, place.database.name
    there = cluster.namespace_owner(place.namespace) is not None
    yield Trace(f"namespace {place.cluster}/{place.namespace} and all that is in it", there)
    found = databases_of(place, databases)
    yield Trace(f"database {server}/{name}", name in found)
    kept = [each for each in found if each != name]
    yield Trace(f"databases that runs keep beside {name}", bool(kept))
    role = place.database.owner
    yield Trace(f"role {role} on {server}", has_role(databases, server, role))
    some_file = next(files_of(place, blobs), None)
    yield Trace(f"files in {filestore_of(place)}", some_file is not None)
