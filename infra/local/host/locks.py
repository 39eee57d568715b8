"""Keep the locks of messages whose handlers take long."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiver

log = structlog.get_logger(__name__)

SWEEP = 0.5
"""Seconds between two looks at the messages in hand; a lock lasts 5 s at least."""
PATIENCE = 5.0
"""Seconds that one renewal may take."""


@dataclass(frozen=True)
class _Held:
    receiver: ServiceBusReceiver
    message: ServiceBusReceivedMessage
    lock: timedelta
    until: float
    """Monotonic time after which the lock is left to expire."""


class LockKeeper:
    """Renews, at half its life, the lock of every message in hand.

    One thread looks at all messages now and then, so a message that is handled at once, which is
    nearly every one, costs two dictionary operations. The SDK's renewer needs a thread each.
    """

    def __init__(self, longest: timedelta) -> None:
        self._longest = longest.total_seconds()
        self._held: dict[int, _Held] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lock-keeper", daemon=True)

    def start(self) -> None:
        """Start to renew."""
        self._thread.start()

    def stop(self) -> None:
        """End; locks still held expire by themselves."""
        self._stopping.set()
        self._thread.join(PATIENCE)

    @contextmanager
    def keep(
        self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage
    ) -> Iterator[None]:
        """Renew the message's lock until the block ends."""
        until = message.locked_until_utc
        lock = until - datetime.now(UTC) if until else timedelta()
        self._held[id(message)] = _Held(receiver, message, lock, time.monotonic() + self._longest)
        try:
            yield
        finally:
            del self._held[id(message)]

    def _run(self) -> None:
        while not self._stopping.wait(SWEEP):
            now, clock = datetime.now(UTC), time.monotonic()
            for held in tuple(self._held.values()):
                expiry = held.message.locked_until_utc
                if expiry and now < expiry < now + held.lock / 2 and clock < held.until:
                    self._renew(held)

    def _renew(self, held: _Held) -> None:
        try:
            held.receiver.renew_message_lock(held.message, timeout=PATIENCE)
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises, the lock is just not renewed
            log.warning(
                "lock_renewal_failed", message=held.message.message_id, reason=type(error).__name__
            )
