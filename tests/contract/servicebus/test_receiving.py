"""Locks and what ends them."""

import datetime
import threading

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusMessageState, ServiceBusReceiveMode
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
)

from infra.local.bus import Faults

only_sync = pytest.mark.parametrize("bus", ["sync"], indirect=True)


def send(bus, entity, *bodies):
    bus.sender(entity).send_messages([ServiceBusMessage(body) for body in bodies])


def test_a_completed_message_is_gone(bus):
    send(bus, "plain", "once")

    message = bus.take("plain")

    assert str(message) == "once"
    assert message.delivery_count == 0
    assert bus.is_empty("plain")


def test_an_abandoned_message_comes_back_in_its_place(bus):
    send(bus, "plain", "first", "second")
    receiver = bus.receiver("plain")
    (message,) = receiver.receive_messages(1, 5)

    receiver.abandon_message(message)

    assert [(str(m), m.delivery_count) for m in bus.take_many("plain", 2)] == [
        ("first", 1),
        ("second", 0),
    ]


def test_a_message_that_fails_too_often_is_set_aside(bus):
    send(bus, "plain", "poison")
    receiver = bus.receiver("plain")

    for attempt in range(3):
        (message,) = receiver.receive_messages(1, 5)
        assert message.delivery_count == attempt
        receiver.abandon_message(message)

    dead = bus.take("plain", dead=True)
    assert str(dead) == "poison"
    assert dead.delivery_count == 3
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert bus.is_empty("plain")


def test_a_dead_letter_carries_its_reason_and_its_properties(bus):
    bus.sender("plain").send_messages(ServiceBusMessage("bad", application_properties={"k": 7}))
    receiver = bus.receiver("plain")
    (message,) = receiver.receive_messages(1, 5)

    receiver.dead_letter_message(message, reason="malformed", error_description="no colon")

    dead = bus.take("plain", dead=True)
    assert (dead.dead_letter_reason, dead.dead_letter_error_description) == (
        "malformed",
        "no colon",
    )
    assert dead.application_properties[b"k"] == 7
    assert str(dead) == "bad"


def test_a_dead_letter_needs_no_reason(bus):
    send(bus, "plain", "bad")
    receiver = bus.receiver("plain")
    (message,) = receiver.receive_messages(1, 5)

    receiver.dead_letter_message(message)

    assert bus.take("plain", dead=True).dead_letter_reason is None


def test_deferred_messages_are_received_by_number_and_settled(bus):
    send(bus, "plain", "one", "two", "three")
    receiver = bus.receiver("plain")
    messages = receiver.receive_messages(3, 5)
    numbers = [message.sequence_number for message in messages]
    for message in messages:
        receiver.defer_message(message)

    peeked = receiver.peek_messages(1, sequence_number=numbers[0])
    one, two, three = receiver.receive_deferred_messages(numbers)
    receiver.complete_message(one)
    receiver.dead_letter_message(two, reason="late")
    receiver.abandon_message(three)

    assert peeked[0].state == ServiceBusMessageState.DEFERRED
    assert bus.take("plain", dead=True).dead_letter_reason == "late"
    with pytest.raises(MessageNotFoundError):
        receiver.receive_deferred_messages(numbers[:1])
    (again,) = receiver.receive_deferred_messages(numbers[2:])
    assert again.delivery_count == 1
    receiver.complete_message(again)


def test_receive_and_delete_leaves_nothing(bus):
    send(bus, "crowd", "a", "b", "c")
    receiver = bus.new_receiver("crowd", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE)

    messages = receiver.receive_messages(3, 5)

    assert [str(message) for message in messages] == ["a", "b", "c"]
    assert receiver.peek_messages(1) == []


def test_peeking_goes_on_where_it_stopped_and_locks_nothing(bus):
    send(bus, "plain", *(f"p{number}" for number in range(5)))
    receiver = bus.new_receiver("plain")

    first = receiver.peek_messages(2)
    rest = receiver.peek_messages(10)
    again = receiver.peek_messages(10, sequence_number=first[1].sequence_number)

    assert [str(message) for message in first + rest] == [f"p{number}" for number in range(5)]
    assert len(again) == 4
    assert receiver.peek_messages(1, sequence_number=10**9) == []
    assert len(bus.take_many("plain", 5)) == 5


def test_closing_a_receiver_releases_what_it_had_prefetched_without_counting(bus):
    send(bus, "crowd", *(str(number) for number in range(20)))
    receiver = bus.new_receiver("crowd", prefetch_count=50)
    taken = receiver.receive_messages(5, 5)
    for message in taken:
        receiver.complete_message(message)

    receiver.close()

    successor = bus.new_receiver("crowd")
    rest = successor.receive_messages(20 - len(taken), 5)
    for message in rest:
        successor.complete_message(message)
    assert len(rest) == 20 - len(taken)
    assert successor.peek_messages(1) == []
    assert {message.delivery_count for message in rest} == {0}


@only_sync
def test_an_expired_message_is_set_aside(bus):
    bus.sender("expiring").send_messages(
        ServiceBusMessage("stale", time_to_live=datetime.timedelta(seconds=1))
    )

    dead = bus.take("expiring", dead=True)

    assert dead.dead_letter_reason == "TTLExpiredException"


@only_sync
def test_a_lock_expires_and_the_message_comes_back_counted(bus):
    send(bus, "brief", "neglected")
    receiver = bus.receiver("brief")
    (message,) = receiver.receive_messages(1, 5)

    (again,) = receiver.receive_messages(1, 10)

    assert again.delivery_count == 1
    assert again.lock_token != message.lock_token
    with pytest.raises(MessageLockLostError):
        receiver.complete_message(message)
    receiver.complete_message(again)


def test_the_sdk_renews_locks_by_itself(bus):
    send(bus, "brief", "held")
    receiver, renewer = bus.receiver("brief"), bus.renewer()
    (message,) = receiver.receive_messages(1, 5)
    before = message.locked_until_utc

    renewer.register(getattr(receiver, "unwrapped", receiver), message)

    bus.wait_until(lambda: message.locked_until_utc > before)
    receiver.complete_message(message)
    renewer.close()


def test_renewing_by_hand_moves_the_end_of_the_lock(bus):
    send(bus, "brief", "held")
    receiver = bus.receiver("brief")
    (message,) = receiver.receive_messages(1, 5)
    before = message.locked_until_utc
    bus.let_pass(0.05)

    until = receiver.renew_message_lock(message)

    assert until > before
    receiver.complete_message(message)


def test_settling_after_the_lock_is_lost_fails(bus, faults: Faults):
    send(bus, "plain", "contested")
    receiver = bus.receiver("plain")
    (message,) = receiver.receive_messages(1, 5)

    expired = faults.expire_locks("plain")

    assert expired == 1
    with pytest.raises(MessageLockLostError):
        receiver.complete_message(message)
    with pytest.raises(MessageLockLostError):
        receiver.renew_message_lock(message)
    again = bus.take("plain")
    assert again.delivery_count == 1


@only_sync
def test_many_receivers_share_the_work_without_sharing_a_message(bus):
    send(bus, "crowd", *(str(number) for number in range(80)))
    receivers = [bus.new_receiver("crowd") for _ in range(2)]

    taken = [
        (receiver, message)
        for _ in range(2)
        for receiver in receivers
        for message in receiver.receive_messages(20, 5)
    ]

    assert sorted(int(str(message)) for _, message in taken) == list(range(80))
    for receiver, message in taken:
        receiver.complete_message(message)


@only_sync
def test_a_waiting_receiver_gets_a_message_as_soon_as_it_is_sent(bus):
    sender, receiver = bus.sender("plain"), bus.receiver("plain")
    timer = threading.Timer(0.3, lambda: sender.send_messages(ServiceBusMessage("late")))
    timer.start()

    (message,) = receiver.receive_messages(1, 5)

    receiver.complete_message(message)
    assert str(message) == "late"
    timer.join()
