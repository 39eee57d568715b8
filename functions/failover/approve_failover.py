"""Let the policy decide where it may, and people where it may not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from functions.failover.plans import plan_of
from functions.failover.sides import now, pair_of
from functions.failover.witnesses import ask_database
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Estate
from shared.ledger import FailoverHistory, Pair, Placements
from shared.messages.failover import FailoverApproved, RegionAssessed
from shared.postgres.databases import Databases
from shared.runs import Again, Run
from shared.runs.approvals import Approvals, wait_for
from shared.takeover import Takeover
from shared.traffic import Traffic

POLICY = "policy"

LOOK = timedelta(seconds=10)
"""How often a run that waits for people looks whether production is still what they decide on."""


class PlanOvertaken(PermanentError):
    """Production went down while a switchover waited for people: it makes way for a failover."""


class RecoveredMeanwhile(PermanentError):
    """The outage ended before people had decided: nothing was touched."""


def approve_failover(
    assessed: RegionAssessed,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
    approvals: Approvals,
    takeover: Takeover,
    traffic: Traffic,
    history: FailoverHistory,
) -> FailoverApproved | Again:
    """Go on when the policy says that nobody has to be asked; else wait for people.

    Safe to repeat: the approval is asked for once, and bound to the plan that was shown first.

    Raises ApprovalRejected and ApprovalExpired; what is not approved does not happen. And
    RecoveredMeanwhile and PlanOvertaken: while people think, servers come back, or go down.
    """
    pair = pair_of(assessed, run, estate)
    placement = placements.of(run.environment)
    reasons = tuple(
        reasons_to_ask(assessed, pair, None if placement.promotable else placement.reason)
    )
    if not reasons:
        return _approved(assessed, (POLICY,), reasons, now())
    policy = pair.production.failover
    answer = approvals.ask(
        run,
        lambda: plan_of(assessed, pair, reasons, clusters, databases, takeover, traffic, history),
        tier=pair.production.tier,
        expires_after=policy.approval,
    )
    if not answer.is_granted:
        _refuse_overtaken(assessed, pair, databases)
        return replace(wait_for(answer, run.checkpoint), after=LOOK)
    _refuse_recovered(assessed, pair, databases)
    return _approved(assessed, tuple(answer.approved_by), reasons, answer.decided_at or now())


def _refuse_overtaken(assessed: RegionAssessed, pair: Pair, databases: Databases) -> None:
    if assessed.verdict != "planned":
        return
    database = ask_database(pair, databases)
    if database.says != "healthy":
        raise PlanOvertaken(
            f"{pair.active.name} is not well any more ({database.why}), so it is not handed over: "
            "publish region-degraded without planned, if nobody has"
        )


def _refuse_recovered(assessed: RegionAssessed, pair: Pair, databases: Databases) -> None:
    if assessed.verdict == "planned" or assessed.promoted_before:
        return
    if ask_database(pair, databases).says == "healthy":
        raise RecoveredMeanwhile(
            f"{pair.active.name} takes writes again, so it is not failed over. To hand it over all "
            "the same publish region-degraded with planned"
        )


def reasons_to_ask(
    assessed: RegionAssessed, pair: Pair, needs_consent: str | None
) -> Iterator[str]:
    """Why a person has to decide; none when the policy may."""
    if assessed.promoted_before:
        return
    policy, rpo = pair.production.failover, pair.production.rpo
    if not policy.automatic:
        yield f"{pair.production.name} is never failed over without a person"
    if assessed.verdict == "planned":
        yield "a switchover is never urgent"
        return
    if assessed.verdict == "split":
        yield "the witnesses do not agree"
    if not assessed.primary_reachable and policy.unreachable_primary == "ask":
        yield "the old primary cannot be fenced before the promotion"
    if needs_consent is not None:
        yield f"the standby is marked: {needs_consent}"
    if assessed.loss is None:
        yield "what would be lost is unknown"
    elif assessed.loss.seconds > rpo.total_seconds():
        yield f"{assessed.loss.seconds:.0f} s would be lost, more than {rpo.total_seconds():.0f} s"


def _approved(
    assessed: RegionAssessed, by: tuple[str, ...], reasons: tuple[str, ...], at: datetime
) -> FailoverApproved:
    return assessed.become(FailoverApproved, approved_by=by, asked_because=reasons, approved_at=at)
