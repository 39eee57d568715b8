"""Starting, stopping, crashing: nothing is lost and the host comes back by itself."""

import gc
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from infra.local.bus import Broker
from infra.local.host import FunctionsHost, HostNotReady
from tests.integration.host.support import APP, HERE, SETTINGS, TOPOLOGY

Start = Callable[..., FunctionsHost]


# The SDK leaks the socket of a connection that dies while it opens, beyond the host's reach.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of the test's own, which it may kill."""
    with Broker(tmp_path / "bus", TOPOLOGY) as broker:
        yield broker
    gc.collect()  # leaked sockets warn here, where it is allowed


@pytest.fixture
def start(broker: Broker) -> Iterator[Start]:
    """Start a host in this process."""
    hosts = []

    def start_host(*, grace: float = 10) -> FunctionsHost:
        settings = {**SETTINGS, "ServiceBus": broker.connection_string}
        hosts.append(host := FunctionsHost(APP, settings, grace=grace))
        host.start()
        return host

    yield start_host
    for host in hosts:
        host.stop()


def seen() -> Any:
    return sys.modules["function_app"].SEEN


def send(broker: Broker, queue: str, *bodies: str) -> None:
    with (
        ServiceBusClient.from_connection_string(broker.connection_string) as client,
        client.get_queue_sender(queue) as sender,
    ):
        sender.send_messages([ServiceBusMessage(body) for body in bodies])


def left_in(broker: Broker, queue: str) -> list[str]:
    with (
        ServiceBusClient.from_connection_string(broker.connection_string) as client,
        client.get_queue_receiver(queue) as receiver,
    ):
        return [str(message) for message in receiver.peek_messages(max_message_count=10)]


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_the_host_goes_on_after_the_broker_was_killed(broker: Broker, start: Start) -> None:
    host = start()
    broker.kill()
    wait_until(lambda: host.state == "Initialized")

    broker.start()
    send(broker, "async-work", "after the crash")

    assert seen().queued.get(timeout=20).get_body() == b"after the crash"
    wait_until(lambda: host.state == "Running")


def test_a_call_that_the_broker_s_death_interrupted_is_made_again(
    broker: Broker, start: Start
) -> None:
    start()
    send(broker, "slow-work", "once more")
    first = seen().queued.get(timeout=5)
    broker.kill()
    seen().gate.set()
    assert seen().finished.get(timeout=5) == b"once more"

    broker.start()
    second = seen().queued.get(timeout=20)

    assert second.message_id == first.message_id
    wait_until(lambda: left_in(broker, "slow-work") == [])


def test_stopping_waits_for_the_call_in_progress_and_completes_it(
    broker: Broker, start: Start
) -> None:
    host = start()
    send(broker, "slow-work", "last")
    seen().queued.get(timeout=5)

    stopping = threading.Thread(target=host.stop)
    stopping.start()
    send(broker, "async-work", "too late")
    seen().gate.set()
    stopping.join(10)

    assert seen().finished.get(timeout=1) == b"last"
    assert left_in(broker, "slow-work") == []
    assert left_in(broker, "async-work") == ["too late"]


def test_a_call_beyond_the_grace_period_is_left_to_another_delivery(
    broker: Broker, start: Start
) -> None:
    host = start(grace=0.5)
    send(broker, "slow-work", "stuck")
    abandoned = seen()
    abandoned.queued.get(timeout=5)

    began = time.monotonic()
    host.stop()
    took = time.monotonic() - began
    left = left_in(broker, "slow-work")
    abandoned.gate.set()

    assert took < 5
    assert left == ["stuck"]


def test_a_host_without_its_broker_says_which_function_is_not_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.host.host.READY_WITHIN", 1.0)
    with Broker(None, TOPOLOGY) as gone:
        settings = {**SETTINGS, "ServiceBus": gone.connection_string}
    host = FunctionsHost(APP, settings, grace=1)

    with pytest.raises(HostNotReady, match="'restore_backup' is not connected"):
        host.start()


def test_a_host_whose_subscription_does_not_exist_says_so(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.host.host.READY_WITHIN", 3.0)
    settings = {**SETTINGS, "TOPIC": "nowhere", "ServiceBus": broker.connection_string}

    with pytest.raises(HostNotReady, match="'nowhere'"):
        FunctionsHost(APP, settings, grace=1).start()


@dataclass
class Children:
    """Hosts in processes of their own, on one broker."""

    folder: Path
    broker: Broker
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        settings = self.folder / f"{name}.json"
        values = {
            "ServiceBus": self.broker.connection_string,
            "JOURNAL": str(self.folder / "journal"),
            "GATE": str(self.folder / "gate"),
            "NAME": name,
        }
        settings.write_text(json.dumps({"Values": values}))
        options = ["--app", str(HERE / "child_app"), "--settings", str(settings), "--port", "0"]
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.host", *options], stdout=output
            )
        self.processes.append(process)
        wait_until(lambda: '"host_started"' in log.read_text())
        url = json.loads(log.read_text().splitlines()[0])["url"]
        wait_until(lambda: httpx.get(f"{url}/admin/host/status").json()["state"] == "Running")
        return process

    def wait_for(self, *lines: str) -> None:
        wait_until(lambda: self.lines()[-len(lines) :] == list(lines))

    def lines(self) -> list[str]:
        journal = self.folder / "journal"
        return journal.read_text().splitlines() if journal.exists() else []

    def open_gate(self) -> None:
        (self.folder / "gate").touch()


@pytest.fixture
def children(tmp_path: Path, broker: Broker) -> Iterator[Children]:
    children = Children(tmp_path, broker)
    yield children
    for process in children.processes:
        process.kill()
        process.wait()


def test_a_killed_host_s_message_goes_to_the_other_host(broker: Broker, children: Children) -> None:
    first = children.start("first")
    send(broker, "slow-work", "m")
    children.wait_for("first started m 1")
    children.start("second")

    first.kill()
    children.wait_for("first started m 1", "second started m 2")
    children.open_gate()

    children.wait_for("second started m 2", "second ended m 2")
    wait_until(lambda: left_in(broker, "slow-work") == [])


def test_a_terminated_host_ends_its_call_and_exits_cleanly(
    broker: Broker, children: Children
) -> None:
    host = children.start("only")
    send(broker, "slow-work", "m")
    children.wait_for("only started m 1")

    host.send_signal(signal.SIGTERM)
    children.open_gate()

    assert host.wait(20) == 0
    assert children.lines() == ["only started m 1", "only ended m 1"]
    assert left_in(broker, "slow-work") == []


def test_a_second_signal_ends_the_host_at_once(broker: Broker, children: Children) -> None:
    host = children.start("only")
    send(broker, "slow-work", "m")
    children.wait_for("only started m 1")

    host.send_signal(signal.SIGINT)
    wait_until(lambda: has_stopped_listening(children))
    host.send_signal(signal.SIGINT)

    assert host.wait(5) == 130
    assert children.lines() == ["only started m 1"]


def has_stopped_listening(children: Children) -> bool:
    url = json.loads((children.folder / "only.log").read_text().splitlines()[0])["url"]
    try:
        httpx.get(url)
    except httpx.TransportError:
        return True
    return False
