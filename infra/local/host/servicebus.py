"""Listen to a queue or subscription for one function: success completes, an exception abandons.

A receiver handles one message at a time on one thread, because the SDK holds the socket while it
waits: a settlement from another thread would stand behind that wait, up to 0.2 s. More concurrency
is more receivers. Each costs a connection and 0.5 s to open, so a listener starts with one and
grows, up to ``maxConcurrentCalls``, while all it has are busy.
"""

import threading
import time
from contextlib import AbstractContextManager
from enum import Enum

import structlog
from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError

from infra.local.host.app import LoadedFunction
from infra.local.host.config import ServiceBusConfig
from infra.local.host.connection import Connect, open_receiver
from infra.local.host.invoker import Invoker
from infra.local.host.locks import LockKeeper
from infra.local.host.messages import body_of, delivery_of, metadata_of
from infra.local.host.triggers import ServiceBusTrigger

log = structlog.get_logger(__name__)

KEEP_SPARE = 10.0
"""Seconds an additional receiver stays idle before it is given up."""
SATURATED = 0.9
"""Share of the time spent in handlers from which a receiver counts as fully used."""
LONGEST_PAUSE = 2.0
"""Seconds between two attempts to connect, after several failures."""


class State(Enum):
    """What a receiver's thread is doing."""

    OPENING = "opening"
    IDLE = "idle"
    BUSY = "busy"


class Listener:
    """Feeds one function from one queue or subscription."""

    def __init__(
        self,
        function: LoadedFunction,
        trigger: ServiceBusTrigger,
        connect: Connect,
        limits: ServiceBusConfig,
        invoker: Invoker,
        locks: LockKeeper,
    ) -> None:
        self.function = function
        self.trigger = trigger
        self.invoker = invoker
        self.locks = locks
        self._connect = connect
        self._prefetch = limits.prefetch_count
        self.stopping = threading.Event()
        self.opened = threading.Event()
        """Set once a receiver has been open."""
        self.last_error = "no answer yet"
        self._most = limits.max_concurrent_calls
        self._receivers: list[_Receiver] = []
        self._looked_at = time.monotonic()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Open the first receiver, in the background; ``opened`` tells when."""
        self._add(1)

    def open_receiver(self) -> AbstractContextManager[ServiceBusReceiver]:
        """Open one more receiver."""
        return open_receiver(self._connect, self.trigger, self._prefetch)

    def look(self) -> None:
        """Double the receivers when all have been busy since the last look."""
        now = time.monotonic()
        elapsed, self._looked_at = now - self._looked_at, now
        with self._lock:
            shares = [receiver.take_busy(now) / elapsed for receiver in self._receivers]
        if min(shares) > SATURATED:
            self._add(min(len(shares), self._most - len(shares)))

    def may_leave(self, receiver: "_Receiver") -> bool:
        """Let a receiver go that has long been idle, unless it is the last one."""
        with self._lock:
            if len(self._receivers) == 1:
                return False
            self._receivers.remove(receiver)
            return True

    def stop(self, deadline: float) -> bool:
        """Take no more messages and wait for those in hand; False when some are not done by then.

        ``deadline`` is monotonic time. What is not done stays unsettled, so it is delivered again.
        """
        self.stopping.set()
        with self._lock:
            receivers = tuple(self._receivers)
        for receiver in receivers:
            receiver.thread.join(max(0.0, deadline - time.monotonic()))
        return not any(receiver.thread.is_alive() for receiver in receivers)

    @property
    def connected(self) -> bool:
        """Whether a receiver is open now."""
        return any(receiver.state is not State.OPENING for receiver in tuple(self._receivers))

    def _add(self, count: int) -> None:
        with self._lock:
            if self.stopping.is_set():
                return
            for _ in range(count):
                self._receivers.append(receiver := _Receiver(self))
                receiver.thread.start()


class _Receiver:
    """One receiver of the SDK and the thread on which its messages are handled."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._log = log.bind(function=listener.function.name)
        self.state = State.OPENING
        self._busy_since = 0.0
        self._busy = 0.0
        self.thread = threading.Thread(target=self._run, name=listener.function.name, daemon=True)

    def take_busy(self, now: float) -> float:
        """Seconds spent handling messages since this was last asked."""
        busy, self._busy = self._busy, 0.0
        if self.state is State.BUSY:
            busy, self._busy_since = busy + now - self._busy_since, now
        return busy

    def _run(self) -> None:
        """Receive until told to stop; whatever breaks, connect again."""
        pause = 0.1
        while not self._listener.stopping.is_set():
            self.state = State.OPENING
            try:
                with self._listener.open_receiver() as receiver:
                    pause = 0.1
                    if self._receive(receiver):
                        return
            except Exception as error:  # noqa: BLE001 - a receiver never gives up
                self._listener.last_error = str(error)
                self._log.warning("receiver_disconnected", reason=str(error), again_in=pause)
            self._listener.stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _receive(self, receiver: ServiceBusReceiver) -> bool:
        """Handle messages until told to stop or no longer needed: True for the latter."""
        self.state, last_used = State.IDLE, time.monotonic()
        self._listener.opened.set()
        self._log.debug("receiver_connected")
        while not self._listener.stopping.is_set():
            for message in receiver:
                self._busy_since, self.state = time.monotonic(), State.BUSY
                self._handle(receiver, message)
                last_used, self.state = time.monotonic(), State.IDLE
                self._busy += last_used - self._busy_since
                if self._listener.stopping.is_set():
                    break
            if time.monotonic() - last_used > KEEP_SPARE and self._listener.may_leave(self):
                return True
        return False

    def _handle(self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage) -> None:
        settle = receiver.complete_message
        try:
            with self._listener.locks.keep(receiver, message):
                self._listener.invoker.notify(
                    self._listener.function, body_of(message), metadata_of(message)
                )
        except Exception:  # noqa: BLE001 - it is the function's, and the host lives on
            self._log.exception("function_failed", delivery=delivery_of(message))
            settle = receiver.abandon_message
        try:
            settle(message)
        except MessageLockLostError:
            self._log.warning("message_lock_lost", message=message.message_id)
