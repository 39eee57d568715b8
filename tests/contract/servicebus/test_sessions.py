"""Sessions: one receiver at a time, order, and a state that stays."""

import datetime
import threading
import time
import uuid

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus.exceptions import (
    OperationTimeoutError,
    ServiceBusError,
    SessionCannotBeLockedError,
    SessionLockLostError,
)

from infra.local.bus import Faults

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
only_sync = pytest.mark.parametrize("bus", ["sync"], indirect=True)
leaky = pytest.mark.usefixtures("forgetful")


def send(bus, queue, session_id, *bodies):
    bus.sender(queue).send_messages(
        [ServiceBusMessage(body, session_id=session_id) for body in bodies]
    )


def drain(receiver, count):
    messages = receiver.receive_messages(count, 5)
    for message in messages:
        receiver.complete_message(message)
    return [str(message) for message in messages]


@pytest.fixture
def name():
    return f"session-{uuid.uuid4()}"


def test_a_session_is_received_in_order_by_its_name(bus, name):
    send(bus, "sessions", name, "1", "2", "3")
    send(bus, "sessions", f"{name}-other", "x")

    receiver = bus.new_receiver("sessions", session_id=name)
    other = bus.new_receiver("sessions", session_id=f"{name}-other")

    assert drain(receiver, 3) == ["1", "2", "3"]
    assert drain(other, 1) == ["x"]


@only_sync
def test_a_session_lock_has_an_end_that_can_be_moved(bus, name):
    receiver = bus.new_receiver("sessions", session_id=name)
    first = receiver.session.locked_until_utc
    left = first - datetime.datetime.now(datetime.UTC)
    bus.let_pass(0.05)

    renewed = receiver.session.renew_lock()

    assert datetime.timedelta(seconds=50) < left <= datetime.timedelta(seconds=60)
    assert renewed > first


def test_the_state_of_a_session_outlives_its_receiver(bus, name):
    receiver = bus.new_receiver("sessions", session_id=name)
    before = receiver.session.get_state()
    receiver.session.set_state("cursor-1")
    receiver.close()

    successor = bus.new_receiver("sessions", session_id=name)
    found = successor.session.get_state()
    successor.session.set_state(None)

    assert before is None
    assert found == b"cursor-1"
    assert successor.session.get_state() is None


@leaky
def test_a_session_has_one_receiver_at_a_time(bus, name):
    holder = bus.new_receiver("sessions", session_id=name)

    with pytest.raises(SessionCannotBeLockedError):
        bus.new_receiver("sessions", session_id=name)

    holder.close()
    successor = bus.new_receiver("sessions", session_id=name)
    assert successor.session.session_id == name


def test_messages_that_a_closed_receiver_held_come_back_uncounted(bus, name):
    send(bus, "sessions", name, "held")
    receiver = bus.new_receiver("sessions", session_id=name)
    assert len(receiver.receive_messages(1, 5)) == 1
    receiver.close()

    successor = bus.new_receiver("sessions", session_id=name)
    (message,) = successor.receive_messages(1, 5)

    assert message.delivery_count == 0
    successor.complete_message(message)


def test_the_next_session_is_one_with_messages(bus, name):
    send(bus, "sessions-idle", name, "waiting")

    receiver = bus.new_receiver("sessions-idle", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=5)

    assert drain(receiver, 1) == ["waiting"]
    assert receiver.session.session_id == name


@leaky
@only_sync
def test_waiting_for_a_session_ends_in_time(bus):
    started = time.monotonic()

    with pytest.raises(OperationTimeoutError):
        bus.new_receiver("sessions-idle", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1)

    assert time.monotonic() - started < 4


@only_sync
def test_a_session_that_appears_is_given_to_who_waits(bus, name):
    bus.sender("sessions-idle")
    late = threading.Timer(0.7, lambda: send(bus, "sessions-idle", name, "late"))
    late.start()

    receiver = bus.new_receiver("sessions-idle", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=8)

    assert drain(receiver, 1) == ["late"]
    late.join()


@only_sync
@leaky
def test_a_lost_session_lock_fails_its_receiver_and_counts(bus, name, faults: Faults):
    send(bus, "sessions-brief", name, "slow")
    receiver = bus.new_receiver("sessions-brief", session_id=name)
    (message,) = receiver.receive_messages(1, 5)

    faults.expire_locks("sessions-brief")

    with pytest.raises(SessionLockLostError):
        receiver.complete_message(message)
    receiver.close()
    successor = bus.new_receiver("sessions-brief", session_id=name)
    (again,) = successor.receive_messages(1, 5)
    assert again.delivery_count == 1
    successor.complete_message(again)


@only_sync
def test_deferred_messages_of_a_session_are_received_by_its_holder(bus, name):
    send(bus, "sessions", name, "set aside")
    receiver = bus.new_receiver("sessions", session_id=name)
    (message,) = receiver.receive_messages(1, 5)
    receiver.defer_message(message)

    (found,) = receiver.receive_deferred_messages(message.sequence_number)

    receiver.complete_message(found)
    assert str(found) == "set aside"


@leaky
@only_sync
def test_a_session_queue_and_a_plain_one_are_not_mixed_up(bus, name):
    with pytest.raises(ServiceBusError, match="session"):
        bus.new_receiver("sessions")
    with pytest.raises(ServiceBusError, match="session"):
        bus.new_receiver("plain", session_id=name)
