"""Keep what a drill achieved, and say when that is not enough."""

from functions.failover.close_failover import against_objectives
from functions.failover.hold_drill import delete_job
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.ledger import FailoverHistory
from shared.messages.drills import DrillHeld, DrillPassed
from shared.messages.failover import FailoverClosed
from shared.runs import Run
from shared.signs import span


class DrillNotPassed(PermanentError):
    """The rehearsed failover took longer or lost more than promised, or a claim did not hold."""


def record_drill(
    held: DrillHeld, *, run: Run, estate: Estate, clusters: Clusters, history: FailoverHistory
) -> DrillPassed:
    """Keep it in the ledger: plans predict from it, and the next drill counts from it. Then the Job
    is not needed any more.

    Safe to repeat: it is kept under the run's id.

    Raises DrillNotPassed, when it is kept.
    """
    production = estate.environment(held.production)
    closed, passed = judged(held.closed, production, claims_hold=held.claims_hold)
    facts = closed.model_dump(mode="json") | {"lost_orders": held.lost_orders}
    history.record_drill(run.id, production.name, source=held.manifest, passed=passed, facts=facts)
    delete_job(held.side, run, estate, clusters)
    if not passed:
        lost = "unknown" if closed.lost_seconds is None else f"{closed.lost_seconds:.1f} s"
        claims = "held" if held.claims_hold else "did not all hold: see the log of the drill"
        raise DrillNotPassed(
            f"{production.name}: recovery took {span(closed.took)} of {span(closed.rto)}, the loss "
            f"was {lost} of {span(closed.rpo)}; what was claimed {claims}"
        )
    return held.become(DrillPassed, closed=closed)


def judged(
    closed: FailoverClosed, production: Environment, *, claims_hold: bool
) -> tuple[FailoverClosed, bool]:
    """A rehearsed failover against the objectives of what it stands for; and whether it passed."""
    facts = against_objectives(production, closed.took, closed.lost_seconds)
    found = closed.become(FailoverClosed, **facts)
    return found, claims_hold and found.rto_met and found.rpo_met is True
