"""A topic copies to every subscription whose rules match."""

import uuid

from azure.servicebus import ServiceBusMessage


def publish(bus, body, **options):
    bus.sender("signals").send_messages(
        ServiceBusMessage(body, message_id=str(uuid.uuid4()), **options)
    )


def arrived(bus, subscription, count):
    return [str(message) for message in bus.take_many(f"signals/{subscription}", count)]


def test_each_subscription_gets_what_its_rules_match(bus):
    publish(bus, "a", subject="go", correlation_id="run-1")
    publish(bus, "b", subject="go", correlation_id="run-2")
    publish(bus, "c", subject="stop", application_properties={"colour": "red"})
    publish(bus, "d", subject="stop", application_properties={"size": 11})
    publish(bus, "e", subject="go", application_properties={"size": 11})
    publish(bus, "f", application_properties={"size": 11})

    assert arrived(bus, "all", 6) == ["a", "b", "c", "d", "e", "f"]
    assert arrived(bus, "subject", 1) == ["a"]
    assert arrived(bus, "red-or-large", 2) == ["c", "d"]
    for subscription in ("all", "subject", "red-or-large", "none"):
        assert bus.is_empty(f"signals/{subscription}")


def test_copies_are_settled_apart(bus):
    publish(bus, "shared", subject="go", correlation_id="run-1")
    receiver = bus.receiver("signals/subject")
    (message,) = receiver.receive_messages(1, 5)

    receiver.dead_letter_message(message, reason="not for me")

    assert str(bus.take("signals/all")) == "shared"
    assert bus.take("signals/subject", dead=True).dead_letter_reason == "not for me"


def test_a_topic_drops_duplicates(bus):
    twice = str(uuid.uuid4())

    for body in ("first", "again"):
        bus.sender("signals").send_messages(ServiceBusMessage(body, message_id=twice))

    assert arrived(bus, "all", 1) == ["first"]
    assert bus.is_empty("signals/all")


def test_a_copy_knows_its_number_in_the_topic(bus):
    publish(bus, "numbered")

    message = bus.take("signals/all")

    assert message.enqueued_sequence_number >= 1
    assert message.sequence_number >= 1
