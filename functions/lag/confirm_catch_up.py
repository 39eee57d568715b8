"""The only step of a catch-up: what a run that gave up has left eased is given back."""

from functions.lag.easing import restore
from functions.lag.measuring import has_caught_up, judge_promotable, measured
from shared.cluster import Clusters
from shared.estate import Estate
from shared.lag import Replication
from shared.ledger import Placements
from shared.messages.lag import CatchUpConfirmed, LagRecovered
from shared.runs import Run
from shared.runs.hours import Schedules


def confirm_catch_up(
    recovered: LagRecovered,  # noqa: ARG001 - it is measured again
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    schedules: Schedules,
    replication: Replication,
    placements: Placements,
) -> CatchUpConfirmed:
    """Measure, and when the standby has caught up indeed, restore the load.

    Safe to repeat: what was given back has nothing to remember any more.
    """
    pair = replication.pair(run.environment)
    sample = measured(pair, replication)
    judge_promotable(pair, sample, placements)
    caught_up = has_caught_up(pair, sample)
    restored = (
        restore(run.environment, estate, clusters, schedules, epoch=run.epoch) if caught_up else ()
    )
    return CatchUpConfirmed(
        standby=pair.standby.name,
        recovered=caught_up,
        seconds=sample.behind or 0.0,
        restored=restored,
    )
