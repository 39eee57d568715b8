"""How an attempt at a step begins and how it ends: two transactions, and nothing in between them
that the ledger relies on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import structlog

from shared.ledger import StepRecord, Transaction
from shared.messages import Command
from shared.messages.announcements import StepRetrying, StepSucceeded
from shared.runs.commands import announce_step, command
from shared.runs.interlock import come_back, grant_next
from shared.runs.runbook import Again, Priority
from shared.runs.undoing import fail_step, succeed, turn_back, undo_next

log = structlog.get_logger()

SKEW = timedelta(seconds=5)
"""How far the clocks of bus and ledger may be apart: a copy that comes this early is on time."""


class UnknownStep(Exception):
    """The command names a run or a step that the ledger does not have."""


@dataclass(frozen=True)
class Succeeded:
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Retrying:
    """The attempt failed, another one may work."""

    reason: str
    delay: timedelta | None


@dataclass(frozen=True)
class Failed:
    """No further attempt can work."""

    reason: str


Outcome = Succeeded | Again | Retrying | Failed


def begin(tx: Transaction, asked: Command, lease: UUID, length: timedelta) -> StepRecord | None:
    """Take the lease of the step that a command asks for; None when there is nothing to do now.

    Safe to repeat with the same ``lease``, when the connection broke at commit.
    """
    step = tx.lock_step(asked.run, asked.step)
    if step is None:
        raise UnknownStep(f"run {asked.run} has no step {asked.step!r}")
    active = "running" if step.kind == "do" else "undoing"
    if (
        step.run_status not in (active, "waiting")
        or step.status != "ready"
        or step.due_at > tx.now + SKEW
    ):
        log.info("command_was_done", status=step.status, run_status=step.run_status)
        return None
    if step.lease_id == lease:
        return step
    if step.lease_until and step.lease_until > tx.now:
        _put_off(tx, step, asked, step.lease_until)
        return None
    present = come_back(tx, step) if step.run_status == "waiting" else step
    return present and _take_over(tx, present, lease, length)


def _put_off(tx: Transaction, step: StepRecord, asked: Command, until: datetime) -> None:
    number = asked.copy_number + 1
    suffix = f":copy:{number}"
    tx.queue(
        [command(step.run, step.name, step.attempt, at=until, suffix=suffix, copy_number=number)]
    )
    log.info("command_put_off", until=until.isoformat())


def _take_over(
    tx: Transaction, step: StepRecord, lease: UUID, length: timedelta
) -> StepRecord | None:
    if _is_cancelled(step):
        fail_step(tx, step, step.cancelled or "")
        return None
    if step.deadline_at <= tx.now:
        fail_step(tx, step, f"not done within its time limit, {step.deadline_at:%F %T} UTC")
        return None
    if step.lease_id is not None:
        lost = "nothing was heard of it until its lease ended: its process died or hung"
        if step.attempt >= step.max_attempts:
            fail_step(tx, step, f"attempt {step.attempt} was the last, and {lost}")
            return None
        tx.close_attempt(step, "lost", lost)
        tx.audit(step.run_id, "attempt_lost", step=step.name, attempt=step.attempt)
        step = replace(step, attempt=step.attempt + 1)
    until = min(tx.now + length, step.deadline_at)
    tx.lease_step(step, step.attempt, lease, until)
    return replace(step, lease_id=lease, lease_until=until, looks=step.looks + 1)


def finish(
    tx: Transaction, begun: StepRecord, outcome: Outcome, *, steps_aside: bool = False
) -> bool:
    """Record how an attempt ended and what follows. False, and nothing, when its lease was lost.

    ``steps_aside``: until it looks again, other runs may have the environment.
    """
    step = tx.lock_step(begun.run_id, begun.name)
    if step is None or step.lease_id != begun.lease_id:
        return False
    match outcome:
        case Succeeded(facts):
            _succeed(tx, step, facts)
        case Again() as again:
            _look_again(tx, step, again, steps_aside=steps_aside)
        case Retrying() if _is_cancelled(step):
            fail_step(tx, step, step.cancelled or "")
        case Retrying(reason, delay) if step.attempt < step.max_attempts:
            _retry(tx, step, reason, delay or back_off(step))
        case Retrying(reason):
            fail_step(tx, step, f"{reason} (attempt {step.attempt} was the last)")
        case Failed(reason):
            fail_step(tx, step, reason)
    return True


def _succeed(tx: Transaction, step: StepRecord, facts: Mapping[str, Any]) -> None:
    tx.end_step(step, "succeeded", output=facts)
    tx.audit(step.run_id, "step_succeeded", step=step.name, attempt=step.attempt)
    announce_step(tx, StepSucceeded, step)
    if step.kind == "undo":
        undo_next(tx, step, after=step.position)
        return
    if step.next_step is None:
        succeed(tx, step)
    elif step.cancelled:
        turn_back(tx, step, ends_as="failed", reason=step.cancelled)
    elif _is_outranked(step):
        turn_back(tx, step, ends_as="superseded", reason="a more urgent run waits")
    else:
        tx.ready_step(step.run_id, step.next_step, facts)
        tx.queue([command(step.run, step.next_step, 1)])


def _is_cancelled(step: StepRecord) -> bool:
    return step.cancelled is not None and step.kind == "do"


def _is_outranked(step: StepRecord) -> bool:
    urgent = step.outranked_by is not None and step.outranked_by >= Priority.URGENT
    return urgent and step.priority < Priority.URGENT


def _look_again(
    tx: Transaction, step: StepRecord, again: Again, *, steps_aside: bool = False
) -> None:
    tx.close_attempt(step, "again")
    if _is_cancelled(step):
        tx.give_up_step(step, again.checkpoint)
        turn_back(tx, step, ends_as="failed", reason=step.cancelled or "")
        return
    if again.gives_way and step.kind == "do" and _is_outranked(step):
        tx.give_up_step(step, again.checkpoint)
        turn_back(tx, step, ends_as="superseded", reason="a more urgent run waits")
        return
    due_at = (
        tx.now
        if step.woken
        else min(tx.now + again.pause(step.looks), max(step.deadline_at, tx.now))
    )
    tx.postpone_step(step, due_at, attempt=step.attempt, checkpoint=again.checkpoint)
    suffix = f":look:{step.looks}"
    tx.queue([command(step.run, step.name, step.attempt, at=due_at, suffix=suffix)])
    if steps_aside:
        tx.step_aside(step)
        grant_next(tx, step.environment)


def _retry(tx: Transaction, step: StepRecord, reason: str, delay: timedelta) -> None:
    due_at, number = tx.now + delay, step.attempt + 1
    tx.close_attempt(step, "retrying", reason)
    tx.postpone_step(step, due_at, attempt=number, checkpoint=step.checkpoint, error=reason)
    tx.audit(step.run_id, "step_retrying", step=step.name, attempt=step.attempt, reason=reason)
    tx.queue([command(step.run, step.name, number, at=due_at)])
    announce_step(tx, StepRetrying, step, reason=reason, due_at=due_at)


def wake(tx: Transaction, step: StepRecord, cause: str) -> None:
    """Let a step look at once, because what it waits for happened; ``cause`` names that.

    ``step`` is locked. An attempt that looks right now may have looked too early: it looks again.
    """
    if step.status != "ready":
        return
    tx.wake_step(step)
    if step.lease_until is None or step.lease_until <= tx.now:
        tx.queue([command(step.run, step.name, step.attempt, suffix=f":woken:{cause}")])


def back_off(step: StepRecord) -> timedelta:
    """2, 4, 8 ... seconds, at most 5 minutes, of which up to a quarter is taken off again so that
    many runs that failed together do not come back together; the same for the same attempt."""
    whole = min(2.0**step.attempt, 300.0)
    share = Random(f"{step.run_id}{step.name}{step.attempt}").uniform(0.75, 1.0)
    return timedelta(seconds=whole * share)
