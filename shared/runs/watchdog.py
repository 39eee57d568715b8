"""What crashes, lost messages and hung processes left behind is taken up again, or ended."""

from datetime import timedelta

import structlog

from shared.ledger import Ledger, StuckStep, Transaction
from shared.messages.announcements import RunOverdue
from shared.runs.commands import announce, command
from shared.runs.undoing import fail_step

log = structlog.get_logger()

WATCHED = ("running", "undoing", "waiting")
"""A run that waits has a step that is ready when it has stepped aside."""

LIMIT = 200
"""Steps per round; the next round takes the rest."""


def stuck_steps(ledger: Ledger, grace: timedelta) -> list[StuckStep]:
    """Steps that are ready although nobody has worked on them for ``grace``."""
    with ledger.transaction() as tx:
        return tx.stuck_steps(grace=grace, limit=LIMIT)


def redrive(tx: Transaction, stuck: StuckStep, grace: timedelta) -> None:
    """Write a stuck step's command again, or fail it when its time is over.

    The lease is left as it is: who takes the step over sees that an attempt was lost.
    """
    step = tx.lock_step(stuck.run_id, stuck.name)
    if step is None or step.status != "ready" or step.run_status not in WATCHED:
        return
    idle_since = step.lease_until or step.due_at
    if step.deadline_at <= tx.now and idle_since <= tx.now:
        fail_step(tx, step, f"not done within its time limit, {step.deadline_at:%F %T} UTC")
    elif idle_since <= tx.now - grace and step.due_at <= tx.now - grace:
        number = tx.count_redrive(step)
        tx.queue([command(step.run, step.name, step.attempt, suffix=f":redrive:{number}")])
        log.warning("step_redriven", run=str(step.run_id), step=step.name, number=number)


def announce_overdue(tx: Transaction) -> None:
    """Say of every run that takes longer than its runbook expects, once, where it is."""
    for run in tx.overdue_runs():
        announce(tx, RunOverdue, run, RunOverdue.type, step=tx.current_step(run.id))
