"""What a queue promises, on a clock that only the test moves."""

from random import Random

import pytest

from infra.local.bus.entities.errors import (
    EntityNotFound,
    MessageLockLost,
    MessageNotFound,
)
from infra.local.bus.entities.message import State
from infra.local.bus.entities.queue import QueueSettings

from .conftest import Receiver, text

LOCK = 10_000


@pytest.fixture
def queue(world):
    return world.namespace.add_queue(
        "orders", QueueSettings(lock_duration=LOCK, max_delivery_count=3)
    )


def token_of(message):
    assert message.token is not None
    return message.token


def test_receivers_take_turns(world, queue):
    receivers = [world.receive(queue) for _ in range(2)]

    queue.send([text(str(number)) for number in range(4)])

    assert [receiver.bodies for receiver in receivers] == [["0", "2"], ["1", "3"]]


def test_nothing_is_delivered_beyond_the_credit(world, queue):
    queue.send([text("a"), text("b")])

    receiver = world.receive(queue, credit=1)

    assert receiver.bodies == ["a"]


def test_a_lock_ends_on_time_and_counts(world, queue):
    queue.send([text("a")])
    receiver = world.receive(queue)

    world.pass_time(LOCK - 1)
    before = len(receiver.received)
    world.pass_time(1)

    assert before == 1
    assert receiver.bodies == ["a", "a"]
    assert receiver.received[-1].delivery_count == 1


def test_a_renewed_lock_ends_later(world, queue):
    queue.send([text("a")])
    (message,) = world.receive(queue).received
    world.pass_time(LOCK - 1)

    until = queue.renew(token_of(message))
    world.pass_time(LOCK - 1)

    assert until == world.time + 1
    queue.complete(token_of(message))


def test_a_lost_lock_settles_nothing(world, queue):
    queue.send([text("a")])
    (message,) = world.receive(queue, credit=1).received
    token = token_of(message)
    world.pass_time(LOCK)

    for settle in (queue.complete, queue.abandon, queue.release, queue.defer, queue.renew):
        with pytest.raises(MessageLockLost):
            settle(token)

    assert len(queue.messages) == 1


def test_an_abandoned_message_goes_before_later_ones(world, queue):
    queue.send([text("a"), text("b")])
    (first,) = world.receive(queue, credit=1).received

    queue.abandon(token_of(first))

    assert world.receive(queue).bodies == ["a", "b"]


def test_a_released_message_does_not_count(world, queue):
    queue.send([text("a")])
    (message,) = world.receive(queue, credit=1).received

    queue.release(token_of(message))

    assert world.receive(queue).received[0].delivery_count == 0


def test_too_many_failures_end_in_the_dead_letter_queue(world, queue):
    queue.send([text("a")])
    receiver = world.receive(queue)

    for _ in range(3):
        queue.abandon(token_of(receiver.received[-1]))

    (dead,) = world.dead(queue)
    assert dead.dead_letter.reason == "MaxDeliveryCountExceeded"
    assert queue.messages == {}


def test_a_dead_letter_cannot_be_set_aside_again(world, queue):
    queue.send([text("a")])
    (message,) = world.receive(queue).received
    queue.dead_letter(token_of(message), "bad", None)
    (dead,) = world.receive(queue.dead_letters, credit=1).received

    queue.dead_letters.dead_letter(token_of(dead), "worse", None)

    assert world.dead(queue)[0].dead_letter.reason == "bad"


def test_a_dead_letter_never_expires(world, queue):
    queue.send([text("a", time_to_live=1000)])
    (message,) = world.receive(queue).received
    queue.dead_letter(token_of(message), None, None)

    world.pass_time(100_000)

    assert len(world.dead(queue)) == 1


def test_a_message_expires_whether_or_not_anybody_looks(world, queue):
    queue.send([text("short", time_to_live=1000), text("long")])

    world.pass_time(1000)

    assert [m.content.encoded for m in queue.peek(0, 10)] == [b"long"]
    assert world.dead(queue) == []


def test_the_shorter_time_to_live_wins(world):
    settings = QueueSettings(time_to_live=500, dead_letter_expired=True)
    queue = world.namespace.add_queue("brief", settings)
    queue.send([text("a", time_to_live=9000), text("b", time_to_live=100)])

    world.pass_time(100)
    first = [m.content.encoded for m in world.dead(queue)]
    world.pass_time(400)

    assert first == [b"b"]
    assert [m.dead_letter.reason for m in world.dead(queue)] == ["TTLExpiredException"] * 2


def test_a_locked_message_expires_when_it_comes_back(world, queue):
    queue.send([text("a", time_to_live=1000)])
    (message,) = world.receive(queue, credit=1).received
    world.pass_time(2000)
    assert len(queue.messages) == 1

    queue.abandon(token_of(message))

    assert queue.messages == {}


def test_a_scheduled_message_is_peeked_before_and_received_after_its_time(world, queue):
    (number,) = queue.schedule([text("later", scheduled_at=world.time + 1000)])
    receiver = world.receive(queue)

    (peeked,) = queue.peek(0, 10)
    world.pass_time(999)
    early = receiver.bodies
    world.pass_time(1)

    assert peeked.state is State.SCHEDULED
    assert early == []
    assert receiver.bodies == ["later"]
    assert receiver.received[0].sequence > number


def test_cancelling_is_all_or_nothing(world, queue):
    numbers = queue.schedule([text("a", scheduled_at=world.time + 10)])

    with pytest.raises(MessageNotFound):
        queue.cancel([*numbers, 999])

    world.pass_time(10)
    assert world.receive(queue).bodies == ["a"]


def test_a_duplicate_is_dropped_until_the_window_is_over(world):
    queue = world.namespace.add_queue("unique", QueueSettings(duplicate_window=1000))
    queue.send([text("first", message_id="x"), text("again", message_id="x")])
    world.pass_time(999)
    queue.send([text("still", message_id="x")])
    world.pass_time(1)

    queue.send([text("anew", message_id="x")])

    assert world.receive(queue).bodies == ["first", "anew"]


def test_a_duplicate_of_a_scheduled_message_is_dropped(world):
    queue = world.namespace.add_queue("unique", QueueSettings(duplicate_window=1000))
    later = text("later", message_id="x", scheduled_at=world.time + 10)

    first, second = queue.schedule([later]), queue.schedule([later])
    world.pass_time(10)

    assert first != second
    assert world.receive(queue).bodies == ["later"]


def test_deferred_messages_are_received_all_or_none(world, queue):
    queue.send([text("a")])
    (message,) = world.receive(queue).received
    queue.defer(token_of(message))

    with pytest.raises(MessageNotFound):
        queue.receive_deferred([message.sequence, 999], removes=False)
    (found,) = queue.receive_deferred([message.sequence], removes=False)

    queue.complete(token_of(found))
    assert queue.messages == {}


def test_a_deferred_message_stays_deferred_when_its_lock_ends(world, queue):
    queue.send([text("a")])
    receiver = world.receive(queue)
    (message,) = receiver.received
    queue.defer(token_of(message))
    queue.receive_deferred([message.sequence], removes=False)

    world.pass_time(LOCK)

    assert len(receiver.received) == 1
    assert queue.peek(0, 1)[0].state is State.DEFERRED
    assert queue.peek(0, 1)[0].delivery_count == 1


def test_receive_and_delete_keeps_nothing(world, queue):
    queue.send([text("a")])

    receiver = world.receive(queue, removes=True)

    assert receiver.bodies == ["a"]
    assert queue.messages == {}


def test_a_detached_receiver_keeps_its_locks_until_they_end(world, queue):
    queue.send([text("a")])
    receiver = world.receive(queue)
    queue.detach(receiver)
    successor = world.receive(queue)

    world.pass_time(LOCK - 1)
    before = successor.bodies
    world.pass_time(1)

    assert before == []
    assert successor.bodies == ["a"]


def test_forwarding_in_a_circle_ends(world):
    queue = world.namespace.add_queue("loop", QueueSettings(forward_to="LOOP"))

    queue.send([text("a")])

    assert queue.messages == {}


def test_what_cannot_be_forwarded_is_set_aside(world):
    queue = world.namespace.add_queue("source", QueueSettings(forward_to="target"))
    world.namespace.add_queue("target", QueueSettings(requires_session=True))

    queue.send([text("a")])

    (dead,) = world.dead(queue)
    assert dead.dead_letter.reason == "ForwardingFailed"
    assert "session" in dead.dead_letter.description


@pytest.mark.parametrize("disabled", [False, True])
def test_dead_letters_go_to_one_place_or_stay_when_it_refuses(world, disabled):
    settings = QueueSettings(forward_dead_letters_to="graves")
    queue = world.namespace.add_queue("source", settings)
    graves = world.namespace.add_queue("graves", QueueSettings())
    graves.disabled = disabled
    queue.send([text("a")])
    (message,) = world.receive(queue).received

    queue.dead_letter(token_of(message), "bad", None)

    assert [m.content.text for m in graves.peek(0, 9)] == ([] if disabled else ["a: bad in source"])
    assert len(world.dead(queue)) == disabled


def test_names_are_found_in_any_case_and_unknown_ones_are_refused(world, queue):
    assert world.namespace.find("ORDERS") is queue
    assert world.namespace.queue("orders/$deadletterqueue") is queue.dead_letters
    with pytest.raises(EntityNotFound, match="nowhere"):
        world.namespace.find("nowhere")


def test_a_seed_repeats_an_order(world, queue):
    orders = []

    for _ in range(2):
        queue.disturbance.order = Random(3)
        queue.send([text(str(number)) for number in range(10)])
        receiver = world.receive(queue, removes=True)
        queue.detach(receiver)
        orders.append(receiver.bodies)

    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0])


def test_what_completed_leaves_nothing_behind(world, queue):
    receiver = Receiver(credit=10_000)
    queue.attach(receiver)

    for number in range(2000):
        queue.send([text(str(number), time_to_live=3_600_000)])
        queue.complete(token_of(receiver.received[-1]))

    assert len(world.namespace.agenda) == 0
