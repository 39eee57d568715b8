"""One run at a time changes an environment; every grant raises the environment's epoch.

A run that has nothing to undo may step aside while it waits: others pass, and it comes back.
"""

from dataclasses import replace

from shared.ledger import StepRecord, Transaction
from shared.messages.announcements import RunStarted
from shared.runs.commands import announce, command


def grant_next(tx: Transaction, environment: str) -> None:
    """Give a free interlock to the most urgent run that waits for it, and start that run, or let it
    go on where it stepped aside."""
    if tx.lock_interlock(environment) is not None:
        return
    waiting = tx.next_waiting_run(environment)
    if waiting is None:
        return
    id, step = waiting
    epoch = tx.hold_interlock(environment, id)
    run = tx.start_run(id, epoch)
    if aside := step and tx.lock_step(id, step):
        tx.queue([command(run, aside.name, aside.attempt, suffix=f":back:{epoch}")])
        return
    first = tx.following_step(run.id, "do", 0)
    assert first is not None, run.id
    tx.ready_step(run.id, first)
    tx.audit(run.id, "run_started", epoch=epoch)
    tx.queue([command(run, first, 1)])
    announce(tx, RunStarted, run, RunStarted.type, epoch=epoch)


def come_back(tx: Transaction, step: StepRecord) -> StepRecord | None:
    """The step, with the interlock again; None while another run has it, which hands it over."""
    if tx.lock_interlock(step.environment) is not None:
        tx.wake_step(step)
        return None
    epoch = tx.hold_interlock(step.environment, step.run_id)
    tx.start_run(step.run_id, epoch)
    return replace(step, run_status="running", epoch=epoch)
