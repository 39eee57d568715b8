"""A queue, a subscription's copy of its topic, or the dead-letter queue of one of those."""

import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from infra.local.bus.entities.disturbance import Disturbance
from infra.local.bus.entities.entity import Entity, Surroundings
from infra.local.bus.entities.errors import BusError, MessageLockLost, MessageNotFound
from infra.local.bus.entities.message import Content, DeadLetter, Message, State
from infra.local.bus.entities.ready import Ready


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """Durations are milliseconds; None means without limit."""

    lock_duration: int = 60_000
    max_delivery_count: int | None = 10
    requires_session: bool = False
    time_to_live: int | None = None
    dead_letter_expired: bool = False
    duplicate_window: int | None = None
    forward_to: str | None = None
    forward_dead_letters_to: str | None = None

    def for_dead_letters(self) -> "QueueSettings":
        """A dead-letter queue keeps everything: no limit, no sessions, nowhere to pass it on."""
        return QueueSettings(lock_duration=self.lock_duration, max_delivery_count=None)


class Consumer(Protocol):
    """A receiver as the queue sees it."""

    @property
    def credit(self) -> int:
        """How many messages it takes now."""

    @property
    def removes(self) -> bool:
        """Whether a message is gone once delivered (receive-and-delete)."""

    def deliver(self, message: Message) -> None:
        """Take the message; uses up one credit."""

    def end(self, error: BusError) -> None:
        """The receiver is cut off."""


class Queue(Entity):
    """Messages in order, handed to one receiver at a time under a lock."""

    def __init__(
        self, path: str, settings: QueueSettings, around: Surroundings, *, is_final: bool = False
    ) -> None:
        super().__init__(path, settings.duplicate_window, around)
        self.settings = settings
        self.disturbance = Disturbance()
        self.dead_letters = None if is_final else self._dead_letter_queue()
        self._ready = Ready()
        self._consumers: deque[Consumer] = deque()
        self._locked: dict[uuid.UUID, Message] = {}

    def _dead_letter_queue(self) -> "Queue":
        path = f"{self.path}/$DeadLetterQueue"
        return Queue(path, self.settings.for_dead_letters(), self.around, is_final=True)

    def _arrive(self, content: Content, hops: int) -> None:
        self.copy_in(content, None, hops)

    def copy_in(self, content: Content, enqueued_sequence: int | None, hops: int) -> None:
        """Append or forward a content; ``enqueued_sequence`` is its number in the topic, if any."""
        if self.settings.forward_to:
            self._forward(self.settings.forward_to, content, hops)
            return
        for _ in range(self.disturbance.copies()):
            self._enqueue(content, enqueued_sequence)

    def _forward(self, target: str, content: Content, hops: int) -> None:
        """Pass a content on; what the target refuses is set aside here."""
        try:
            self.around.forward(target, content, hops + 1)
        except BusError as error:
            self._set_aside(self._keep(content, None), DeadLetter("ForwardingFailed", str(error)))

    def _enqueue(self, content: Content, enqueued_sequence: int | None) -> None:
        message = self._keep(content, enqueued_sequence)
        self._watch_expiry(message)
        if lateness := self.disturbance.lateness():
            due = message.enqueued_at + lateness
            self.around.agenda.set(due, self._offer_late, message.sequence)
        else:
            self._offer(message)

    def _keep(self, content: Content, enqueued_sequence: int | None) -> Message:
        now, sequence = self.around.now(), self._next_sequence()
        message = Message(
            content,
            sequence,
            sequence if enqueued_sequence is None else enqueued_sequence,
            now,
            expires_at=self._expiry(content, now),
        )
        self._store(message)
        return message

    def restore(self, message: Message) -> None:
        super().restore(message)
        self._watch_expiry(message)
        if message.token is not None and message.locked_until is not None:
            self._locked[message.token] = message
            self.around.agenda.set(message.locked_until, self._lock_expired, message.token)
        elif message.state is State.ACTIVE:
            self._make_ready(message)

    def _expiry(self, content: Content, now: int) -> int | None:
        limits = [
            limit
            for limit in (content.time_to_live, self.settings.time_to_live)
            if limit is not None
        ]
        return now + min(limits) if limits else None

    def _watch_expiry(self, message: Message) -> None:
        if message.expires_at is not None:
            self.around.agenda.set(message.expires_at, self._expired, message.sequence)

    def _offer_late(self, sequence: int) -> None:
        if sequence in self.messages:
            self._offer(self.messages[sequence])

    def _offer(self, message: Message) -> None:
        self._make_ready(message)
        self._pump(message)

    def attach(self, consumer: Consumer) -> None:
        self._consumers.append(consumer)

    def detach(self, consumer: Consumer) -> None:
        """Forget a receiver. What it has locked stays locked until the locks expire."""
        if consumer in self._consumers:
            self._consumers.remove(consumer)

    def credit_changed(self, _: Consumer) -> None:
        """Deliver what waits to the receivers that now take it."""
        self._deliver_waiting()

    def _make_ready(self, message: Message) -> None:
        self._ready.push(message.sequence)

    def _pump(self, _: Message) -> None:
        """Deliver, after this message became ready."""
        self._deliver_waiting()

    def _deliver_waiting(self) -> None:
        while self._ready and (consumer := self._next_consumer()):
            if message := self._take(self._ready):
                self._hand_over(message, consumer)

    def _next_consumer(self) -> Consumer | None:
        """The next receiver in turn that has credit."""
        for _ in range(len(self._consumers)):
            consumer = self._consumers[0]
            self._consumers.rotate(-1)
            if consumer.credit > 0:
                return consumer
        return None

    def _take(self, ready: Ready) -> Message | None:
        while ready:
            message = self.messages.get(ready.pop(self.disturbance.order))
            if message is not None and not self._expire_if_due(message):
                return message
        return None

    def _hand_over(self, message: Message, consumer: Consumer) -> None:
        if consumer.removes:
            self._forget(message)
        else:
            self._lock(message)
        consumer.deliver(message)

    def _lock(self, message: Message) -> None:
        token = uuid.uuid4()
        message.token, message.locked_until = token, self._lock_end(message)
        self._locked[token] = message
        self._watch_lock(message.locked_until, token)
        self._changed(message)

    def _lock_end(self, _: Message) -> int:
        return self.around.now() + self.settings.lock_duration

    def _watch_lock(self, until: int, token: uuid.UUID) -> None:
        self.around.agenda.set(until, self._lock_expired, token)

    def complete(self, token: uuid.UUID) -> None:
        """The message is done: remove it. Raises MessageLockLost."""
        self._forget(self._unlock(token))

    def abandon(self, token: uuid.UUID) -> None:
        """The receiver failed: count that, then offer the message again. Raises MessageLockLost."""
        self._failed(self._unlock(token))

    def release(self, token: uuid.UUID) -> None:
        """The receiver did not look at the message: offer it again. Raises MessageLockLost."""
        self._give_back(self._unlock(token))

    def defer(self, token: uuid.UUID) -> None:
        """Keep the message for who asks by its number. Raises MessageLockLost."""
        message = self._unlock(token)
        message.state = State.DEFERRED
        self._changed(message)

    def dead_letter(self, token: uuid.UUID, reason: str | None, description: str | None) -> None:
        """Set the message aside for a person to look at. Raises MessageLockLost."""
        self._set_aside(self._unlock(token), DeadLetter(reason, description))

    def renew(self, token: uuid.UUID) -> int:
        """Start the lock's duration again and return its end. Raises MessageLockLost."""
        message = self._holding(token)
        message.locked_until = self._lock_end(message)
        self._watch_lock(message.locked_until, token)
        self._changed(message)
        return message.locked_until

    def expire_locks(self) -> int:
        """End every lock now, as if its time were over; return how many there were."""
        tokens = list(self._locked)
        for token in tokens:
            self.around.agenda.discard(self._lock_expired, token)
            self._lock_expired(token)
        return len(tokens)

    def _holding(self, token: uuid.UUID) -> Message:
        message = self._locked.get(token)
        if message is None:
            raise self._lock_lost()
        return message

    def _lock_lost(self) -> BusError:
        return MessageLockLost(
            "The lock supplied is invalid. Either the lock expired,"
            " or the message has already been removed from the queue."
        )

    def _unlock(self, token: uuid.UUID) -> Message:
        message = self._holding(token)
        del self._locked[token]
        self.around.agenda.discard(self._lock_expired, token)
        message.unlock()
        return message

    def _lock_expired(self, token: uuid.UUID) -> None:
        self._failed(self._unlock(token))

    def _failed(self, message: Message) -> None:
        message.delivery_count += 1
        limit = self.settings.max_delivery_count
        if limit is not None and message.delivery_count >= limit:
            self._set_aside(message, _too_many_deliveries(limit))
        else:
            self._give_back(message)

    def _give_back(self, message: Message) -> None:
        self._changed(message)
        if message.state is State.ACTIVE and not self._expire_if_due(message):
            self._offer(message)

    def _forget(self, message: Message) -> None:
        self.around.agenda.discard(self._expired, message.sequence)
        self._remove(message)

    def _set_aside(self, message: Message, why: DeadLetter) -> None:
        if self.dead_letters is None:
            self._give_back(message)
            return
        self._forget(message)
        if not self._forward_dead_letter(message, why):
            self.dead_letters.adopt(message, why)

    def _forward_dead_letter(self, message: Message, why: DeadLetter) -> bool:
        """Send a dead letter on, if that is set; False when it has to stay."""
        target = self.settings.forward_dead_letters_to
        if target is None:
            return False
        try:
            self.around.forward(target, message.content.with_reason(why, self.path), 0)
        except BusError:
            return False
        return True

    def adopt(self, message: Message, why: DeadLetter) -> None:
        """Take over a message from the queue that this is the dead-letter queue of."""
        message.state, message.expires_at, message.dead_letter = State.ACTIVE, None, why
        self._store(message)
        self._offer(message)

    def _expired(self, sequence: int) -> None:
        message = self.messages[sequence]
        if message.token is None and message.state is State.ACTIVE:
            self._expire(message)

    def _expire_if_due(self, message: Message) -> bool:
        if message.expires_at is None or message.expires_at > self.around.now():
            return False
        self._expire(message)
        return True

    def _expire(self, message: Message) -> None:
        if self.settings.dead_letter_expired:
            why = DeadLetter("TTLExpiredException", "The message expired and was dead lettered.")
            self._set_aside(message, why)
        else:
            self._forget(message)

    def peek(self, start: int, count: int, session_id: str | None = None) -> list[Message]:
        """The first ``count`` messages from number ``start`` on, whatever their state."""
        wanted = (
            self.messages[sequence] for sequence in sorted(self.messages) if sequence >= start
        )
        found = (m for m in wanted if session_id is None or m.session_id == session_id)
        return [message for _, message in zip(range(count), found, strict=False)]

    def receive_deferred(self, sequences: Sequence[int], *, removes: bool) -> list[Message]:
        """Lock (or remove) deferred messages. Raises MessageNotFound, having touched none."""
        found = [self._deferred(sequence) for sequence in sequences]
        for message in found:
            if removes:
                self._forget(message)
            else:
                self._lock(message)
        return found

    def _deferred(self, sequence: int) -> Message:
        message = self.messages.get(sequence)
        if message is None or message.state is not State.DEFERRED or message.token is not None:
            raise MessageNotFound(f"No deferred message has the sequence number {sequence}.")
        return message


def _too_many_deliveries(limit: int) -> DeadLetter:
    return DeadLetter(
        "MaxDeliveryCountExceeded",
        f"Message could not be consumed after {limit} delivery attempts.",
    )
