"""What a client sends is what a client receives."""

import datetime
import uuid
from typing import Any

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiveMode
from azure.servicebus.amqp import AmqpAnnotatedMessage
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusError,
)

from infra.local.bus import Faults

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
only_sync = pytest.mark.parametrize("bus", ["sync"], indirect=True)
leaky = pytest.mark.usefixtures("forgetful")


def body_of(message: Any) -> bytes:
    return b"".join(message.body)


def test_every_property_survives_the_bus(bus):
    identity = uuid.uuid4()
    moment = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    properties = {"i": 1, "f": 1.5, "b": True, "s": "ü", "u": identity, "n": None, "t": moment}
    message = ServiceBusMessage(
        "typed",
        application_properties=properties,
        content_type="application/json",
        correlation_id="run-7",
        message_id="message-1",
        partition_key="partition",
        reply_to="answers",
        reply_to_session_id="conversation",
        subject="go",
        time_to_live=datetime.timedelta(minutes=5),
        to="somewhere",
    )

    bus.sender("plain").send_messages(message)

    found = bus.take("plain")
    assert found.application_properties == {
        b"i": 1,
        b"f": 1.5,
        b"b": True,
        b"s": "ü".encode(),
        b"u": identity,
        b"n": None,
        b"t": 1767312000000,
    }
    assert found.content_type == "application/json"
    assert found.correlation_id == "run-7"
    assert found.message_id == "message-1"
    assert found.partition_key == "partition"
    assert found.reply_to == "answers"
    assert found.reply_to_session_id == "conversation"
    assert found.subject == "go"
    assert found.time_to_live == datetime.timedelta(minutes=5)
    assert found.to == "somewhere"
    assert found.expires_at_utc - found.enqueued_time_utc == datetime.timedelta(minutes=5)


def test_every_kind_of_body_survives_the_bus(bus):
    sender = bus.sender("plain")

    sender.send_messages(AmqpAnnotatedMessage(value_body={"a": [1, "x"]}))
    sender.send_messages(AmqpAnnotatedMessage(sequence_body=[[1, 2], ["y"]]))
    sender.send_messages(AmqpAnnotatedMessage(data_body=[b"1", b"2"], annotations={"x-mine": 5}))

    value, sequence, data = bus.take_many("plain", 3)
    assert value.body == {b"a": [1, b"x"]}
    assert list(sequence.body) == [[1, 2], [b"y"]]
    assert list(data.body) == [b"1", b"2"]
    assert data.raw_amqp_message.annotations[b"x-mine"] == 5


def test_a_message_without_an_id_is_given_one(bus):
    bus.sender("plain").send_messages(AmqpAnnotatedMessage(data_body=b"nameless"))

    found = bus.take("plain")

    assert found.message_id
    assert body_of(found) == b"nameless"


def test_a_body_that_looks_like_a_section_is_only_a_body(bus):
    bodies = [b"\x00\x53\x75 alone", b"\x00\x53\x70 header", b"\x00\x80\x00"]

    bus.sender("plain").send_messages(ServiceBusMessage(bodies[0]))
    bus.sender("plain").send_messages([ServiceBusMessage(body) for body in bodies[1:]])

    assert [body_of(message) for message in bus.take_many("plain", 3)] == bodies


def test_a_batch_arrives_whole_and_in_order(bus):
    sender = bus.sender("plain")
    batch = sender.create_message_batch()
    for number in range(50):
        batch.add_message(ServiceBusMessage(f"b{number}"))

    sender.send_messages(batch)

    assert [str(message) for message in bus.take_many("plain", 50)] == [f"b{n}" for n in range(50)]


def test_messages_larger_than_a_frame_arrive_whole(bus):
    sizes = [10, 70_000, 700_000, 1_040_000]

    for size in sizes:
        bus.sender("plain").send_messages(ServiceBusMessage(b"x" * size))

    assert [len(body_of(message)) for message in bus.take_many("plain", 4)] == sizes


def test_a_message_over_the_limit_is_refused_and_the_next_one_is_not(bus):
    sender = bus.sender("plain")

    with pytest.raises(MessageSizeExceededError):
        sender.send_messages(ServiceBusMessage(b"x" * 1_200_000))

    sender.send_messages(ServiceBusMessage("fits"))
    assert str(bus.take("plain")) == "fits"


@only_sync
def test_a_link_outlives_a_thousand_sends(bus):
    """Past 128 deliveries the tags are no text any more, past 1000 the first credit is used up."""
    sender = bus.sender("crowd")

    for number in range(1200):
        sender.send_messages(ServiceBusMessage(str(number)))

    receiver = bus.new_receiver("crowd", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE)
    messages: list[Any] = []
    while len(messages) < 1200 and (more := receiver.receive_messages(1200, 5)):
        messages += more
    assert [str(message) for message in messages] == [str(number) for number in range(1200)]


def test_a_duplicate_is_accepted_and_dropped(bus):
    sender, twice = bus.sender("unique"), str(uuid.uuid4())

    sender.send_messages(ServiceBusMessage("first", message_id=twice))
    sender.send_messages(ServiceBusMessage("again", message_id=twice))
    sender.send_messages(ServiceBusMessage("other", message_id=str(uuid.uuid4())))

    assert [str(message) for message in bus.take_many("unique", 2)] == ["first", "other"]
    assert bus.is_empty("unique")


@only_sync
def test_a_queue_forwards_to_another(bus):
    bus.sender("forwarding").send_messages(ServiceBusMessage("passed on"))

    assert str(bus.take("forwarded")) == "passed on"


@only_sync
@leaky
def test_an_unknown_entity_is_refused_by_name(bus):
    with pytest.raises(MessagingEntityNotFoundError, match="nowhere"):
        bus.sender("nowhere").send_messages(ServiceBusMessage("x"))
    with pytest.raises(MessagingEntityNotFoundError, match="nobody"):
        bus.new_receiver("signals/nobody")


@leaky
def test_a_session_queue_refuses_a_message_without_session(bus):
    with pytest.raises(ServiceBusError, match="session"):
        bus.sender("sessions").send_messages(ServiceBusMessage("x"))


@leaky
def test_a_wrong_key_is_refused(embedded):
    if embedded is None:
        pytest.skip("the key of another bus is not known here")
    wrong = embedded.connection_string.replace("SAS_KEY_VALUE", "WRONG")

    with (
        ServiceBusClient.from_connection_string(wrong, retry_total=0) as stranger,
        pytest.raises(ServiceBusAuthenticationError),
    ):
        stranger.get_queue_sender("plain").send_messages(ServiceBusMessage("x"))


@leaky
@only_sync
def test_a_disabled_entity_refuses_until_it_is_enabled(bus, faults: Faults):
    faults.disable("forwarding")

    with pytest.raises(MessagingEntityDisabledError):
        bus.sender("forwarding").send_messages(ServiceBusMessage("x"))

    faults.clear()
    bus.sender("forwarding").send_messages(ServiceBusMessage("y"))
    assert str(bus.take("forwarded")) == "y"
