"""Asking people: a step waits until enough of them approved exactly the plan they were shown."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid5

from pydantic import BaseModel, ConfigDict

from shared.errors import PermanentError, TemporaryError
from shared.evidence.spelling import digest_of
from shared.ledger import Ledger, StepRecord, Transaction
from shared.ledger import approvals as rows
from shared.ledger.approvals import Approval, Decision
from shared.messages.announcements import ApprovalRequested
from shared.runs import deciding
from shared.runs.commands import NAMESPACE, announce
from shared.runs.outbox import Post, commit
from shared.runs.runbook import Again, Run

LOOK_AGAIN = timedelta(minutes=1)
"""How often a waiting step looks by itself; a decision wakes it at once."""

FOUR_EYES_TIER = 1
"""The tier for which two people must approve, not counting who asked for the run."""


class ApprovalRejected(PermanentError):
    """A person decided against the plan."""


class ApprovalExpired(PermanentError):
    """Nobody, or not enough people, approved the plan in time: that counts as a no."""


class NotAskedHere(TemporaryError):
    """The step is over or has not begun: only a step at work may ask."""


class ApprovalPlan(BaseModel):
    """What a person is shown, and what is done if they approve. No secrets: it is announced."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    action: str
    """What will happen, in one sentence."""
    steps: tuple[str, ...] = ()
    """What will be done, in order."""
    affected: tuple[str, ...] = ()
    """Who and what will notice."""
    risks: tuple[str, ...] = ()
    """What may go wrong, and what is known to be wrong already."""
    facts: Mapping[str, str | int | float | bool | None] = {}
    """What was measured: lag, expected loss, the last verified backup."""


class Approvals:
    """The resource that steps ask, and the door through which people decide."""

    def __init__(self, ledger: Ledger, post: Post) -> None:
        self._ledger = ledger
        self._post = post

    def ask(
        self,
        run: Run,
        plan: Callable[[], ApprovalPlan],
        *,
        tier: int,
        expires_after: timedelta,
        escalate_after: timedelta | None = None,
    ) -> Approval:
        """Ask people to approve a plan; the answer is still waiting, or approved.

        A step has one approval: asked again, in this attempt or another, the first plan stands, no
        other is made, and ``approval.plan`` is the one that was approved. It expires at the step's
        own deadline at the latest, and escalates half-way unless said otherwise.

        Raises ApprovalRejected and ApprovalExpired, which fail the run.
        """
        found = commit(self._ledger, self._post, lambda tx: _asked(tx, run))
        if found is None:
            shown, wait = plan(), (expires_after, escalate_after or expires_after / 2)
            found = commit(self._ledger, self._post, lambda tx: _ask(tx, run, shown, tier, *wait))
        if found.status == "rejected":
            raise ApprovalRejected(deciding.end_of(found))
        if found.status in ("expired", "withdrawn"):
            raise ApprovalExpired(deciding.end_of(found))
        return found

    def approve(
        self,
        id: str,
        *,
        plan: str,
        person: str,
        reason: str | None = None,
        break_glass: bool = False,
    ) -> Approval:
        """Approve the plan whose SHA-256 begins with ``plan``. Raises DecisionRefused.

        With ``break_glass`` one person is enough, whoever it is; that needs a reason and is loud.
        """
        given = deciding.Answer(person, plan, reason)
        decide = deciding.break_glass if break_glass else deciding.approve
        return commit(self._ledger, self._post, lambda tx: decide(tx, id, given))

    def reject(self, id: str, *, plan: str, person: str, reason: str) -> Approval:
        """Decide against the plan: the run fails and is undone. Raises DecisionRefused."""
        given = deciding.Answer(person, plan, reason)
        return commit(self._ledger, self._post, lambda tx: deciding.reject(tx, id, given))

    def decide_by_link(
        self, id: str, verdict: Literal["approve", "reject"], given: deciding.Answer
    ) -> Approval:
        """What the addressee of a signed link says, once. Raises DecisionRefused."""
        decide = deciding.approve if verdict == "approve" else deciding.reject
        answer = replace(given, by_link=True)
        return commit(self._ledger, self._post, lambda tx: decide(tx, id, answer))

    def review(self, id: str, *, person: str, reason: str) -> Approval:
        """Say, afterwards, what is to be thought of a broken glass. Raises DecisionRefused."""
        return commit(self._ledger, self._post, lambda tx: deciding.review(tx, id, person, reason))

    def newest(
        self, *, status: str | None = None, environment: str | None = None, limit: int = 50
    ) -> list[Approval]:
        with self._ledger.transaction() as tx:
            return rows.newest_approvals(tx, status=status, environment=environment, limit=limit)

    def show(self, id: str) -> tuple[Approval, list[Decision]]:
        """An approval and what people said so far. Raises UnknownApproval."""
        with self._ledger.transaction() as tx:
            return deciding.known(tx, id), rows.decisions(tx, id)


def wait_for(approval: Approval, checkpoint: Mapping[str, Any] | None = None) -> Again:
    """What a step returns while its approval waits."""
    reason = f"waits for {people(approval.missing)}: signalbox approvals show {approval.id}"
    progress = {"progress": {"reason": reason}}
    return Again(LOOK_AGAIN, dict(checkpoint or {}) | progress, gives_way=True)


def people(count: int) -> str:
    """
    >>> people(1), people(2)
    ('1 approval', '2 approvals')
    """
    return f"{count} approval{'' if count == 1 else 's'}"


def _id(run: Run) -> str:
    return uuid5(NAMESPACE, f"{run.id}\n{run.step}").hex[:12]


def _at_work(tx: Transaction, run: Run) -> StepRecord:
    step = tx.lock_step(run.id, run.step)
    if step is None or step.status != "ready":
        raise NotAskedHere(f"step {run.step} of run {run.id} is not at work and may not ask")
    return step


def _asked(tx: Transaction, run: Run) -> Approval | None:
    """What has become of the step's approval; None when it has not asked yet."""
    step, found = _at_work(tx, run), rows.approval(tx, _id(run))
    if found is None:
        return None
    if found.status in ("waiting", "approved") and deciding.is_over(tx, found):
        return deciding.expire(tx, step, found)
    if found.is_granted and found.taken_at is None:
        deciding.refuse_tampered(found)
        rows.take_approval(tx, found.id)
        tx.audit(run.id, "approval_taken", step=run.step, approval=found.id)
    return found


def _ask(
    tx: Transaction,
    run: Run,
    plan: ApprovalPlan,
    tier: int,
    expires_after: timedelta,
    escalate_after: timedelta,
) -> Approval:
    if found := _asked(tx, run):
        return found
    step, id = _at_work(tx, run), _id(run)
    expires_at = min(tx.now + expires_after, step.deadline_at)
    escalate_at = min(tx.now + escalate_after, expires_at)
    _insert(tx, step, id, plan, tier, escalate_at, expires_at)
    return _request(tx, step, deciding.known(tx, id))


def _insert(
    tx: Transaction,
    step: StepRecord,
    id: str,
    plan: ApprovalPlan,
    tier: int,
    escalate_at: datetime,
    expires_at: datetime,
) -> None:
    document = {"run": str(step.run_id), "step": step.name, "environment": step.environment}
    document |= plan.model_dump(mode="json")
    rows.insert_approval(
        tx,
        step,
        id=id,
        tier=tier,
        plan=document,
        plan_sha256=digest_of(document),
        needed=2 if tier == FOUR_EYES_TIER else 1,
        escalate_at=escalate_at,
        expires_at=expires_at,
    )


def _request(tx: Transaction, step: StepRecord, asked: Approval) -> Approval:
    facts = {
        "approval": asked.id,
        "step": step.name,
        "plan_sha256": asked.plan_sha256,
        "needed": asked.needed,
    }
    tx.audit(step.run_id, "approval_requested", **facts)
    announce(
        tx,
        ApprovalRequested,
        step.run,
        f"{asked.id}:requested",
        action=asked.plan["action"],
        plan=asked.plan,
        expires_at=asked.expires_at,
        **facts,
    )
    return asked
