"""Approvals in the ledger: one short function per query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.ledger.records import StepRecord
from shared.ledger.transaction import Transaction

ApprovalStatus = Literal["waiting", "approved", "rejected", "expired", "withdrawn"]
Verdict = Literal["approve", "reject", "break-glass", "review"]


@dataclass(frozen=True, slots=True)
class Approval:
    """What a step asked people for, and how that stands."""

    id: str
    run_id: UUID
    runbook: str
    environment: str
    step: str
    tier: int
    plan: dict[str, Any]
    plan_sha256: str
    requested_by: str
    """The source of the event that started the run."""
    needed: int
    """How many different people must approve."""
    status: ApprovalStatus
    break_glass: bool
    """One person approved alone, under a reason: to be reviewed."""
    requested_at: datetime
    escalate_at: datetime
    escalated_at: datetime | None
    expires_at: datetime
    decided_at: datetime | None
    taken_at: datetime | None
    """When the step saw that it was approved: from then on it does not expire."""
    approved_by: list[str]

    @property
    def is_granted(self) -> bool:
        return self.status == "approved"

    @property
    def missing(self) -> int:
        """How many more people must approve."""
        return max(self.needed - len(self.approved_by), 0) if self.status == "waiting" else 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person said to a plan."""

    at: datetime
    verdict: Verdict
    person: str
    reason: str | None
    plan_sha256: str


def insert_approval(
    tx: Transaction,
    step: StepRecord,
    *,
    id: str,
    tier: int,
    plan: Mapping[str, Any],
    plan_sha256: str,
    needed: int,
    escalate_at: datetime,
    expires_at: datetime,
) -> None:
    tx.do(
        "insert_approval",
        id=id,
        run=step.run_id,
        position=step.position,
        tier=tier,
        plan=Jsonb(plan),
        plan_sha256=plan_sha256,
        needed=needed,
        escalate_at=escalate_at,
        expires_at=expires_at,
    )


def approval(tx: Transaction, id: str) -> Approval | None:
    return tx.row(Approval, "approval", id=id)


def newest_approvals(
    tx: Transaction, *, status: str | None = None, environment: str | None = None, limit: int = 50
) -> list[Approval]:
    """Newest first."""
    return tx.rows(Approval, "approvals", status=status, environment=environment, limit=limit)


def decisions(tx: Transaction, id: str) -> list[Decision]:
    """In the order in which they were made."""
    return tx.rows(Decision, "decisions", approval=id)


def insert_decision(
    tx: Transaction, about: Approval, verdict: Verdict, person: str, reason: str | None
) -> None:
    tx.do(
        "insert_decision",
        approval=about.id,
        verdict=verdict,
        person=person,
        reason=reason,
        plan_sha256=about.plan_sha256,
    )


def settle_approval(
    tx: Transaction,
    id: str,
    status: Literal["approved", "rejected", "expired"],
    *,
    break_glass: bool = False,
) -> None:
    tx.do("settle_approval", id=id, status=status, break_glass=break_glass)


def take_approval(tx: Transaction, id: str) -> None:
    """The step has seen that it was approved."""
    tx.do("take_approval", id=id)


def escalate_approvals(tx: Transaction) -> list[str]:
    """The ids of those that have just waited too long; each is returned once."""
    return [id for (id,) in tx.all_of("escalate_approvals")]


def expired_approvals(tx: Transaction) -> list[str]:
    """The ids of those whose time is over although no step has used them."""
    return [id for (id,) in tx.all_of("expired_approvals")]
