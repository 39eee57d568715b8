"""What a failover would do now, and what stands in its way; nothing is changed."""

from dataclasses import dataclass

from functions.failover.approve_failover import reasons_to_ask
from functions.failover.assess_region import assessment
from functions.failover.conflicts import is_untimely
from functions.failover.plans import plan_of, predicted_seconds, redirect_changes
from functions.failover.sides import now
from functions.failover.witnesses import Verdict, Witnesses, planned, verdict
from shared.ledger import Pair
from shared.messages.failover import EndpointChange, RegionDegraded
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
    estate, databases = resources.estate, resources.databases
    pair = resources.placements.pair(event.environment, estate)
    testimonies = Witnesses(pair, databases, resources.clusters, event).ask()
    said, why = planned(testimonies) if event.planned else verdict(testimonies)
    assessed = assessment(
        event, pair, said, testimonies, now(), estate, databases, resources.replication
    )
    placement = resources.placements.of(event.environment)
    gates = (
        *is_untimely(event, assessed.conflicts),
        *reasons_to_ask(assessed, pair, None if placement.promotable else placement.reason),
    )
    plan = plan_of(
        assessed,
        pair,
        gates,
        resources.clusters,
        databases,
        resources.takeover,
        resources.traffic,
        resources.history,
    )
    return Forecast(
        pair=pair,
        verdict=said,
        why=why,
        plan=plan.model_copy(update={"facts": {**plan.facts, "verdict": said}}),
        changes=redirect_changes(pair, resources.clusters, databases),
        gates=gates,
        predicted=predicted_seconds(resources.history, event.environment),
    )
