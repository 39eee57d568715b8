"""Bad luck on purpose, for tests: what a bus may do to its clients, on demand."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Protocol, TypeVar

from infra.local.bus.entities.disturbance import Disturbance
from infra.local.bus.entities.queue import Queue
from infra.local.bus.server import Server

Result = TypeVar("Result")


class Run(Protocol):
    """Calls a function with the server on the broker's thread and returns its result."""

    def __call__(self, action: Callable[[Server], Result]) -> Result: ...


class Faults:
    """To be called from any thread; each fault has taken effect when the call returns.

    Entities are named as clients address them: ``orders``, ``orders/Subscriptions/billing``, or
    one of these with ``/$DeadLetterQueue`` behind.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def drop_connections(self, entity: str | None = None) -> int:
        """Cut every connection, or those with a link to the entity; return how many."""

        def drop(server: Server) -> int:
            hit = [c for c in server.connections if entity is None or c.is_attached_to(entity)]
            for connection in hit:
                connection.abort()
            return len(hit)

        return self._run(drop)

    def expire_locks(self, entity: str) -> int:
        """End every lock of the entity now, as if its time were over; return how many."""
        return self._run(lambda server: _expire_locks(server, entity))

    def deliver_twice(self, entity: str, count: int = 1) -> None:
        """The next messages to arrive do so twice, each copy with a sequence number of its own."""
        self._disturb(entity, doubled=count)

    def delay(self, entity: str, by: timedelta, count: int = 1) -> None:
        """The next messages to arrive become visible to receivers that much later."""
        self._disturb(entity, delayed=count, delay=round(by / timedelta(milliseconds=1)))

    def reorder(self, entity: str, seed: int) -> None:
        """From now on deliver waiting messages in an order that follows from the seed."""
        self._disturb(entity, order=Random(seed))

    def disable(self, entity: str) -> None:
        """Refuse new links and new messages, as for an entity that was switched off."""
        self._run(lambda server: setattr(server.namespace.find(entity), "disabled", True))

    def clear(self) -> None:
        """End whatever goes on: no more disturbance, every entity enabled."""
        self._run(_clear)

    def _disturb(self, entity: str, **changes: object) -> None:
        def disturb(server: Server) -> None:
            for name, value in changes.items():
                setattr(server.namespace.queue(entity).disturbance, name, value)

        self._run(disturb)


def _expire_locks(server: Server, entity: str) -> int:
    expired = server.namespace.queue(entity).expire_locks()
    server.wake()
    return expired


def _clear(server: Server) -> None:
    for entity in server.namespace:
        entity.disabled = False
        if isinstance(entity, Queue):
            entity.disturbance = Disturbance()
