"""Turn whatever arrives on ``platform-events`` into runs.

An event that is known already changes nothing. One that can never be answered, because it is no
JSON, of an unknown type, about an unknown environment or without a fact that it must state, is
parked with its reason: nobody has to read a dead-letter queue to find it. While the ledger is out
of reach an event is put off, by a scheduled copy, for as long as it takes.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from shared.bus import Bus, Envelope
from shared.runs import Runner
from shared.runs.intake import Intake, Received, Unacceptable, park, read_event
from shared.runs.publishing import PLATFORM_EVENTS

TOPIC = PLATFORM_EVENTS
SUBSCRIPTION = "accept-event"
DEAD_LETTERS = "dead-letters"
"""The topic that every subscription forwards its dead-lettered messages to."""
DEAD_LETTER_SUBSCRIPTION = "accept-dead-letter"
PUT_OFF = "signalbox-put-off"
"""Application property: how often an event was put off."""

log = structlog.get_logger()


def accept_event(received: Received, *, runner: Runner, intake: Intake, bus: Bus) -> None:
    """Start the runs of an event, or park the message.

    Safe to repeat: the ledger knows every event by its source and id.
    """
    try:
        _accept(received, runner, intake)
    except (OperationalError, PoolTimeout) as error:
        log.warning("event_put_off", message=received.message_id, error=str(error))
        bus.send([_later(received)])


def _accept(received: Received, runner: Runner, intake: Intake) -> None:
    event = None
    try:
        event = read_event(received)
        understood = intake.understand(event)
    except Unacceptable as refused:
        reason = str(refused)
        runner.commit(lambda tx: park(tx, received, reason, event=event))
    else:
        accepted = event
        runner.commit(lambda tx: intake.accept(tx, accepted, understood))


def _later(received: Received) -> Envelope:
    """The same message once more, after 15 seconds, doubling up to 5 minutes."""
    number = int(received.properties.get(PUT_OFF, 0)) + 1
    delay = timedelta(seconds=min(15 * 2 ** (number - 1), 300))
    original = received.message_id.removesuffix(f":put-off:{number - 1}")
    return Envelope(
        id=f"{original}:put-off:{number}",
        topic=TOPIC,
        subject="put-off",
        body=received.body.decode(),
        scheduled_for=datetime.now(UTC) + delay,
        properties={PUT_OFF: str(number)},
    )


def accept_dead_letter(received: Received, *, runner: Runner, intake: Intake, bus: Bus) -> None:
    """Take up what was dead-lettered: an event is accepted after all, everything else is parked.

    Nothing dead-letters on purpose; a message gets there through an outage or by expiring. A lost
    command needs no help, the watchdog writes it again.
    """
    reason = received.properties.get("DeadLetterReason", "no reason given")
    try:
        read_event(received)
    except Unacceptable:
        runner.commit(lambda tx: park(tx, received, f"dead letter: {reason}"))
    else:
        original = replace(received, topic=TOPIC, subscription=SUBSCRIPTION)
        accept_event(original, runner=runner, intake=intake, bus=bus)
