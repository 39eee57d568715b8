"""What a person does with a message that was parked: send it again, or give it up."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from shared.bus import Bus, Envelope
from shared.errors import PermanentError
from shared.ledger import Ledger, ParkedMessage, Transaction
from shared.runs.intake import LONGEST_REASON, Intake
from shared.runs.publishing import PLATFORM_EVENTS
from shared.runs.reading import Received, Unacceptable, read_event


class NotParked(PermanentError):
    """There is no such message, or somebody has dealt with it already."""


class NotWorthReplaying(PermanentError):
    """The message is no JSON and never will be: the bus carries nothing else."""


@dataclass(frozen=True)
class Cause:
    """Messages that were parked from the same topic for the same reason."""

    topic: str
    reason: str
    messages: tuple[ParkedMessage, ...]


def causes(messages: Sequence[ParkedMessage]) -> list[Cause]:
    """Messages by what kept them from being handled, the most frequent cause first."""

    def cause(message: ParkedMessage) -> tuple[str, str]:
        return message.topic, message.reason

    found = [
        Cause(topic, reason, tuple(group))
        for (topic, reason), group in groupby(sorted(messages, key=cause), key=cause)
    ]
    return sorted(found, key=lambda each: -len(each.messages))


def verdict(message: ParkedMessage, intake: Intake) -> str:
    """What would become of a message that is sent again now, as the end of a sentence."""
    if message.topic != PLATFORM_EVENTS:
        return "be handled by its step"
    body = message.body.encode()
    try:
        event = read_event(
            Received(message.topic, message.subscription, message.message_id, body, {})
        )
        found = intake.understand(event)
    except Unacceptable as refused:
        same = str(refused)[:LONGEST_REASON] == message.reason
        return "be parked again for the same reason" if same else f"be parked again: {refused}"
    return f"start runs for {', '.join(found.environments) or 'nobody'}"


def replay(ledger: Ledger, bus: Bus, id: str, by: str) -> None:
    """Send a message again, as one that duplicate detection does not know. Raises NotParked."""
    envelope = ledger.persist(lambda tx: _replay(tx, id, by))
    bus.send([envelope])
    ledger.forget_sent([envelope.id])


def discard(ledger: Ledger, id: str, by: str) -> None:
    """Give a message up; it stays in the ledger. Raises NotParked."""
    ledger.persist(lambda tx: _needed(tx.resolve_parked(id, "discarded", by), id))


def _replay(tx: Transaction, id: str, by: str) -> Envelope:
    parked = _needed(tx.resolve_parked(id, "replayed", by), id)
    _refuse_no_json(parked)
    envelope = Envelope(
        id=f"replay:{parked.message_id}:{parked.parked_at:%Y%m%dT%H%M%S%f}"[:128],
        topic=parked.topic,
        subject=parked.subscription,
        body=parked.body,
    )
    tx.queue([envelope])
    return envelope


def _refuse_no_json(parked: ParkedMessage) -> None:
    try:
        json.loads(parked.body)
    except ValueError:
        raise NotWorthReplaying(
            f"the message {parked.id} is no JSON and would be parked again: publish what was meant,"
            " and discard it"
        ) from None


def _needed(found: ParkedMessage | None, id: str) -> ParkedMessage:
    if found is None:
        raise NotParked(f"no message {id!r} is parked: `signalbox parked list` shows them")
    return found
