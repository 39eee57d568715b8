"""What the steps have in common: whose environment it is, its clone, and what it is cloned from."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from shared.errors import PermanentError
from shared.estate import Environment, Estate, Offer
from shared.ledger.environments import EnvironmentsOnRequest, OnRequest
from shared.odoo.clone import Clone
from shared.postgres.clones import CertifiedCopy, certified_copies
from shared.postgres.databases import Databases
from shared.postgres.marker import Database
from shared.runs import Again, Run, still_mine

LOOK = timedelta(seconds=0.5)
"""Between two looks at what Kubernetes does."""


class NothingCertified(PermanentError):
    """No refresh has kept a certified copy yet: refresh the environment that is to be cloned."""


def made_by(run: Run, on_request: EnvironmentsOnRequest) -> OnRequest:
    """The environment that this run makes. Raises UnknownOnRequest."""
    found = on_request.named(run.environment)
    assert found.id == run.id, found
    return found


def source_of(found: OnRequest, estate: Estate) -> Environment:
    """The environment whose certified copy is cloned."""
    return estate.environment(estate.offer(found.offer).source)


def newest_copy(databases: Databases, estate: Estate, offer: Offer) -> CertifiedCopy:
    """The newest certified copy that an offer can be made from. Raises NothingCertified."""
    place = estate.environment(offer.source).database
    copies = certified_copies(databases, place.server, place.name)
    if not copies:
        raise NothingCertified(
            f"no refresh of {offer.source} has kept a certified copy on {place.server}: refresh "
            "it, then ask again"
        )
    return copies[0]


@contextmanager
def own_clone(databases: Databases, place: Environment, run: Run) -> Iterator[Database]:
    """The run's clone, in autocommit, with nobody else connected to it."""
    still_mine(run)
    database = place.database
    with databases.connect_clone(
        database.server, database.name, run_id=str(run.id), epoch=run.epoch
    ) as connection:
        yield connection


def clone_of(run: Run, place: Environment) -> Clone:
    """The clone, which has its source's host names nowhere but where ``remap_settings`` looks."""
    base_url = place.endpoints[0].base_url
    return Clone(run_id=str(run.id), epoch=run.epoch, base_url=base_url, hostnames={})


def look_again(run: Run, reason: str, **facts: Any) -> Again:
    """Come back in a moment; ``facts`` join what the checkpoint knows."""
    known: Mapping[str, Any] = {**run.checkpoint, **facts}
    return Again(LOOK, {**known, "progress": {"reason": reason}})
