"""Rows of the ledger as they come out of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

RunStatus = Literal["waiting", "running", "undoing", "succeeded", "failed", "superseded"]
StepStatus = Literal["pending", "ready", "succeeded", "failed", "skipped"]
Kind = Literal["do", "undo"]
Disposition = Literal["started", "coalesced", "ignored", "parked"]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as the engine needs it."""

    id: UUID
    runbook: str
    environment: str
    status: RunStatus
    priority: int
    epoch: int
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step together with its run, both locked until the transaction ends."""

    run_id: UUID
    runbook: str
    environment: str
    run_status: RunStatus
    priority: int
    epoch: int
    traceparent: str | None
    run_reason: str | None
    cancelled: str | None
    """Who wants the run given up, and why."""
    ends_as: Literal["failed", "superseded"] | None
    position: int
    name: str
    kind: Kind
    undoes: str | None
    status: StepStatus
    max_attempts: int
    attempt: int
    looks: int
    redrives: int
    woken: bool
    """Something that it waits for happened while its attempt was looking."""
    input: dict[str, Any] | None
    checkpoint: dict[str, Any] | None
    lease_id: UUID | None
    lease_until: datetime | None
    due_at: datetime
    deadline_at: datetime
    next_step: str | None
    """The step to do after this one; None after the last, and of an undo."""
    outranked_by: int | None
    """The highest priority above the run's own of those that wait for its environment."""

    @property
    def run(self) -> RunRecord:
        return RunRecord(
            self.run_id,
            self.runbook,
            self.environment,
            self.run_status,
            self.priority,
            self.epoch,
            self.traceparent,
        )


@dataclass(frozen=True, slots=True)
class StuckStep:
    run_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event, and what became of it."""

    number: int
    """Our own, shorter than source and id; newer events have higher ones."""
    source: str
    id: str
    type: str
    read_as: str | None
    """The type of Signalbox's own that it was translated to."""
    environment: str | None
    received_at: datetime
    disposition: Disposition
    reason: str | None
    runs: list[UUID]
    """Those that it started."""
    coalesced_with: list[UUID]
    """Those of the same thing that went on when it came."""
    parked: str | None
    """The parked message's id."""


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    id: str
    topic: str
    subscription: str
    message_id: str
    reason: str
    body: str
    properties: dict[str, Any]
    parked_at: datetime
    resolution: Literal["replayed", "discarded"] | None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as a person wants to see it in a list."""

    id: UUID
    runbook: str
    environment: str
    status: RunStatus
    epoch: int | None
    reason: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    step: str | None
    """The step at work now."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one step of a run is."""

    name: str
    kind: Kind
    status: StepStatus
    attempt: int
    looks: int
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None
    checkpoint: dict[str, Any] | None
    output: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sealed record of a run; ``sha256`` is that of ``body`` as canonical JSON."""

    body: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Link:
    """The next free place in the chain of an environment's evidence."""

    environment: str
    number: int
    """From 1."""
    previous: str | None
    """SHA-256 of the evidence before; None for the first."""


@dataclass(frozen=True, slots=True)
class Counts:
    active_runs: int
    unsent: int
    parked: int
