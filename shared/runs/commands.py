"""What the engine sends: commands to steps, and announcements. Ids are deterministic."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.bus import Envelope
from shared.ledger import RunRecord, StepRecord, Transaction
from shared.messages import CloudEvent, Command
from shared.messages.announcements import Announcement, MessageParked, Reminder, RunAnnouncement
from shared.runs.publishing import carrying
from shared.runs.runbook import EXPRESS, Priority
from shared.telemetry.context import carried

NAMESPACE = uuid5(NAMESPACE_URL, "https://github.com/signalbox/runs")
ANNOUNCEMENTS = "run-events"
SOURCE = "/signalbox"
"""The source of everything that Signalbox itself says."""


def run_id(source: str, event: str, runbook: str, environment: str) -> UUID:
    """The id of the run that an event starts: the same event, the same run."""
    return uuid5(NAMESPACE, "\n".join((source, event, runbook, environment)))


def notification_id(announcement: str, webhook: str, number: int) -> str:
    """The id of one try at telling a webhook of an announcement."""
    return f"notification:{uuid5(NAMESPACE, '/'.join((webhook, announcement)))}:{number}"


def command(
    run: RunRecord,
    step: str,
    attempt: int,
    *,
    at: datetime | None = None,
    suffix: str = "",
    copy_number: int = 0,
) -> Envelope:
    """The command to do a step; ``suffix`` tells messages of one attempt apart."""
    body = Command(run=run.id, step=step, attempt=attempt, copy_number=copy_number)
    return Envelope(
        id=f"{run.id}:{step}:{attempt}{suffix}",
        topic=run.runbook + (EXPRESS if run.priority >= Priority.EXPRESS else ""),
        subject=step.replace("_", "-"),
        body=body.model_dump_json(),
        scheduled_for=at,
        properties=carried(run.traceparent),
    )


def announce(
    tx: Transaction, kind: type[RunAnnouncement], run: RunRecord, id: str, **facts: Any
) -> None:
    """Queue an announcement about a run."""
    said = kind(run=run.id, runbook=run.runbook, environment=run.environment, at=tx.now, **facts)
    tx.queue([_announcement(said, f"{run.id}:{id}", run.environment, tx.now, run.traceparent)])


def announce_step(
    tx: Transaction, kind: type[RunAnnouncement], step: StepRecord, **facts: Any
) -> None:
    """Queue an announcement about an attempt at a step."""
    id = f"{step.name}:{step.attempt}:{kind.type}"
    announce(tx, kind, step.run, id, step=step.name, attempt=step.attempt, **facts)


def announce_parked(tx: Transaction, parked: MessageParked) -> None:
    tx.queue([_announcement(parked, f"parked:{parked.parked}", None, tx.now)])


def remind(tx: Transaction, reminder: Reminder, key: str) -> None:
    """Queue a reminder; the one with the same key is the same one."""
    id = f"{reminder.type}:{key}"
    tx.queue([_announcement(reminder, id, reminder.environment, tx.now)])


def _announcement(
    said: Announcement,
    id: str,
    environment: str | None,
    at: datetime,
    traceparent: str | None = None,
) -> Envelope:
    event = CloudEvent(
        id=id,
        source=SOURCE,
        type=said.type,
        subject=environment,
        time=at,
        traceparent=traceparent,
        data=said.model_dump(mode="json"),
    )
    return carrying(event, ANNOUNCEMENTS, id)
