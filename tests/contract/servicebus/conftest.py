"""One bus and two ways to speak to it: the SDK's sync client and its aio client.

The bus is the embedded broker, unless SERVICEBUS_CONNECTION_STRING names another one that has the
entities of ``topology.json``. Clients stay open across tests, as opening one takes half a second.
"""

import asyncio
import gc
import inspect
import os
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from azure.servicebus import AutoLockRenewer, ServiceBusClient
from azure.servicebus import aio as azure_aio

from infra.local.bus import Broker, Faults

TOPOLOGY = Path(__file__).parent / "topology.json"
SENDERS = ("plain", "brief", "crowd", "unique", "sessions", "sessions-brief", "signals")
RECEIVERS = ("plain", "brief", "unique", "signals/all", "signals/subject")
OTHER_BUS = os.environ.get("SERVICEBUS_CONNECTION_STRING")


class Blocking:
    """An object of the aio client whose coroutines run to their end when called."""

    def __init__(self, wrapped: Any, runner: asyncio.Runner) -> None:
        self.unwrapped = wrapped
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.unwrapped, name)
        if name == "session":
            return Blocking(value, self._runner)
        return self._calling(value) if callable(value) else value

    def _calling(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            result = function(*args, **options)
            if not inspect.isawaitable(result):
                return result

            async def wait() -> Any:
                return await result

            return self._runner.run(wait())

        return call


@pytest.fixture
def forgetful() -> Iterator[None]:
    """For tests in which the SDK loses connections: it leaves the sockets to the collector."""
    yield
    forget()


def forget() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class Bus(ABC):
    """Senders and receivers that are opened when first asked for and stay open."""

    def __init__(self, connection_string: str) -> None:
        self._client = self._connect(connection_string)
        self._open: dict[tuple[Any, ...], Any] = {}
        self._unkept: list[Any] = []
        self._open_all()

    def sender(self, entity: str) -> Any:
        """A sender to a queue, or to the topic of that name."""
        return self._kept(("sender", entity), lambda: self._sender(entity))

    def receiver(self, entity: str, *, dead: bool = False) -> Any:
        """A receiver of a queue or of ``topic/subscription``, or of its dead-letter queue."""
        key = ("receiver", entity, dead)
        return self._kept(key, lambda: self._receiver(entity, dead=dead))

    def new_receiver(self, entity: str, *, dead: bool = False, **options: Any) -> Any:
        """An open receiver that the test closes by itself."""
        receiver = self._wrap(self._receiver(entity, dead=dead, **options))
        self._unkept.append(receiver)
        self._enter(receiver)
        return receiver

    def _sender(self, entity: str) -> Any:
        if entity == "signals":
            return self._client.get_topic_sender(entity)
        return self._client.get_queue_sender(entity)

    def _receiver(self, entity: str, *, dead: bool = False, **options: Any) -> Any:
        if dead:
            options["sub_queue"] = "deadletter"
        topic, _, subscription = entity.partition("/")
        if subscription:
            return self._client.get_subscription_receiver(topic, subscription, **options)
        return self._client.get_queue_receiver(entity, **options)

    def take(self, entity: str, *, dead: bool = False) -> Any:
        """Receive and complete one message."""
        (message,) = self.take_many(entity, 1, dead=dead)
        return message

    def take_many(self, entity: str, count: int, *, dead: bool = False) -> list[Any]:
        """Receive and complete that many messages, or fail after ten seconds."""
        receiver, taken = self.receiver(entity, dead=dead), []
        deadline = time.monotonic() + 10
        while len(taken) < count:
            assert time.monotonic() < deadline, f"{len(taken)} of {count} messages arrived"
            found = receiver.receive_messages(count - len(taken), 5)
            for message in found:
                receiver.complete_message(message)
            taken += found
        return taken

    def is_empty(self, entity: str) -> bool:
        """Whether no message is left, in whatever state."""
        return self.receiver(entity).peek_messages(1, sequence_number=1) == []

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Fail unless the condition holds within ten seconds."""
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            self.let_pass(0.02)

    @abstractmethod
    def let_pass(self, seconds: float) -> None: ...

    @abstractmethod
    def renewer(self) -> Any: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _connect(self, connection_string: str) -> Any: ...

    @abstractmethod
    def _wrap(self, client: Any) -> Any: ...

    def _kept(self, key: tuple[Any, ...], build: Callable[[], Any]) -> Any:
        if key not in self._open:
            self._open[key] = client = self._wrap(build())
            self._enter(client)
        return self._open[key]

    def _open_all(self) -> None:
        """Open at once what many tests use."""
        for entity in SENDERS:
            self._open["sender", entity] = self._wrap(self._sender(entity))
        for entity in RECEIVERS:
            self._open["receiver", entity, False] = self._wrap(self._receiver(entity))
        dead = self._receiver("plain", dead=True)
        self._open["receiver", "plain", True] = self._wrap(dead)
        self._enter_all(list(self._open.values()))

    def _enter(self, client: Any) -> None:
        """Connect now: a receive that is given little time would give up connecting first."""
        self._enter_all([client])

    @abstractmethod
    def _enter_all(self, clients: list[Any]) -> None: ...

    def _clients(self) -> list[Any]:
        return [*self._open.values(), *self._unkept]


class SyncBus(Bus):
    def let_pass(self, seconds: float) -> None:
        time.sleep(seconds)

    def renewer(self) -> Any:
        return AutoLockRenewer(max_lock_renewal_duration=60)

    def close(self) -> None:
        """Closing takes about a second each: all at once."""
        with ThreadPoolExecutor(max(1, len(self._clients()))) as pool:
            list(pool.map(lambda client: client.close(), self._clients()))
        self._client.close()

    def _connect(self, connection_string: str) -> Any:
        return ServiceBusClient.from_connection_string(connection_string, retry_total=0)

    def _wrap(self, client: Any) -> Any:
        return client

    def _enter_all(self, clients: list[Any]) -> None:
        with ThreadPoolExecutor(len(clients)) as pool:
            list(pool.map(lambda client: client.__enter__(), clients))


class AioBus(Bus):
    def __init__(self, connection_string: str) -> None:
        self._runner = asyncio.Runner()
        super().__init__(connection_string)

    def let_pass(self, seconds: float) -> None:
        self._runner.run(asyncio.sleep(seconds))

    def renewer(self) -> Any:
        async def build() -> Any:
            return azure_aio.AutoLockRenewer(max_lock_renewal_duration=60)

        return self._wrap(self._runner.run(build()))

    def close(self) -> None:
        async def close_all() -> None:
            await asyncio.gather(*(client.unwrapped.close() for client in self._clients()))
            await self._client.close()

        self._runner.run(close_all())
        self._runner.close()

    def _connect(self, connection_string: str) -> Any:
        async def build() -> Any:
            return azure_aio.ServiceBusClient.from_connection_string(
                connection_string, retry_total=0
            )

        return self._runner.run(build())

    def _wrap(self, client: Any) -> Any:
        return Blocking(client, self._runner)

    def _enter_all(self, clients: list[Any]) -> None:
        async def enter() -> None:
            await asyncio.gather(*(client.unwrapped.__aenter__() for client in clients))

        self._runner.run(enter())


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker | None]:
    """The embedded broker, or None when the suite runs against another bus."""
    if OTHER_BUS:
        yield None
        return
    with Broker(tmp_path_factory.mktemp("bus"), TOPOLOGY) as broker:
        yield broker


@pytest.fixture(scope="session", params=["sync", "aio"])
def bus(request: pytest.FixtureRequest, embedded: Broker | None) -> Iterator[Bus]:
    kind = SyncBus if request.param == "sync" else AioBus
    bus = kind(embedded.connection_string if embedded else str(OTHER_BUS))
    yield bus
    bus.close()
    forget()


@pytest.fixture
def faults(embedded: Broker | None) -> Iterator[Faults]:
    if embedded is None:
        pytest.skip("only the embedded broker misbehaves on demand")
    yield embedded.faults
    embedded.faults.clear()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """An embedded broker that the test may stop, kill and start as it likes."""
    if OTHER_BUS:
        pytest.skip("only the embedded broker can be restarted")
    with Broker(tmp_path / "bus", TOPOLOGY) as broker:
        yield broker
