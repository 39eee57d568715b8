"""Fail production over to its standby in another region, safely, and say what that cost.

    assess     witnesses that do not depend on each other agree, for a while, that it is down
    approve    the policy decides, or people who see plan, loss and risks
    fence      nothing writes to the old primary any more: proven from outside, or a standing order
    promote    the standby becomes a primary; from here on there is no way back
    redirect   configuration, routes and workloads lead there, each change read back
    verify     Odoo can work there; what is wrong in its data, and what was lost, is named
    resume     integrations, in business order, each behind its check
    close      recovery time by its parts, loss, and whether both are within the objectives

Until the promotion a failure takes everything back. Behind it nothing is undone: the new primary
stays, the run says what is left to do, and the next event goes on from there.

The old primary comes back by a runbook of its own:

    confirm    it answers and is fenced; what only it still knows is listed
    rejoin     it becomes a standby of the new primary, never writable in between

Then a planned failover, which loses nothing, can bring production back to where it was.

So that all this is no surprise it is rehearsed, beside the side that serves nobody:

    hold       a pair made from a backup loses its primary, and is failed over
    record     what that achieved, against the objectives
"""

from datetime import timedelta

from functions.failover.approve_failover import approve_failover
from functions.failover.assess_region import assess_region
from functions.failover.close_failover import close_failover
from functions.failover.confirm_recovery import confirm_recovery
from functions.failover.fence_primary import fence_primary, unfence_primary
from functions.failover.hold_drill import end_drill, hold_drill
from functions.failover.promote_standby import promote_standby
from functions.failover.record_drill import record_drill
from functions.failover.redirect_traffic import redirect_traffic
from functions.failover.rejoin_primary import rejoin_primary
from functions.failover.resume_integrations import resume_integrations
from functions.failover.verify_failover import verify_failover
from shared.estate import Estate
from shared.messages.drills import DrillRequested
from shared.messages.failover import RegionDegraded, RegionRecovered
from shared.runs import Runbook, Step
from shared.runs.runbook import Priority


def concerned(event: RegionDegraded | RegionRecovered, estate: Estate) -> tuple[str, ...]:
    """Production itself; its standby is the other half of the same run. Raises NoStandby."""
    production, _ = estate.pair(event.environment)
    return (production.name,)


def standing_by(event: DrillRequested, estate: Estate) -> tuple[str, ...]:
    """The standby: a drill holds up nothing that happens to production, least of all its failover.

    Raises NoStandby.
    """
    _, standby = estate.pair(event.environment)
    return (standby.name,)


RUNBOOK = Runbook(
    name="failover",
    on=RegionDegraded,
    concerns=concerned,
    coalesce=lambda event: "planned" if event.planned else "disaster",
    priority=Priority.URGENT,
    steps=(
        Step(assess_region, time_limit=timedelta(minutes=30)),
        Step(approve_failover, time_limit=timedelta(hours=4)),
        Step(fence_primary, undo=unfence_primary, max_attempts=12, time_limit=timedelta(hours=1)),
        Step(promote_standby, max_attempts=8, time_limit=timedelta(minutes=30)),
        Step(redirect_traffic, max_attempts=8, time_limit=timedelta(minutes=30)),
        Step(verify_failover, time_limit=timedelta(minutes=30)),
        Step(resume_integrations, time_limit=timedelta(minutes=30)),
        Step(close_failover),
    ),
    overdue_after=timedelta(minutes=30),
)

REJOIN = Runbook(
    name="rejoin",
    on=RegionRecovered,
    concerns=concerned,
    coalesce=lambda event: event.environment,
    steps=(
        Step(confirm_recovery, max_attempts=10, time_limit=timedelta(hours=2)),
        Step(rejoin_primary, time_limit=timedelta(hours=12)),
    ),
    overdue_after=timedelta(hours=2),
)

DRILL = Runbook(
    name="drill",
    on=DrillRequested,
    concerns=standing_by,
    coalesce=lambda event: event.environment,
    steps=(
        Step(hold_drill, undo=end_drill, max_attempts=2, time_limit=timedelta(hours=8)),
        Step(record_drill),
    ),
    overdue_after=timedelta(hours=8),
)
