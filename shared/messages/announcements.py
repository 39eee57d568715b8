"""What Signalbox says on ``run-events``, for your own subscriptions: chat, tickets, dashboards."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.messages import Message


class Announcement(Message):
    """Something happened to a run or a message. Delivered at least once; ids are stable."""

    type: ClassVar[str]


class RunAnnouncement(Announcement):
    run: UUID
    runbook: str
    environment: str
    at: datetime


class RunStarted(RunAnnouncement):
    """A run has the interlock of its environment and begins."""

    type: ClassVar[str] = "run-started"
    epoch: int


class StepSucceeded(RunAnnouncement):
    type: ClassVar[str] = "step-succeeded"
    step: str
    attempt: int


class StepRetrying(RunAnnouncement):
    """An attempt failed; another follows at ``due_at``."""

    type: ClassVar[str] = "step-retrying"
    step: str
    attempt: int
    reason: str
    due_at: datetime


class StepFailed(RunAnnouncement):
    """No further attempt follows; what the run did is being undone."""

    type: ClassVar[str] = "step-failed"
    step: str
    attempt: int
    reason: str


class RunSucceeded(RunAnnouncement):
    type: ClassVar[str] = "run-succeeded"
    evidence_sha256: str


class RunFailed(RunAnnouncement):
    """The run is over and its environment is as it was, but for what ``left_behind`` names."""

    type: ClassVar[str] = "run-failed"
    reason: str
    left_behind: tuple[str, ...] = ()
    """Steps whose undo failed: a person has to look."""
    evidence_sha256: str


class RunSuperseded(RunAnnouncement):
    """A more urgent run took over at a step boundary."""

    type: ClassVar[str] = "run-superseded"
    reason: str
    evidence_sha256: str


class RunOverdue(RunAnnouncement):
    """The run takes longer than its runbook expects."""

    type: ClassVar[str] = "run-overdue"
    step: str


class MessageParked(Announcement):
    """A message that can never be handled is kept until a person replays or discards it."""

    type: ClassVar[str] = "message-parked"
    parked: str
    topic: str
    subscription: str
    reason: str
    at: datetime
