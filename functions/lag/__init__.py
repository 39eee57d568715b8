"""Help a standby that is too far behind to catch up, and say in time when it does not.

    measure    the two servers themselves are asked again
    ease       CronJobs rest, workloads make do with fewer pods, as the estate allows
    watch      until it has caught up, or patience is over
    report     the load is restored; or people are told, with a projection

Past the RPO a failover may not go on without a person's consent to the loss; that stands in the
ledger, where everyone looks who would fail over, until the standby has caught up. ``lag-recovered``
restores what a run that gave up has left eased.
"""

from datetime import timedelta

from functions.lag.confirm_catch_up import confirm_catch_up
from functions.lag.ease_load import ease_load, restore_load
from functions.lag.measure_lag import measure_lag
from functions.lag.report_lag import report_lag
from functions.lag.watch_lag import watch_lag
from shared.estate import Estate
from shared.messages.lag import LagRecovered, LagThresholdBreached
from shared.runs import Runbook, Step


def concerned(event: LagThresholdBreached | LagRecovered, estate: Estate) -> tuple[str, ...]:
    """Production itself, by whose name a pair is known. Raises NoStandby."""
    production, _ = estate.pair(event.environment)
    return (production.name,)


RUNBOOK = Runbook(
    name="lag",
    on=LagThresholdBreached,
    concerns=concerned,
    coalesce=lambda event: str(event.environment),
    steps=(
        Step(measure_lag),
        Step(ease_load, undo=restore_load),
        Step(watch_lag, time_limit=timedelta(hours=13)),
        Step(report_lag),
    ),
    overdue_after=timedelta(hours=13),
)
CATCH_UP = Runbook(
    name="catch-up",
    on=LagRecovered,
    concerns=concerned,
    coalesce=lambda event: str(event.environment),
    steps=(Step(confirm_catch_up),),
)
