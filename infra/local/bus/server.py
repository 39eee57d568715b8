"""The broker's event loop side: the listening socket, the clock's alarms and the turn's commit."""

import asyncio
import sqlite3
import time

import structlog

from infra.local.bus.amqp.connection import Connection, Hub
from infra.local.bus.amqp.message import WireContent
from infra.local.bus.entities.journal import NoJournal
from infra.local.bus.entities.namespace import Namespace
from infra.local.bus.store import Store
from infra.local.bus.topology import Topology

HOST = "127.0.0.1"

MAX_MESSAGE_SIZE = 1 << 20
"""Bytes; what the Premium tier takes unless told otherwise."""

HOUSEKEEPING = 600_000
"""Milliseconds between two clean-ups of the store."""

log = structlog.get_logger()


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Server:
    """One namespace behind one socket, on the running loop.

    Nobody is answered before the answer is durable: whatever happens within one turn of the loop
    is committed in one transaction, and only then are the connections flushed. A commit that fails
    ends the broker.
    """

    def __init__(self, topology: Topology, store: Store | None) -> None:
        self.namespace = Namespace(wall_clock, store or NoJournal())
        topology.build(self.namespace)
        if store is not None:
            store.restore(self.namespace, WireContent)
        self._store = store
        self.connections: set[Connection] = set()
        self._hub = Hub(self.namespace, MAX_MESSAGE_SIZE, self.connections, self.wake)
        self._is_awake = False
        self._is_closed = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_due = 0

    async def listen(self, port: int) -> int:
        """Accept connections and return the port. ``port`` 0 takes any that is free."""
        self._loop = asyncio.get_running_loop()
        self._listener = await self._loop.create_server(lambda: Connection(self._hub), HOST, port)
        self._forget_seen(None)
        self.wake()
        bound: int = self._listener.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop with everything durable and every client told."""
        self._turn_over()
        await self.kill()

    async def kill(self) -> None:
        """Stop as a crash would: what was not committed is lost."""
        self._end()
        while self.connections or len(asyncio.all_tasks()) > 1:
            self._abort_connections()
            await asyncio.sleep(0)
        self._listener.close()
        if self._store is not None:
            self._store.close()

    def wake(self) -> None:
        """Finish the turn as soon as the loop has handled what is ready now."""
        if not (self._is_awake or self._is_closed):
            self._is_awake = True
            self._loop.call_soon(self._turn_over)

    def _turn_over(self) -> None:
        self._is_awake = False
        if self._is_closed:
            return
        self.namespace.agenda.run(wall_clock())
        try:
            self._commit()
        except sqlite3.Error:
            log.exception("commit_failed")
            self._end()
            return
        for connection in list(self.connections):
            connection.flush()
        self._set_alarm()

    def _commit(self) -> None:
        if self._store is not None:
            self._store.commit()

    def _forget_seen(self, _: None) -> None:
        if self._store is not None:
            self._store.forget_seen(wall_clock())
            self.namespace.agenda.set(wall_clock() + HOUSEKEEPING, self._forget_seen, None)

    def _set_alarm(self) -> None:
        """Wake for the next deadline; an alarm that rings too early does no harm and stays."""
        due = self.namespace.agenda.next_due()
        if due is None or (self._alarm is not None and self._alarm_due <= due):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        delay = max(0, due - wall_clock()) / 1000
        self._alarm, self._alarm_due = self._loop.call_later(delay, self._ring), due

    def _ring(self) -> None:
        self._alarm = None
        self.wake()

    def _end(self) -> None:
        """Accept nobody any more; asyncio leaks connections whose listener closes meanwhile."""
        self._is_closed = True
        for listening in self._listener.sockets:
            self._loop.remove_reader(listening.fileno())
        if self._alarm is not None:
            self._alarm.cancel()
        self._abort_connections()

    def _abort_connections(self) -> None:
        for connection in list(self.connections):
            connection.abort()
