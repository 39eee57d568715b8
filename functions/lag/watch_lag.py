"""The third step: wait until the standby has caught up, or patience is over."""

from datetime import datetime, timedelta

from functions.lag.measuring import has_caught_up, judge_promotable
from shared.lag import Replication, Trend, trend
from shared.ledger import Pair, Placements
from shared.ledger.lag import LagSample
from shared.messages.lag import LagWatched, LoadEased
from shared.runs import Again, Run

LOOK = timedelta(seconds=10)
"""How often it is measured."""

FIT = timedelta(minutes=10)
"""How far back a projection looks."""


def watch_lag(
    eased: LoadEased, *, run: Run, replication: Replication, placements: Placements
) -> LagWatched | Again:
    """Measure until the lag has been small for as long as the estate says, or for ``patience``.

    Safe to repeat: it only reads, and records what it read. A failover does not wait for it.
    """
    pair = replication.pair(run.environment)
    sample = replication.measure(pair)
    judge_promotable(pair, sample, placements)
    began = run.moment("began") or sample.at
    well_since = (run.moment("well_since") or sample.at) if has_caught_up(pair, sample) else None
    limits = pair.production.lag
    recovered = well_since is not None and (
        not eased.too_far or sample.at - well_since >= limits.sustained
    )
    if not recovered and sample.at - began < limits.patience:
        return _look_again(sample, began, well_since, limits.patience)
    line = trend(replication.samples.since(run.environment, sample.at - FIT))
    return eased.become(LagWatched, recovered=recovered, **_facts(pair, sample, began, line))


def _facts(pair: Pair, sample: LagSample, began: datetime, line: Trend | None) -> dict[str, object]:
    return {
        "seconds_after": sample.behind or 0.0,
        "watched_seconds": (sample.at - began).total_seconds(),
        "gains_per_second": line.slope if line else None,
        "reaches_rpo_at": line.reaches(pair.production.rpo.total_seconds()) if line else None,
    }


def _look_again(
    sample: LagSample, began: datetime, well_since: datetime | None, patience: timedelta
) -> Again:
    behind = "nobody knows how far" if sample.behind is None else f"{sample.behind:.0f} s"
    left = (patience - (sample.at - began)).total_seconds() / 60
    checkpoint = {
        "began": began.isoformat(),
        "well_since": well_since and well_since.isoformat(),
        "progress": {"reason": f"{behind} behind, patience for {left:.0f} min"},
    }
    return Again(LOOK, checkpoint, gives_way=True)
