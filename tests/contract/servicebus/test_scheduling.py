"""Messages for later."""

import datetime
import uuid

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusMessageState
from azure.servicebus.exceptions import MessageNotFoundError


def soon(seconds: float) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)


def unique(body: str, **options: object) -> ServiceBusMessage:
    return ServiceBusMessage(body, message_id=str(uuid.uuid4()), **options)


def test_a_scheduled_message_arrives_when_it_is_due_and_not_before(bus):
    due = soon(1)
    (number,) = bus.sender("plain").schedule_messages(ServiceBusMessage("later"), due)

    (peeked,) = bus.receiver("plain").peek_messages(1, sequence_number=number)
    early = bus.receiver("plain").receive_messages(1, 0.3)
    message = bus.take("plain")

    assert peeked.state == ServiceBusMessageState.SCHEDULED
    assert early == []
    assert str(message) == "later"
    assert message.enqueued_time_utc >= due.replace(microsecond=0)
    assert message.sequence_number > number


def test_a_message_can_bring_its_own_time(bus):
    bus.sender("plain").send_messages(
        ServiceBusMessage("later", scheduled_enqueue_time_utc=soon(0.5))
    )

    assert bus.receiver("plain").receive_messages(1, 0.2) == []
    assert str(bus.take("plain")) == "later"


@pytest.mark.parametrize(("entity", "inbox"), [("plain", "plain"), ("signals", "signals/all")])
def test_a_cancelled_message_never_arrives(bus, entity, inbox):
    sender = bus.sender(entity)
    kept, cancelled = sender.schedule_messages([unique("kept"), unique("cancelled")], soon(0.5))

    sender.cancel_scheduled_messages(cancelled)

    assert str(bus.take(inbox)) == "kept"
    assert bus.is_empty(inbox)
    with pytest.raises(MessageNotFoundError):
        sender.cancel_scheduled_messages(kept)


def test_a_scheduled_copy_of_a_message_is_sent_once(bus):
    message_id = str(uuid.uuid4())

    for _ in range(2):
        bus.sender("signals").schedule_messages(
            ServiceBusMessage("once", message_id=message_id), soon(0.3)
        )

    assert str(bus.take("signals/all")) == "once"
    assert bus.is_empty("signals/all")
