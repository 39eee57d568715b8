"""A person gives a run up, or has it tried once more."""

from datetime import datetime
from uuid import UUID

from shared.bus import Bus
from shared.errors import PermanentError
from shared.ledger import Ledger, RunRecord, Transaction
from shared.messages import CloudEvent
from shared.messages.announcements import RunFailed
from shared.runs.commands import announce
from shared.runs.evidence import seal
from shared.runs.intake import Intake
from shared.runs.outbox import Post, commit
from shared.runs.publishing import publish
from shared.runs.undoing import fail_step


class NoSuchRun(PermanentError):
    """The ledger has no run of this id."""


class NotCancelled(PermanentError):
    """The run is over, or turns back already: nothing was changed."""


class NotRetried(PermanentError):
    """The run cannot be tried again as it was; nothing was published."""


def cancel(ledger: Ledger, post: Post, run: UUID, *, by: str, reason: str) -> None:
    """Give a run up; what it did is undone. Raises NoSuchRun and NotCancelled.

    An attempt at work is left to end: two must never act at once. No later one begins.
    """
    if not reason.strip():
        raise NotCancelled("say why the run is given up: the reason goes into its evidence")
    said = f"cancelled by {by}: {reason.strip()}"
    commit(ledger, post, lambda tx: _cancel(tx, run, said))


def _cancel(tx: Transaction, id: UUID, said: str) -> None:
    found = tx.run_state(id)
    if found is None:
        raise NoSuchRun(f"there is no run {id}: `signalbox runs list` shows those there are")
    if found.status == "waiting":
        tx.lock_interlock(found.environment)  # so that nobody starts it at this moment
    asked = tx.ask_to_cancel(id, said)
    if asked is None:
        raise NotCancelled(f"run {id} is {found.status}: only what waits or runs can be cancelled")
    tx.audit(id, "cancel_asked", reason=said)
    step = tx.lock_step(id, tx.current_step(id))
    if step is None and asked.status == "waiting":
        _end_unstarted(tx, asked, said)
    elif step is not None and (step.lease_until is None or step.lease_until <= tx.now):
        fail_step(tx, step, said)


def _end_unstarted(tx: Transaction, run: RunRecord, said: str) -> None:
    tx.end_unstarted(run.id, said)
    tx.audit(run.id, "run_failed")
    facts = {"reason": said, "evidence_sha256": seal(tx, run.id)}
    announce(tx, RunFailed, run, RunFailed.type, **facts)


def retry(
    ledger: Ledger, bus: Bus, intake: Intake, run: UUID, *, by: str, now: datetime
) -> CloudEvent:
    """Publish the event of a failed run again, as one of its own, for its environment only.

    Safe to repeat: whoever asks twice publishes the same event. The run that follows can be retried
    in its turn.
    Raises NoSuchRun and NotRetried.
    """
    record = ledger.run_record(run)
    if record is None:
        raise NoSuchRun(f"there is no run {run}: `signalbox runs list` shows those there are")
    status, environment = record["run"]["status"], record["run"]["environment"]
    if status not in ("failed", "superseded"):
        raise NotRetried(f"run {run} is {status}: only what failed or was superseded is retried")
    first = CloudEvent.model_validate(record["event"]["body"])
    event = first.model_copy(
        update={
            "id": f"retry-of-{run}",
            "source": f"/manual/{by}",
            "time": now,
            "data": _narrowed(first, intake, environment),
            "traceparent": None,
        }
    )
    others = set(intake.understand(event).environments) - {environment}
    if others:
        raise NotRetried(
            f"the event of run {run} concerns {', '.join(sorted(others))} as well:"
            " publish what is meant with `signalbox trigger`"
        )
    publish(bus, event)
    return event


def _narrowed(event: CloudEvent, intake: Intake, environment: str) -> dict[str, object]:
    """The facts, with the target stated where the event knows one."""
    kinds = [reaction.runbook.on for reaction in intake.understand(event).reactions]
    if all("target" in kind.model_fields for kind in kinds):
        return event.data | {"target": environment}
    return event.data
