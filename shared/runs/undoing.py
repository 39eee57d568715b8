"""How a run turns back and how it ends: every path leads to one of three ends, with evidence."""

from typing import Literal

from shared.ledger import StepRecord, Transaction
from shared.messages.announcements import RunFailed, RunSucceeded, RunSuperseded, StepFailed
from shared.runs.commands import announce, announce_step, command
from shared.runs.evidence import seal
from shared.runs.interlock import grant_next


def fail_step(tx: Transaction, step: StepRecord, reason: str) -> None:
    """End a step for good; turn its run back, or go on with the undo that it is a part of."""
    tx.end_step(step, "failed", error=reason)
    tx.audit(step.run_id, "step_failed", step=step.name, attempt=step.attempt, reason=reason)
    announce_step(tx, StepFailed, step, reason=reason)
    if step.kind == "do":
        turn_back(tx, step, ends_as="failed", reason=f"{step.name}: {reason}")
    else:
        undo_next(tx, step, after=step.position)


def turn_back(
    tx: Transaction, step: StepRecord, *, ends_as: Literal["failed", "superseded"], reason: str
) -> None:
    """Undo, latest first, what the run has begun."""
    tx.turn_back(step.run_id, reason=reason, ends_as=ends_as)
    tx.plan_undo(step.run_id)
    undo_next(tx, step, after=0, ends_as=ends_as, reason=reason)


def undo_next(
    tx: Transaction,
    step: StepRecord,
    *,
    after: int,
    ends_as: Literal["failed", "superseded"] | None = None,
    reason: str | None = None,
) -> None:
    """Start the undo step behind position ``after``, or end the run when there is none."""
    following = tx.following_step(step.run_id, "undo", after)
    if following is not None:
        tx.ready_step(step.run_id, following)
        tx.queue([command(step.run, following, 1)])
        return
    end_turned_back(tx, step, ends_as or step.ends_as or "failed", reason or step.run_reason or "")


def end_turned_back(
    tx: Transaction, step: StepRecord, ends_as: Literal["failed", "superseded"], reason: str
) -> None:
    left_behind = tx.failed_undo_steps(step.run_id)
    if ends_as == "failed" or left_behind:
        digest = _end(tx, step, "failed")
        facts = {"reason": reason, "left_behind": left_behind, "evidence_sha256": digest}
        announce(tx, RunFailed, step.run, RunFailed.type, **facts)
    else:
        digest = _end(tx, step, "superseded")
        announce(
            tx, RunSuperseded, step.run, RunSuperseded.type, reason=reason, evidence_sha256=digest
        )
    grant_next(tx, step.environment)


def succeed(tx: Transaction, step: StepRecord) -> None:
    """End a run whose last step has succeeded."""
    tx.skip_steps(step.run_id)
    digest = _end(tx, step, "succeeded")
    announce(tx, RunSucceeded, step.run, RunSucceeded.type, evidence_sha256=digest)
    grant_next(tx, step.environment)


def _end(
    tx: Transaction, step: StepRecord, status: Literal["succeeded", "failed", "superseded"]
) -> str:
    tx.end_run(step.run_id, status)
    tx.audit(step.run_id, f"run_{status}")
    tx.release_interlock(step.environment, step.run_id)
    return seal(tx, step.run_id)
