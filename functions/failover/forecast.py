"""What a failover would do now, and what stands in its way; nothing is changed."""

from dataclasses import dataclass

from functions.failover.approve_failover import reasons_to_ask
from functions.failover.conflicts import conflicts_of, is_untimely
from functions.failover.losses import expected_loss
from functions.failover.plans import plan_of, predicted_seconds, redirect_changes
from functions.failover.sides import Pair, now, pair_now
from functions.failover.witnesses import (
    Verdict,
    Witnesses,
    database_answered,
    planned,
    verdict,
)
from shared.messages.failover import EndpointChange, RegionAssessed, RegionDegraded
from shared.resources import Resources
from shared.runs.approvals import ApprovalPlan


@dataclass(frozen=True)
class Forecast:
    """A failover as it would be, had its event come now."""

    pair: Pair
    verdict: Verdict
    why: str
    plan: ApprovalPlan
    changes: tuple[EndpointChange, ...]
    gates: tuple[str, ...]
    """Why people would be asked; none when the policy would decide."""
    predicted: dict[str, float]
    """Seconds by part, from what was achieved so far."""


def forecast(event: RegionDegraded, resources: Resources) -> Forecast:
    """Ask whom a failover would ask, and plan what it would do. Raises NoStandby."""
    pair = pair_now(event.environment, resources.estate, resources.placements)
    testimonies = Witnesses(pair, resources.databases, resources.clusters, event).ask()
    said, why = planned(testimonies) if event.planned else verdict(testimonies)
    at, reachable = now(), database_answered(testimonies)
    untimely = conflicts_of(pair.production, resources.estate, at)
    assessed = RegionAssessed(
        active=pair.active.name,
        standby=pair.standby.name,
        verdict="confirmed" if said == "not-confirmed" else said,
        testimonies=testimonies,
        primary_reachable=reachable,
        loss=expected_loss(
            pair,
            resources.databases,
            resources.replication,
            reachable=reachable,
            down_since=at,
        ),
        degraded_at=event.since or at,
        suspected_at=at,
        assessed_at=at,
        conflicts=untimely,
        despite=event.despite,
    )
    placement = resources.placements.of(event.environment)
    gates = (
        *is_untimely(event, untimely),
        *reasons_to_ask(assessed, pair, None if placement.promotable else placement.reason),
    )
    plan = plan_of(
        assessed,
        pair,
        gates,
        resources.clusters,
        resources.databases,
        resources.takeover,
        resources.traffic,
        resources.history,
    )
    return Forecast(
        pair=pair,
        verdict=said,
        why=why,
        plan=plan.model_copy(update={"facts": {**plan.facts, "verdict": said}}),
        changes=redirect_changes(pair, resources.clusters, resources.databases),
        gates=gates,
        predicted=predicted_seconds(resources.history, event.environment),
    )
