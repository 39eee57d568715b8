"""What a person is shown before a failover, and what `signalbox plan` shows at any time."""

from collections.abc import Iterator
from contextlib import suppress
from statistics import median

from functions.failover.debts import foreseen
from functions.failover.endpoints import plan_redirects, plan_withdrawal
from functions.failover.users import plan_users
from shared.cluster import Clusters
from shared.errors import TemporaryError
from shared.ledger import FailoverHistory, Pair
from shared.messages.failover import EndpointChange, RegionAssessed, Segment
from shared.postgres.databases import Databases
from shared.runs.approvals import ApprovalPlan
from shared.takeover import Takeover
from shared.traffic import Traffic


def plan_of(
    assessed: RegionAssessed,
    pair: Pair,
    reasons: tuple[str, ...],
    clusters: Clusters,
    databases: Databases,
    takeover: Takeover,
    traffic: Traffic,
    history: FailoverHistory,
) -> ApprovalPlan:
    """Everything that a decision needs; no secrets."""
    users, unknown = plan_users(traffic, pair)
    loss = assessed.loss
    name = pair.production.name
    backup, predicted = history.verified_backup(name), predicted_seconds(history, name)
    return ApprovalPlan(
        action=f"Fail {pair.production.name} over from {pair.active.name} to {pair.standby.name}",
        steps=tuple(steps(pair, redirect_changes(pair, clusters, databases), users)),
        affected=tuple(blast_radius(pair)),
        risks=(*risks(assessed, pair, reasons), *unknown, *foreseen(pair, takeover)),
        facts={
            "verdict": assessed.verdict,
            **{each.witness: f"{each.says}: {each.why}" for each in assessed.testimonies},
            "lost_bytes_at_most": loss.bytes if loss else None,
            "lost_seconds_at_most": loss.seconds if loss else None,
            "lost_transactions_at_most": loss.transactions if loss else None,
            "loss_known_at": loss.known_at.isoformat() if loss else None,
            "last_verified_backup": backup.manifest if backup else None,
            "backup_verified_at": backup.verified_at.isoformat() if backup else None,
            "predicted_seconds": round(sum(predicted.values()), 1) if predicted else None,
            "rpo_seconds": pair.production.rpo.total_seconds(),
            "rto_seconds": pair.production.rto.total_seconds(),
        },
    )


def predicted_seconds(history: FailoverHistory, environment: str) -> dict[str, float]:
    """How long each part takes, in the middle of what was achieved; empty without any history.

    How long people take to approve is not predicted.
    """
    taken: dict[str, list[float]] = {}
    for each in history.achieved(environment):
        for segment in each.facts["segments"]:
            took = Segment.model_validate(segment)
            taken.setdefault(took.name, []).append(took.took.total_seconds())
    taken.pop("approval", None)
    return {name: median(seconds) for name, seconds in taken.items()}


def redirect_changes(
    pair: Pair, clusters: Clusters, databases: Databases
) -> tuple[EndpointChange, ...]:
    """The diff of the redirection, as it would be made now.

    Without the old side's part when its Kubernetes API does not answer: upkeep makes that later.
    """
    redirects = [*plan_redirects(clusters.of(pair.standby), databases, pair)]
    old = clusters.of(pair.active)
    with suppress(TemporaryError):
        old.greet()
        redirects.append(plan_withdrawal(old, pair.active, pair.production))
    return tuple(change for each in redirects for change in each.changes)


def steps(
    pair: Pair, changes: tuple[EndpointChange, ...], users: tuple[EndpointChange, ...]
) -> Iterator[str]:
    """What will be done, in order."""
    old, new = pair.active, pair.standby
    yield f"fence {old.name}: routes away, workloads to zero, {old.database.server} read-only"
    yield f"promote {new.database.server}: from here on there is no way back but a second failover"
    yield from map(_said, changes)
    yield f"start {', '.join(workload.name for workload in new.workloads)} of {new.name}"
    yield from map(_said, users)
    yield "check what Odoo needs, and the books"
    for integration in pair.production.integrations:
        yield f"resume {integration.name} ({integration.service}) if {integration.check}"


def _said(change: EndpointChange) -> str:
    return f"set {change.place} {change.setting}: {change.before or 'nothing'} -> {change.after}"


def blast_radius(pair: Pair) -> Iterator[str]:
    """Who and what will notice."""
    for endpoint in pair.production.endpoints:
        yield f"users of {endpoint.base_url}: signed out, and out of service meanwhile"
    for integration in pair.production.integrations:
        yield f"integration {integration.name}"
    yield f"database {pair.active.database.name}: its sessions on {pair.active.name} end"


def risks(assessed: RegionAssessed, pair: Pair, reasons: tuple[str, ...]) -> Iterator[str]:
    """What may go wrong, and what is known to be wrong."""
    yield from reasons
    yield from (f"calendar: {conflict}" for conflict in assessed.conflicts)
    if assessed.despite:
        yield f"planned all the same: {assessed.despite}"
    if not assessed.primary_reachable:
        yield (
            f"{pair.active.name} cannot be fenced now: should it come back, it takes writes until "
            "the standing order reaches it"
        )
