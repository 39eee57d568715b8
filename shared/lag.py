"""How far a standby is behind its primary: measured, remembered, and judged with hysteresis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import linear_regression
from typing import Literal

from shared.estate import Estate
from shared.ledger import Ledger, Pair, Placements, Transaction
from shared.ledger.lag import LagSample, LagSamples, begin_episode, end_episode, extent
from shared.postgres.pairs import Pairs, Words
from shared.postgres.replication import Lag, NotAPair, PrimaryView, StandbyView, lag

MEMORY = timedelta(hours=1)
"""How long samples are kept."""


class Replication:
    """The resource: measures the pairs of the estate, and remembers."""

    def __init__(self, estate: Estate, ledger: Ledger, pairs: Pairs) -> None:
        self._estate = estate
        self._ledger = ledger
        self._pairs = pairs
        self._placements = Placements(ledger)
        self.samples = LagSamples(ledger)

    def streaming(self) -> list[Pair]:
        """Every pair whose standby is meant to follow now."""
        names = (each.standby_of for each in self._estate.environments)
        pairs = [self.pair(name) for name in names if name is not None]
        return [pair for pair in pairs if self.is_streaming(pair)]

    def pair(self, environment: str) -> Pair:
        """Which side leads now. Raises NoStandby."""
        return self._placements.pair(environment, self._estate)

    def is_streaming(self, pair: Pair) -> bool:
        """Whether its standby is meant to follow now."""
        return self._placements.of(pair.production.name).standby_state == "streaming"

    def measure(self, pair: Pair) -> LagSample:
        """Ask both servers and remember what they say.

        A standby that is silent now, but has spoken before, is as far as it last said it was.
        """
        name = pair.production.name
        words = self._pairs.visit(pair.active, pair.standby)
        standby = words.standby or self.samples.last_standby(name)
        replayed = standby and replace(standby, received_lsn=standby.replayed_lsn)
        loss = self._lag(name, words.primary, standby)
        replay = self._lag(name, words.primary, replayed)
        sample = LagSample(
            environment=name,
            at=self._ledger.clock(),
            primary=words.primary,
            standby=words.standby,
            bytes=loss.bytes if loss else None,
            seconds=loss.seconds if loss else None,
            transactions=loss.transactions if loss else None,
            replay_seconds=replay.seconds if replay else None,
            silent="; ".join((*words.silent, *_strangers(words))) or None,
        )
        self.samples.record(sample)
        return sample

    def _lag(
        self, environment: str, primary: PrimaryView | None, standby: StandbyView | None
    ) -> Lag | None:
        if primary is None or standby is None:
            return None
        earlier = self.samples.last_primary_up_to(environment, standby.received_lsn)
        try:
            return lag(primary, standby, earlier=earlier)
        except NotAPair:
            return None


def _strangers(words: Words) -> Iterator[str]:
    primary, standby = words.primary, words.standby
    if primary and standby and primary.system_identifier != standby.system_identifier:
        yield "the standby is no copy of this primary: it must be made anew"


@dataclass(frozen=True)
class Trend:
    """How the distance between two servers has been changing."""

    slope: float
    """Seconds that are gained in each second: 1 when the standby stands still."""
    behind: float
    at: datetime

    def reaches(self, seconds: float) -> datetime | None:
        """When it would be so far behind, if it goes on like this; None when it never will."""
        if self.behind >= seconds:
            return self.at
        if self.slope <= 0:
            return None
        return self.at + timedelta(seconds=(seconds - self.behind) / self.slope)


def trend(samples: Sequence[LagSample]) -> Trend | None:
    """The straight line nearest to the samples; None of fewer than three that could tell."""
    told = [(each.at, each.behind) for each in samples if each.behind is not None]
    if len(told) < 3:
        return None
    began = told[0][0]
    times = [(at - began).total_seconds() for at, _ in told]
    line = linear_regression(times, [behind for _, behind in told])
    return Trend(line.slope, told[-1][1], told[-1][0])


Verdict = tuple[Literal["breached", "recovered"], int]
"""What has just become true, and the number of the episode."""


def judge(tx: Transaction, pair: Pair) -> Verdict | None:
    """Whether a breach or a recovery has just become true; each is said once, whoever asks.

    It is a breach when the lag was above the threshold for all of ``sustained``, a recovery when it
    was below ``recovered_below`` for as long. What could not be measured is neither.
    """
    production, name = pair.production, pair.production.name
    seen = extent(tx, name, within=production.lag.sustained)
    if seen.least is None or seen.most is None or seen.unknown:
        return None
    if seen.least > production.lag_threshold.total_seconds():
        begun = begin_episode(tx, name)
        return None if begun is None else ("breached", begun)
    if seen.most <= production.lag_recovered_below.total_seconds():
        ended = end_episode(tx, name)
        return None if ended is None else ("recovered", ended)
    return None
