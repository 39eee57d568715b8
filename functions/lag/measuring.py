"""One measurement of a pair, and what it means for whoever would fail over."""

from datetime import timedelta

from shared.errors import PermanentError, TemporaryError
from shared.lag import Replication
from shared.ledger import Pair, Placements
from shared.ledger.lag import LagSample

MARK = "lag: "
"""What the ledger's reasons against a promotion begin with when they are ours to take back."""


class NotFollowing(PermanentError):
    """The standby is not meant to follow now: it is fenced, being rejoined, or not there."""


class NobodyKnows(TemporaryError):
    """The primary does not answer, or the standby never did: what is unknown is no lag."""


def measured(pair: Pair, replication: Replication) -> LagSample:
    """A sample that can tell. Raises NotFollowing and NobodyKnows."""
    if not replication.is_streaming(pair):
        raise NotFollowing(
            f"{pair.standby.name} does not follow {pair.active.name} now: a failover or its "
            "rejoin is not over; publish region-recovered when the old primary is to follow"
        )
    sample = replication.measure(pair)
    if sample.behind is None:
        raise NobodyKnows(
            f"the lag of {pair.standby.name} cannot be measured: {sample.silent}; when the primary "
            "is down publish region-degraded",
            delay=timedelta(seconds=10),
        )
    return sample


def judge_promotable(pair: Pair, sample: LagSample, placements: Placements) -> None:
    """Ask for consent before a loss beyond the RPO, and no longer once it is within it.

    A primary that is silent, be it for good, takes nothing back.
    """
    if (lost := sample.seconds) is None:
        return
    name, rpo = pair.production.name, pair.production.rpo
    placed = placements.of(name)
    if lost > rpo.total_seconds():
        why = (
            f"{MARK}{pair.standby.name} was {lost:.0f} s behind at {sample.at:%F %T} UTC, and "
            f"{rpo.total_seconds():.0f} s may be lost"
        )
        placements.set_promotable(name, False, why)
    elif not placed.promotable and (placed.reason or "").startswith(MARK):
        placements.set_promotable(name, True, None)


def has_caught_up(pair: Pair, sample: LagSample) -> bool:
    limit = pair.production.lag_recovered_below.total_seconds()
    return sample.behind is not None and sample.behind <= limit
