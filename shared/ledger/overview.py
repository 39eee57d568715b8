"""What people ask of the ledger at a glance: page, API and metrics read through here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.ledger.ledger import Ledger
from shared.ledger.records import Disposition, ParkedMessage, RunStatus


@dataclass(frozen=True, slots=True)
class EnvironmentNow:
    """What the ledger knows of an environment at this moment."""

    environment: str
    epoch: int
    held_by: UUID | None
    """The run that has the interlock."""
    held_for: str | None
    held_step: str | None
    waiting: int
    """Runs that wait for the interlock."""
    last_run: UUID | None
    """The newest run that is over."""
    last_runbook: str | None
    last_status: RunStatus | None
    last_ended_at: datetime | None
    refreshed_by: UUID | None
    """The newest run that gave the environment a fresh database."""
    refreshed_at: datetime | None
    checkpoint: str | None
    """The database that this run kept, to go back to."""
    verified_by: UUID | None
    """The newest run that restored a backup of this environment and found it whole."""
    verified_at: datetime | None
    verified_manifest: str | None


@dataclass(frozen=True, slots=True)
class NewestLag:
    """How far the standby of an environment was behind when it was last measured."""

    environment: str
    at: datetime
    bytes: int | None
    seconds: float | None
    replay_seconds: float | None
    silent: str | None
    """Who did not answer, and why."""


@dataclass(frozen=True, slots=True)
class RunTotal:
    runbook: str
    status: RunStatus
    runs: int
    seconds: float
    """How long those that are over took, together."""


@dataclass(frozen=True, slots=True)
class AttemptTotal:
    outcome: str
    attempts: int


@dataclass(frozen=True, slots=True)
class EventTotal:
    type: str
    disposition: Disposition
    events: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits to be sent, done or judged."""

    unsent: int
    oldest_unsent_at: datetime | None
    parked: int
    ready_steps: int
    overdue: int
    """Runs that take longer than expected."""
    approvals: int
    """Those that wait for people."""
    oldest_approval_at: datetime | None
    oldest_evidence_at: datetime | None
    """When the oldest record was sealed that is not in blob storage."""


@dataclass(frozen=True, slots=True)
class Totals:
    runs: tuple[RunTotal, ...]
    attempts: tuple[AttemptTotal, ...]
    events: tuple[EventTotal, ...]
    backlog: Backlog


class Overview:
    """Reads only; every method is one transaction."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def environments(self, names: Sequence[str]) -> dict[str, EnvironmentNow]:
        """What is known of each environment, by name; there is an entry for each name."""
        found = self._ledger.rows(EnvironmentNow, "environments_now", environments=list(names))
        return {each.environment: each for each in found}

    def newest_lag(self) -> dict[str, NewestLag]:
        """By environment; only those that are measured."""
        return {each.environment: each for each in self._ledger.rows(NewestLag, "newest_lag")}

    def parked(self, id: str) -> ParkedMessage | None:
        """A parked message, dealt with or not."""
        return self._ledger.row(ParkedMessage, "parked_message", id=id)

    def totals(self) -> Totals:
        with self._ledger.transaction() as tx:
            return Totals(
                runs=tuple(tx.rows(RunTotal, "run_totals")),
                attempts=tuple(tx.rows(AttemptTotal, "attempt_totals")),
                events=tuple(tx.rows(EventTotal, "event_totals")),
                backlog=tx.needed(Backlog, "backlog"),
            )
