"""Publish an event as the platform's own tools do."""

import hashlib

from shared.bus import Bus, Envelope
from shared.ledger import Transaction
from shared.messages import CloudEvent, Event
from shared.telemetry.context import carried

PLATFORM_EVENTS = "platform-events"


def publish(bus: Bus, event: CloudEvent) -> None:
    """Send an event to ``platform-events``."""
    bus.send([enveloped(event)])


def publish_later(tx: Transaction, event: Event, *, id: str, source: str) -> None:
    """Publish an event of our own once the transaction is committed."""
    tx.queue([enveloped(CloudEvent.of(event, id=id, source=source, time=tx.now))])


def enveloped(event: CloudEvent) -> Envelope:
    """The message that carries an event; the same source and id is the same message."""
    digest = hashlib.sha256(f"{event.source}\n{event.id}".encode()).hexdigest()[:40]
    return carrying(event, PLATFORM_EVENTS, digest)


def carrying(event: CloudEvent, topic: str, id: str) -> Envelope:
    """A message with an event in it, which belongs to the event's trace."""
    body = event.model_dump_json(exclude_none=True)
    return Envelope(id, topic, event.type, body, properties=carried(event.traceparent))
