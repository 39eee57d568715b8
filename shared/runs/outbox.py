"""Sending what the ledger has recorded. Sending twice is harmless: ids are deterministic."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue
from threading import Lock, Thread, current_thread
from typing import TypeVar

import structlog
from psycopg import Error
from psycopg_pool import PoolTimeout

from shared.bus import Bus, BusOutOfReach, Envelope
from shared.ledger import Ledger, Transaction
from shared.runs.commands import ANNOUNCEMENTS

log = structlog.get_logger()

Post = Callable[[Sequence[Envelope]], None]
T = TypeVar("T")


def commit(ledger: Ledger, post: Post, work: Callable[[Transaction], T]) -> T:
    """Run ``work`` in a transaction, then send what it queued."""

    def both(tx: Transaction) -> tuple[T, Transaction]:
        return work(tx), tx

    result, tx = ledger.persist(both)
    post(tx.queued)
    return result


class Outbox:
    """Sends at once, in the caller's thread."""

    def __init__(self, ledger: Ledger, bus: Bus) -> None:
        self._ledger = ledger
        self._bus = bus

    def post(self, envelopes: Sequence[Envelope]) -> None:
        """Send, then forget. Raises what the bus or the ledger raises; the rows are still there.

        Commands go first: runs wait for them, nobody waits for an announcement.
        """
        if envelopes:
            self._bus.send(sorted(envelopes, key=lambda envelope: envelope.topic == ANNOUNCEMENTS))
            self._ledger.forget_sent([envelope.id for envelope in envelopes])

    def send_left_behind(self, *, older_than: timedelta) -> int:
        """Send what nobody has sent for a while; return how many."""
        sent = 0
        while batch := self._ledger.unsent(older_than=older_than):
            self.post(batch)
            sent += len(batch)
        return sent


class Postman:
    """Sends from a thread of its own, many at a time, so that no step waits for the bus.

    What a crash or a broken bus keeps it from sending stays in the ledger for ``upkeep``.
    """

    LINGER = 2.0
    """Seconds without work after which the thread ends; the next message starts another."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._queue: SimpleQueue[Envelope] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None

    def post(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            self._queue.put(envelope)
        with self._lock:
            if envelopes and self._thread is None:
                self._thread = Thread(target=self._deliver, name="postman", daemon=True)
                self._thread.start()

    def _deliver(self) -> None:
        try:
            self._deliver_until_idle()
        finally:  # also when a bug ends it: the next message must find somebody
            with self._lock:
                if self._thread is current_thread():
                    self._thread = None

    def _deliver_until_idle(self) -> None:
        while True:
            try:
                batch = [self._queue.get(timeout=self.LINGER)]
            except Empty:
                with self._lock:
                    if self._queue.empty():
                        self._thread = None
                        return
                continue
            while not self._queue.empty() and len(batch) < 200:
                batch.append(self._queue.get_nowait())
            self._send(batch)

    def _send(self, batch: Sequence[Envelope]) -> None:
        try:
            self._outbox.post(batch)
        except (BusOutOfReach, Error, PoolTimeout) as error:
            log.warning("outbox_not_sent", messages=len(batch), error=str(error))
