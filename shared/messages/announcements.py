"""What Signalbox says on ``run-events``, for your own subscriptions: chat, tickets, dashboards."""

from datetime import datetime
from typing import Any, ClassVar, Literal
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


class ApprovalAnnouncement(RunAnnouncement):
    """A step asks people, or somebody answered."""

    step: str
    approval: str
    """Its id: ``signalbox approvals show ID``."""


class ApprovalRequested(ApprovalAnnouncement):
    """A run waits for people to approve what it is about to do."""

    type: ClassVar[str] = "approval-requested"
    action: str
    """What will happen, in one sentence."""
    plan: dict[str, Any]
    """All that the approver must see."""
    plan_sha256: str
    """A decision states the beginning of it."""
    needed: int
    """How many different people must approve."""
    expires_at: datetime


class ApprovalEscalated(ApprovalAnnouncement):
    """An approval has waited too long; it will expire, and the run fail, if nobody decides."""

    type: ClassVar[str] = "approval-escalated"
    action: str
    missing: int
    """How many more people must approve."""
    expires_at: datetime


class ApprovalDecided(ApprovalAnnouncement):
    """Somebody approved or rejected, or the time was over."""

    type: ClassVar[str] = "approval-decided"
    status: Literal["waiting", "approved", "rejected", "expired"]
    """Waiting as long as more people must approve."""
    missing: int = 0
    person: str | None = None
    reason: str | None = None


class BreakGlassUsed(ApprovalAnnouncement):
    """One person approved alone what needs more people: somebody must review it afterwards."""

    type: ClassVar[str] = "break-glass-used"
    person: str
    reason: str


class LagEscalated(RunAnnouncement):
    """A standby does not catch up although the load was eased: a person has to find out why."""

    type: ClassVar[str] = "lag-escalated"
    standby: str
    seconds: float
    """How far it is behind."""
    rpo_seconds: float
    """How much may be lost, in time."""
    outlook: str
    """What to expect if it goes on like this."""
    promotable: bool
    """Whether a failover may go on without consent to what would be lost."""


class Reminder(Announcement):
    """Something of an environment waits; said again until it is done."""

    environment: str
    at: datetime


class DrillDue(Reminder):
    """A failover was not rehearsed for longer than the environment's tier allows."""

    type: ClassVar[str] = "drill-due"
    last_at: datetime | None
    """The newest drill that passed; None: there was none."""
    every_days: int


class DebtsOwed(Reminder):
    """A promoted server still lacks what the one before it had; said once a day."""

    type: ClassVar[str] = "debts-owed"
    server: str
    debts: tuple[str, ...]
    """What it lacks, with the repair, and why that came to nothing if it was tried."""
    since: datetime


class RemovalOwed(Reminder):
    """An environment on request is to go and is still there; said once a day."""

    type: ClassVar[str] = "removal-owed"
    run: UUID
    """The newest removal, which failed."""
    reason: str
    outlook: str
    """How often it has failed, and what follows."""


class EnvironmentExpiring(Reminder):
    """The time of an environment on request will soon be over: somebody may let it live on."""

    type: ClassVar[str] = "environment-expiring"
    offer: str
    requested_by: str
    expires_at: datetime


class CertificateNotSeen(Reminder):
    """A certificate could not be read for a day, or never; said once a day."""

    type: ClassVar[str] = "certificate-not-seen"
    reason: str
    ends_at: datetime | None
    """Of the one that was seen last; None: none ever was."""
    seen_at: datetime | None


class MessageParked(Announcement):
    """A message that can never be handled is kept until a person replays or discards it."""

    type: ClassVar[str] = "message-parked"
    parked: str
    topic: str
    subscription: str
    reason: str
    at: datetime
