"""Turn whatever arrives on ``platform-events``, or straight from Event Grid, into runs.

An event that is known already changes nothing. One that can never be answered, because it is no
JSON, of an unknown type, about an unknown environment or without a fact that it must state, is
parked with its reason: nobody has to read a dead-letter queue to find it. Whatever became of a
message, `signalbox events` tells. While the ledger is out of reach an event is put off, by a
scheduled copy, for as long as it takes.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from shared.bus import Bus, Envelope
from shared.runs import Runner
from shared.runs.commands import ANNOUNCEMENTS, SOURCE
from shared.runs.intake import Intake, park, unreadable
from shared.runs.publishing import PLATFORM_EVENTS
from shared.runs.reading import Received, Unacceptable, digest, read_event

TOPIC = PLATFORM_EVENTS
SUBSCRIPTION = "accept-event"
DEAD_LETTERS = "dead-letters"
"""The topic that every subscription forwards its dead-lettered messages to."""
DEAD_LETTER_SUBSCRIPTION = "accept-dead-letter"
PUT_OFF = "signalbox-put-off"
"""Application property: how often an event was put off."""
LONGEST_ID = 100
"""Characters of a message's id, so that a suffix still fits into the bus's 128."""

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


def accept_grid_event(event: bytes, *, runner: Runner, intake: Intake, bus: Bus) -> None:
    """Accept what Event Grid posts to the app itself, as if it had come over the bus.

    Safe to repeat: Event Grid gives an event the same id at every delivery.
    """
    received = Received(TOPIC, SUBSCRIPTION, digest(event), event, {})
    accept_event(received, runner=runner, intake=intake, bus=bus)


def _accept(received: Received, runner: Runner, intake: Intake) -> None:
    event = None
    try:
        event = read_event(received)
        understood = intake.understand(event)
    except Unacceptable as refused:
        reason, said = str(refused), event or unreadable(received)
        runner.commit(lambda tx: park(tx, received, reason, event=said))
    else:
        runner.commit(lambda tx: intake.accept(tx, event, understood))


def _later(received: Received) -> Envelope:
    """The same message once more, after 15 seconds, doubling up to 5 minutes."""
    number = _put_off(received) + 1
    delay = timedelta(seconds=min(15 * 2 ** min(number - 1, 8), 300))
    original = received.message_id.removesuffix(f":put-off:{number - 1}")
    if not 0 < len(original) <= LONGEST_ID:
        original = digest(received.body)
    return Envelope(
        id=f"{original}:put-off:{number}",
        topic=TOPIC,
        subject="put-off",
        body=received.body.decode("utf-8", errors="replace"),
        scheduled_for=datetime.now(UTC) + delay,
        properties={PUT_OFF: str(number)},
    )


def _put_off(received: Received) -> int:
    said = str(received.properties.get(PUT_OFF, ""))
    return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0


def accept_dead_letter(received: Received, *, runner: Runner, intake: Intake, bus: Bus) -> None:
    """Take up what was dead-lettered: an event is accepted after all, everything else is parked.

    Nothing dead-letters on purpose; a message gets there through an outage or by expiring. A lost
    command needs no help, the watchdog writes it again. What Signalbox said itself is parked
    without saying so: that could be lost the same way, and so on without end.
    """
    reason = f"dead letter: {received.properties.get('DeadLetterReason', 'no reason given')}"
    try:
        event = read_event(received)
    except Unacceptable:
        runner.commit(lambda tx: park(tx, received, reason))
        return
    if event.source == SOURCE:
        said = replace(received, topic=ANNOUNCEMENTS)
        runner.commit(lambda tx: park(tx, said, reason, announced=False))
    else:
        original = replace(received, topic=TOPIC, subscription=SUBSCRIPTION)
        accept_event(original, runner=runner, intake=intake, bus=bus)
