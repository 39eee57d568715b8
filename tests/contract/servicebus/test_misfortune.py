"""What a bus does to its clients on a bad day; the embedded broker does it on demand."""

import datetime
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusSender
from azure.servicebus.exceptions import ServiceBusError

from infra.local.bus import Broker, Faults

from .conftest import OTHER_BUS, TOPOLOGY

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
        faults.reorder("shuffled", seed=7)
        bus.sender("shuffled").send_messages([ServiceBusMessage(body) for body in bodies])
        receiver = bus.new_receiver("shuffled")
        messages = []
        while len(messages) < len(bodies):
            messages += receiver.receive_messages(len(bodies) - len(messages), 5)
        for message in messages:
            receiver.complete_message(message)
        receiver.close()
        orders.append([str(message) for message in messages])

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


def test_nothing_that_was_accepted_is_lost_when_the_process_is_killed(tmp_path: Path):
    if OTHER_BUS:
        pytest.skip("only the embedded broker can be killed")

    with child_process(tmp_path) as (process, client):
        sender = client.get_queue_sender("crowd")
        killer = threading.Timer(1.2, process.kill)
        killer.start()
        accepted = send_until_it_fails(sender)

    with child_process(tmp_path) as (_, client), client.get_queue_receiver("crowd") as receiver:
        found: list[str] = []
        while len(found) < len(accepted) and (more := receiver.receive_messages(len(accepted), 5)):
            found += [str(message) for message in more]
        assert found[: len(accepted)] == accepted
        assert len(accepted) > 50


def send_until_it_fails(sender: ServiceBusSender) -> list[str]:
    """The bodies of all messages that the broker accepted."""
    accepted: list[str] = []
    while True:
        body = str(len(accepted))
        try:
            sender.send_messages(ServiceBusMessage(body))
        except ServiceBusError:
            return accepted
        accepted.append(body)


@contextmanager
def child_process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], ServiceBusClient]]:
    """The broker as ``python -m infra.local.bus`` runs it, with a client that never retries."""
    command = [sys.executable, "-m", "infra.local.bus", "--port", "0"]
    command += ["--folder", str(folder), "--topology", str(TOPOLOGY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        connection_string = process.stdout.readline().strip()
        try:
            with ServiceBusClient.from_connection_string(connection_string, retry_total=0) as bus:
                yield process, bus
        finally:
            process.terminate()
