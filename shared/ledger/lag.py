"""What was measured of pairs of servers, for a failover or a projection to look back at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from shared.ledger.ledger import Ledger
from shared.ledger.transaction import Transaction
from shared.postgres.replication import PrimaryView, StandbyView

_PRIMARY = TypeAdapter(PrimaryView)
_STANDBY = TypeAdapter(StandbyView)


@dataclass(frozen=True, slots=True)
class LagSample:
    """How far a standby was behind at one moment, by the ledger's clock."""

    environment: str
    at: datetime
    primary: PrimaryView | None
    """None when the primary did not answer."""
    standby: StandbyView | None
    """None when the standby did not answer."""
    bytes: int | None
    """Not on the standby's disk; None when one of the two has never answered."""
    seconds: float | None
    """Since the standby had everything for certain; 0 when nothing is missing."""
    transactions: int | None
    replay_seconds: float | None
    """The same for what the standby has replayed: no loss, but a promotion waits for it."""
    silent: str | None
    """Who did not answer, and why."""

    @property
    def behind(self) -> float | None:
        """Seconds, of loss or of replay, whichever is more."""
        if self.seconds is None or self.replay_seconds is None:
            return None
        return max(self.seconds, self.replay_seconds)


@dataclass(frozen=True, slots=True)
class Extent:
    """The least and the most that a standby was behind during a stretch of time, in seconds."""

    least: float | None
    most: float | None
    unknown: int
    """Samples that could not tell."""


class LagSamples:
    """Samples of every pair, oldest first."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def record(self, sample: LagSample) -> None:
        self._ledger.persist(lambda tx: _insert(tx, sample))

    def since(self, environment: str, at: datetime) -> list[LagSample]:
        with self._ledger.transaction() as tx:
            rows = tx.all_of("lag_samples", environment=environment, since=at)
        return [_sample(*row) for row in rows]

    def last_primary(self, environment: str) -> PrimaryView | None:
        """The primary's last known word: what a failover states the expected loss against."""
        with self._ledger.transaction() as tx:
            found = tx.all_of("last_primary_word", environment=environment)
        return _PRIMARY.validate_python(found[0][0]) if found else None

    def last_primary_up_to(self, environment: str, lsn: int) -> list[PrimaryView]:
        """The last word that whoever has this position had everything of; none if none is kept."""
        with self._ledger.transaction() as tx:
            found = tx.all_of("last_primary_word_up_to", environment=environment, lsn=lsn)
        return [_PRIMARY.validate_python(word) for (word,) in found]

    def last_standby(self, environment: str) -> StandbyView | None:
        with self._ledger.transaction() as tx:
            found = tx.all_of("last_standby_word", environment=environment)
        return _STANDBY.validate_python(found[0][0]) if found else None

    def primary_words(self, environment: str, *, within: timedelta) -> list[PrimaryView]:
        """What the primary said lately: sharpens the seconds of a lag."""
        samples = self.since(environment, self._ledger.clock() - within)
        return [sample.primary for sample in samples if sample.primary is not None]

    def prune(self, *, older_than: timedelta) -> None:
        """Forget old samples, but for the last words of each server."""
        self._ledger.persist(lambda tx: tx.do("prune_lag_samples", before=tx.now - older_than))


def extent(tx: Transaction, environment: str, *, within: timedelta) -> Extent:
    """Over all of the time ``within``; nothing is known while samples do not reach back so far."""
    since = tx.now - within
    return tx.needed(Extent, "lag_extent", environment=environment, since=since)


def begin_episode(tx: Transaction, environment: str) -> int | None:
    """The number of the episode that begins now; None when one is going on."""
    found = tx.all_of("begin_lag_episode", environment=environment)
    return int(found[0][0]) if found else None


def end_episode(tx: Transaction, environment: str) -> int | None:
    """The number of the episode that ends now; None when there is none."""
    found = tx.all_of("end_lag_episode", environment=environment)
    return int(found[0][0]) if found else None


def _insert(tx: Transaction, sample: LagSample) -> None:
    values = {name: getattr(sample, name) for name in sample.__slots__}
    words = {"primary": _json(sample.primary), "standby": _json(sample.standby)}
    tx.do("insert_lag_sample", **(values | words))


def _json(word: PrimaryView | StandbyView | None) -> Jsonb | None:
    return None if word is None else Jsonb(TypeAdapter(type(word)).dump_python(word, mode="json"))


def _sample(environment: str, at: datetime, primary: Any, standby: Any, *rest: Any) -> LagSample:
    return LagSample(
        environment,
        at,
        None if primary is None else _PRIMARY.validate_python(primary),
        None if standby is None else _STANDBY.validate_python(standby),
        *rest,
    )
