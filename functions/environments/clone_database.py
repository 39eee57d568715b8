"""Clone the newest certified copy inside its server, into a database that nobody can reach."""

import hashlib
from time import monotonic

from functions.environments.places import made_by, newest_copy
from shared.estate import Estate, Secrets
from shared.ledger.environments import EnvironmentsOnRequest
from shared.masking.proof import SignedCertificate, require_certificate
from shared.messages.environments import CloneMade, EnvironmentAccepted
from shared.postgres.clones import (
    CertifiedCopy,
    clone_inside,
    drop_half_made,
    drop_role,
    is_clone_of,
    make_role,
    marker_of,
)
from shared.postgres.databases import Databases
from shared.runs import Run, still_mine


def clone_database(
    accepted: EnvironmentAccepted,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    databases: Databases,
    on_request: EnvironmentsOnRequest,
) -> CloneMade:
    """Let PostgreSQL copy the files of the certified copy, which nobody uses and nobody stops.

    Its certificate is held against it before and after: what is copied is what was proven.

    Safe to repeat: PostgreSQL makes a database wholly or not at all, and the clone bears the run's
    marker. A refresh that keeps a newer copy meanwhile waits with dropping this one.

    Raises NothingCertified, NotCertified, NameInUse.
    """
    place = made_by(run, on_request).place
    server, database = place.database.server, place.database.name
    copy = newest_copy(databases, estate, estate.offer(accepted.offer))
    key = secrets.resolve(estate.masking_key).encode()
    _certificate(databases, server, copy, key)
    still_mine(run)
    began = monotonic()
    marker = marker_of(copy.marker, run_id=str(run.id), epoch=run.epoch)
    clone_inside(databases, server, copy.database, database, marker)
    seconds = monotonic() - began
    signed = _certificate(databases, server, copy, key)
    make_role(databases, server, place.database.owner, str(run.id))
    return accepted.become(
        CloneMade,
        certified=copy.database,
        certified_run=copy.marker.run_id,
        certificate_sha256=hashlib.sha256(signed.model_dump_json().encode()).hexdigest(),
        seconds=round(seconds, 3),
    )


def drop_clone(
    accepted: EnvironmentAccepted,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    databases: Databases,
    on_request: EnvironmentsOnRequest,
) -> None:
    """Drop the clone and its role, if they are this run's.

    Safe to repeat: what is gone stays gone.
    """
    database = made_by(run, on_request).place.database
    drop_half_made(databases, database.server, database.name)
    if is_clone_of(databases, database.server, database.name, str(run.id)):
        databases.drop(database.server, database.name)
    drop_role(databases, database.server, database.owner, str(run.id))


def _certificate(
    databases: Databases, server: str, copy: CertifiedCopy, key: bytes
) -> SignedCertificate:
    with databases.connect(server, copy.database) as connection:
        return require_certificate(connection, key, run_id=copy.marker.run_id)
