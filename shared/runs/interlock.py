"""One run at a time changes an environment; every grant raises the environment's epoch."""

from shared.ledger import Transaction
from shared.messages.announcements import RunStarted
from shared.runs.commands import announce, command


def grant_next(tx: Transaction, environment: str) -> None:
    """Give a free interlock to the most urgent run that waits for it, and start that run."""
    if tx.lock_interlock(environment) is not None:
        return
    waiting = tx.next_waiting_run(environment)
    if waiting is None:
        return
    epoch = tx.hold_interlock(environment, waiting)
    run = tx.start_run(waiting, epoch)
    first = tx.following_step(run.id, "do", 0)
    assert first is not None, run.id
    tx.ready_step(run.id, first)
    tx.audit(run.id, "run_started", epoch=epoch)
    tx.queue([command(run, first, 1)])
    announce(tx, RunStarted, run, RunStarted.type, epoch=epoch)
