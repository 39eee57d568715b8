"""What failovers of an environment have come to so far, and which backup of it is known to work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Achieved:
    """One failover that came to its end, or one drill."""

    environment: str
    run: UUID | None
    """None for a drill that no run held, or whose run is forgotten."""
    ended_at: datetime
    source: str
    """``failover``, or what a drill's pair was made from."""
    passed: bool
    facts: dict[str, Any]
    """What its last step said."""


@dataclass(frozen=True, slots=True)
class VerifiedBackup:
    """A backup that was restored and passed every check."""

    manifest: str
    verified_at: datetime


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What is known of the drills of one environment."""

    environment: str
    passed_at: datetime | None = None
    """When one passed for the last time."""
    skipped_at: datetime | None = None
    """The newest opening at which somebody wanted none."""
    skipped_by: str | None = None


class FailoverHistory:
    """Short reads, and one record per drill."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def achieved(self, environment: str | None = None, *, limit: int = 10) -> list[Achieved]:
        """Newest first, drills and real ones, of one environment or of all."""
        return self._ledger.rows(Achieved, "achieved", environment=environment, limit=limit)

    def last_drill(self, environment: str) -> datetime | None:
        """When a drill passed for the last time."""
        return self.rehearsed(environment).passed_at

    def is_drill_due(self, environment: str, every: timedelta) -> bool:
        """Whether no drill has passed for longer than that."""
        last = self.last_drill(environment)
        return last is None or self._ledger.clock() - last > every

    def rehearsed(self, environment: str) -> Rehearsed:
        found = self._ledger.row(Rehearsed, "rehearsals", environment=environment)
        return found or Rehearsed(environment)

    def all_rehearsed(self) -> dict[str, Rehearsed]:
        """By environment; those that nothing is known of are left out."""
        found = self._ledger.rows(Rehearsed, "rehearsals", environment=None)
        return {each.environment: each for each in found}

    def drills_at_work(self) -> list[str]:
        """The environments in which a run holds a drill, or waits to."""
        with self._ledger.transaction() as tx:
            return [name for (name,) in tx.all_of("drills_at_work")]

    def skip_drill(self, environment: str, opening: datetime, *, by: str) -> None:
        """Be done with an opening, and with those before it."""
        self._ledger.do("skip_drill", environment=environment, opening=opening, skipped_by=by)

    def verified_backup(self, environment: str) -> VerifiedBackup | None:
        """The newest backup that a refresh has verified."""
        return self._ledger.row(VerifiedBackup, "last_verified_backup", environment=environment)

    def record_drill(
        self, id: UUID, environment: str, *, source: str, passed: bool, facts: Mapping[str, Any]
    ) -> None:
        """Keep what a drill achieved. Safe to repeat."""
        self._ledger.do(
            "insert_drill",
            id=id,
            environment=environment,
            source=source,
            passed=passed,
            facts=Jsonb(dict(facts)),
        )
