"""The embedded Service Bus: start it, connect the SDK to it, stop it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from infra.local.bus.amqp.tokens import KEY, KEY_NAME
from infra.local.bus.faults import Faults
from infra.local.bus.server import HOST, Server
from infra.local.bus.store import Store
from infra.local.bus.topology import Topology

STORE_FILE = "bus.sqlite3"

Result = TypeVar("Result")


class BrokerStopped(Exception):
    """The broker is not running: start it first."""


class Broker:
    """A broker on a thread of its own.

    With a ``folder`` its state survives ``stop``, ``kill`` and the end of the process; without one
    it ends with ``stop``. The first start settles the port (0 takes any that is free), so that a
    second start is a restart to the clients.

        with Broker(tmp_path, topology) as broker:
            ServiceBusClient.from_connection_string(broker.connection_string)
    """

    def __init__(self, folder: Path | None, topology: Path, port: int = 0) -> None:
        self._folder = folder
        self._topology = topology
        self.port = port
        self.faults = Faults(self._run)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None
        self._end: asyncio.Future[bool] | None = None

    @property
    def connection_string(self) -> str:
        """What the SDK connects with; of use once the broker has started."""
        return (
            f"Endpoint=sb://{HOST}:{self.port};SharedAccessKeyName={KEY_NAME};"
            f"SharedAccessKey={KEY};UseDevelopmentEmulator=true;"
        )

    def start(self) -> None:
        """Return when clients can connect.

        Raises TopologyInvalid, StoreBusy, or OSError when the port is taken.
        """
        topology = Topology.read(self._topology)
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(topology, started)), name="bus", daemon=True
        )
        self._thread.start()
        try:
            started.result()
        except BaseException:
            self._thread.join()
            self._forget()
            raise

    def stop(self) -> None:
        """Stop with everything durable; harmless when it does not run."""
        self._finish(gracefully=True)

    def kill(self) -> None:
        """Stop as a crash would: connections cut, nothing written that was not durable before."""
        self._finish(gracefully=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def _serve(self, topology: Topology, started: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.create_future()
        store: Store | None = None
        try:
            store = self._open_store()
            server = self._server = Server(topology, store)
            self.port = await server.listen(self.port)
        except Exception as error:  # noqa: BLE001 - raised again by start()
            if store is not None:
                store.close()
            started.set_exception(error)
            return
        started.set_result(None)
        await (server.close() if await self._end else server.kill())

    def _open_store(self) -> Store | None:
        if self._folder is None:
            return None
        self._folder.mkdir(parents=True, exist_ok=True)
        return Store(self._folder / STORE_FILE)

    def _finish(self, *, gracefully: bool) -> None:
        if self._thread is None or self._loop is None or self._end is None:
            return
        self._loop.call_soon_threadsafe(self._end.set_result, gracefully)
        self._thread.join()
        self._forget()

    def _forget(self) -> None:
        self._thread = self._loop = self._server = self._end = None

    def _run(self, action: Callable[[Server], Result]) -> Result:
        if self._loop is None:
            raise BrokerStopped("The broker is not running: start it first.")
        return asyncio.run_coroutine_threadsafe(self._act(action), self._loop).result()

    async def _act(self, action: Callable[[Server], Result]) -> Result:
        if self._server is None:
            raise BrokerStopped("The broker is not running: start it first.")
        return action(self._server)
