"""Refuse at once what cannot be made, and take the name."""

from datetime import timedelta

from functions.environments.places import newest_copy
from functions.environments.reach import refuse_reach_of_production
from functions.environments.traces import traces
from shared.blobs import Blobs
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Environment, Estate, Offer, Secrets
from shared.ledger.environments import EnvironmentsOnRequest
from shared.masking.proof import require_certificate
from shared.messages.environments import EnvironmentAccepted, EnvironmentRequested
from shared.postgres.databases import Databases
from shared.runs import Again, Run
from shared.runs.approvals import ApprovalPlan, Approvals, wait_for

PATIENCE = timedelta(days=1)
"""How long an approver may take."""


class LivesTooLong(PermanentError):
    """The environment is asked for longer than the offer allows."""


class PlaceTaken(PermanentError):
    """Something that we did not make is where the environment would be."""


def accept_request(
    event: EnvironmentRequested,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    clusters: Clusters,
    blobs: Blobs,
    databases: Databases,
    approvals: Approvals,
    on_request: EnvironmentsOnRequest,
) -> EnvironmentAccepted | Again:
    """Check the offer's limits, that nothing is in the way, and that there is something certified.

    Safe to repeat: the name is taken once, for this run.

    Raises ProductionInReach, LivesTooLong, NameTaken, OfferExhausted, PlaceTaken, NothingCertified,
    NotCertified.
    """
    offer = estate.offer(event.offer)
    refuse_reach_of_production(offer, estate, databases)
    lives = timedelta(hours=event.hours)
    if lives > offer.longest:
        raise LivesTooLong(f"{offer.name} lives for {offer.longest} at most, not {lives}")
    place = offer.environment(event.environment, estate.environment(offer.source))
    reserved = on_request.reserve(
        run.id, place, offer, requested_by=event.requested_by, lives=lives
    )
    _refuse_occupied(place, estate, clusters, databases, blobs)
    _refuse_uncertified(offer, estate, secrets, databases)
    if offer.needs_approval:
        plan = ApprovalPlan(action=_action(event), facts={"offer": offer.name})
        approval = approvals.ask(run, lambda: plan, tier=place.tier, expires_after=PATIENCE)
        if not approval.is_granted:
            return wait_for(approval)
    return EnvironmentAccepted(
        offer=offer.name, requested_by=event.requested_by, expires_at=reserved.expires_at
    )


def withdraw_request(
    event: EnvironmentRequested,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    on_request: EnvironmentsOnRequest,
) -> None:
    """Give the name and the offer's place back.

    Safe to repeat: only what this run has taken is given back.
    """
    on_request.over(run.id, "failed")


def _action(event: EnvironmentRequested) -> str:
    return f"{event.requested_by} gets {event.environment} for {event.hours:g} hours"


def _refuse_occupied(
    place: Environment, estate: Estate, clusters: Clusters, databases: Databases, blobs: Blobs
) -> None:
    hosts = {point.host for each in estate.environments for point in each.endpoints}
    found = [
        each.what for each in traces(place, clusters.of(place), databases, blobs) if each.is_there
    ]
    found += [f"address {point.host}" for point in place.endpoints if point.host in hosts]
    if found:
        raise PlaceTaken(
            f"{place.name} would be where something is already: {'; '.join(found)}: remove it if "
            "nobody needs it, or take another name"
        )


def _refuse_uncertified(
    offer: Offer, estate: Estate, secrets: Secrets, databases: Databases
) -> None:
    copy = newest_copy(databases, estate, offer)
    key = secrets.resolve(estate.masking_key).encode()
    server = estate.environment(offer.source).database.server
    with databases.connect(server, copy.database) as connection:
        require_certificate(connection, key, run_id=copy.marker.run_id)
