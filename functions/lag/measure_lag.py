"""The first step: an event's word is not enough."""

from functions.lag.measuring import judge_promotable, measured
from shared.lag import Replication
from shared.ledger import Placements
from shared.messages.lag import LagMeasured, LagThresholdBreached
from shared.runs import Run


def measure_lag(
    breached: LagThresholdBreached,  # noqa: ARG001 - it is measured again
    *,
    run: Run,
    replication: Replication,
    placements: Placements,
) -> LagMeasured:
    """Ask both servers how far they are apart.

    Safe to repeat: it only reads, and records what it read.

    Raises NotFollowing when there is nothing to measure.
    """
    pair = replication.pair(run.environment)
    sample = measured(pair, replication)
    judge_promotable(pair, sample, placements)
    return LagMeasured(
        primary=pair.active.name,
        standby=pair.standby.name,
        seconds=sample.seconds or 0.0,
        bytes=sample.bytes or 0,
        transactions=sample.transactions or 0,
        replay_seconds=sample.replay_seconds or 0.0,
        too_far=(sample.behind or 0.0) > pair.production.lag_threshold.total_seconds(),
        measured_at=sample.at,
    )
