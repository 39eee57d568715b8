"""What a session queue promises, on a clock that only the test moves."""

import pytest

from infra.local.bus.entities.errors import (
    NotAllowed,
    SessionCannotBeLocked,
    SessionLockLost,
    TimedOut,
)
from infra.local.bus.entities.queue import QueueSettings

from .conftest import Receiver, text

LOCK = 10_000


@pytest.fixture
def queue(world):
    settings = QueueSettings(lock_duration=LOCK, requires_session=True, max_delivery_count=5)
    return world.namespace.add_queue("talks", settings)


def accept(queue, session_id):
    receiver = Receiver()
    queue.accept(receiver, session_id)
    queue.credit_changed(receiver)
    return receiver


def accept_next(queue, timeout=1000):
    receiver = Receiver()
    queue.accept_next(receiver, timeout)
    return receiver


def test_a_receiver_gets_its_session_only(queue):
    queue.send([text("a1", session_id="A"), text("b1", session_id="B")])

    receiver = accept(queue, "A")
    queue.send([text("b2", session_id="B"), text("a2", session_id="A")])

    assert receiver.bodies == ["a1", "a2"]


def test_a_message_without_session_is_refused_and_the_batch_with_it(queue):
    with pytest.raises(NotAllowed):
        queue.send([text("a", session_id="A"), text("b")])

    assert queue.messages == {}


def test_a_held_session_cannot_be_accepted(queue):
    accept(queue, "A")

    with pytest.raises(SessionCannotBeLocked, match="'A'"):
        accept(queue, "A")


def test_the_next_session_is_the_one_with_the_oldest_message(queue):
    queue.send([text("b", session_id="B"), text("a", session_id="A")])

    assert accept_next(queue).session_id == "B"
    assert accept_next(queue).session_id == "A"


def test_who_waits_gets_the_session_that_appears(world, queue):
    receiver = accept_next(queue)
    before = receiver.session_id

    queue.send([text("a", session_id="A")])
    world.pass_time(5000)

    assert before is None
    assert receiver.session_id == "A"
    assert receiver.error is None


def test_waiting_ends_with_the_timeout(world, queue):
    receiver = accept_next(queue, timeout=1000)

    world.pass_time(1000)
    queue.send([text("a", session_id="A")])

    assert isinstance(receiver.error, TimedOut)
    assert receiver.session_id is None


def test_who_left_is_granted_nothing(world, queue):
    receiver = accept_next(queue)

    queue.detach(receiver)
    queue.send([text("a", session_id="A")])
    world.pass_time(5000)

    assert receiver.session_id is None
    assert receiver.error is None


def test_an_expired_session_ends_its_receiver_and_counts(world, queue):
    queue.send([text("a", session_id="A")])
    receiver = accept(queue, "A")
    token = receiver.received[0].token

    world.pass_time(LOCK)

    assert isinstance(receiver.error, SessionLockLost)
    with pytest.raises(SessionLockLost):
        queue.complete(token)
    assert accept(queue, "A").received[0].delivery_count == 1


def test_a_renewed_session_ends_later(world, queue):
    receiver = accept(queue, "A")
    world.pass_time(LOCK - 1)

    queue.renew_session("A")
    world.pass_time(LOCK - 1)

    assert receiver.error is None


def test_a_session_that_nobody_holds_is_not_renewed(queue):
    with pytest.raises(SessionLockLost):
        queue.renew_session("A")


def test_a_closed_receiver_gives_back_in_order_and_uncounted(queue):
    queue.send([text("1", session_id="A"), text("2", session_id="A")])
    receiver = accept(queue, "A")

    queue.detach(receiver)

    successor = accept(queue, "A")
    assert successor.bodies == ["1", "2"]
    assert [message.delivery_count for message in successor.received] == [0, 0]


def test_sessions_are_listed_by_messages_and_by_state(world, queue):
    queue.send([text("a", session_id="A")])
    accept(queue, "B")
    queue.set_session_state("B", b"cursor")
    before = world.time - 1

    assert queue.session_ids() == ["A", "B"]
    assert queue.session_ids_changed_since(before) == ["B"]
    assert queue.session_state("B") == b"cursor"
    assert queue.session_state("C") is None
