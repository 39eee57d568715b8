"""What a bus does to its clients on a bad day; the embedded broker does it on demand."""

import datetime
import time

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError

from infra.local.bus import Broker, Faults

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.usefixtures("forgetful"),
]
only_sync = pytest.mark.parametrize("bus", ["sync"], indirect=True)


def send(bus, *bodies):
    bus.sender("plain").send_messages([ServiceBusMessage(body) for body in bodies])


@only_sync
def test_a_message_can_arrive_twice(bus, faults: Faults):
    faults.deliver_twice("plain")

    send(bus, "echo", "single")

    found = bus.take_many("plain", 3)
    assert [str(message) for message in found] == ["echo", "echo", "single"]
    assert found[0].message_id == found[1].message_id
    assert found[0].sequence_number != found[1].sequence_number


@only_sync
def test_a_message_can_arrive_late(bus, faults: Faults):
    faults.delay("plain", datetime.timedelta(seconds=0.6))

    send(bus, "late", "punctual")

    assert str(bus.take("plain")) == "punctual"
    assert str(bus.take("plain")) == "late"


@only_sync
def test_messages_can_arrive_in_another_order_that_a_seed_repeats(bus, faults: Faults):
    bodies = [str(number) for number in range(20)]
    orders = []

    for _ in range(2):
        faults.reorder("expiring", seed=7)
        bus.sender("expiring").send_messages([ServiceBusMessage(body) for body in bodies])
        receiver = bus.new_receiver("expiring")
        messages = receiver.receive_messages(20, 5)
        for message in messages:
            receiver.complete_message(message)
        orders.append([str(message) for message in messages])
        receiver.close()

    assert orders[0] == orders[1]
    assert orders[0] != bodies
    assert sorted(orders[0], key=int) == bodies


def test_a_cut_connection_fails_one_call_and_the_next_works(bus, faults: Faults):
    sender = bus.sender("plain")
    sender.send_messages(ServiceBusMessage("before"))
    assert str(bus.take("plain")) == "before"

    cut = faults.drop_connections("plain")

    assert cut >= 2
    with pytest.raises(ServiceBusError):
        sender.send_messages(ServiceBusMessage("during"))
    with pytest.raises(ServiceBusError):
        bus.receiver("plain").receive_messages(1, 1)
    sender.send_messages(ServiceBusMessage("after"))
    assert str(bus.take("plain")) == "after"
    assert bus.is_empty("plain")


@pytest.fixture
def client(own_broker: Broker):
    options = {"retry_total": 10, "retry_backoff_factor": 0.05, "retry_backoff_max": 0.3}
    connection_string = own_broker.connection_string
    with ServiceBusClient.from_connection_string(connection_string, **options) as client:
        yield client


@pytest.mark.parametrize("ending", [Broker.stop, Broker.kill])
def test_messages_locks_and_schedules_survive_the_broker(own_broker: Broker, client, ending):
    due = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1)
    with client.get_queue_sender("plain") as sender, client.get_queue_receiver("plain") as receiver:
        sender.send_messages([ServiceBusMessage("locked"), ServiceBusMessage("waiting")])
        (locked,) = receiver.receive_messages(1, 5)
        sender.schedule_messages(ServiceBusMessage("scheduled"), due)

        ending(own_broker)
        own_broker.start()

        receiver.complete_message(locked)
        found = []
        deadline = time.monotonic() + 20
        while len(found) < 2 and time.monotonic() < deadline:
            for message in receiver.receive_messages(5, 1):
                receiver.complete_message(message)
                found.append(str(message))
        assert found == ["waiting", "scheduled"]
        sender.send_messages(ServiceBusMessage("after"))
        (after,) = receiver.receive_messages(1, 5)
        assert str(after) == "after"
