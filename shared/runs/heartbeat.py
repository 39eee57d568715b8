"""Leases of attempts at work, extended by one thread for the whole process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Condition, Thread, current_thread
from uuid import UUID

import structlog
from psycopg import Error
from psycopg_pool import PoolTimeout

from shared.ledger import Ledger

log = structlog.get_logger()


class Heartbeat:
    """Extends the leases it was told of, every third of their length, while it has any."""

    def __init__(self, ledger: Ledger, length: timedelta) -> None:
        self._ledger = ledger
        self._length = length
        self._leases: set[UUID] = set()
        self._changed = Condition()
        self._thread: Thread | None = None

    @contextmanager
    def beating(self, lease: UUID) -> Iterator[None]:
        """Keep the lease alive while the block runs, but never past the step's deadline."""
        with self._changed:
            self._leases.add(lease)
            if self._thread is None:
                self._thread = Thread(target=self._beat, name="heartbeat", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._leases.discard(lease)

    def _beat(self) -> None:
        try:
            self._beat_until_idle()
        finally:  # also when a bug ends it: the next lease must find somebody
            with self._changed:
                if self._thread is current_thread():
                    self._thread = None

    def _beat_until_idle(self) -> None:
        pause = self._length.total_seconds() / 3
        while True:
            with self._changed:
                self._changed.wait(pause)
                leases = frozenset(self._leases)
                if not leases:
                    self._thread = None
                    return
            self._extend(leases)

    def _extend(self, leases: frozenset[UUID]) -> None:
        try:
            self._ledger.extend_leases(leases, self._length)
        except (Error, PoolTimeout) as error:
            log.warning("heartbeat_missed", leases=len(leases), error=str(error))
