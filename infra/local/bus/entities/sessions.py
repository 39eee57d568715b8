"""A queue whose messages are handed out session by session, each session to one receiver."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from infra.local.bus.entities.entity import Surroundings
from infra.local.bus.entities.errors import (
    BusError,
    NotAllowed,
    SessionCannotBeLocked,
    SessionLockLost,
    TimedOut,
)
from infra.local.bus.entities.message import Content, Message
from infra.local.bus.entities.queue import Consumer, Queue, QueueSettings
from infra.local.bus.entities.ready import Ready


class SessionConsumer(Consumer, Protocol):
    """A receiver that asks for a session before it gets messages."""

    def granted(self, session_id: str, locked_until: int) -> None:
        """The session is the receiver's until then."""


@dataclass(slots=True, eq=False)
class Session:
    """The messages with one session id, what the receivers remember, and who holds it."""

    ready: Ready = field(default_factory=Ready)
    state: bytes | None = None
    state_changed_at: int = 0
    owner: SessionConsumer | None = None
    locked_until: int = 0


class SessionQueue(Queue):
    """A queue that requires sessions."""

    def __init__(self, path: str, settings: QueueSettings, around: Surroundings) -> None:
        super().__init__(path, settings, around)
        self._sessions: dict[str, Session] = {}
        self._waiting: list[SessionConsumer] = []

    def check(self, content: Content) -> None:
        if content.properties.session_id is None:
            raise NotAllowed(f"'{self.path}' requires sessions: the message needs a session id.")

    def restore(self, message: Message) -> None:
        message.unlock()
        super().restore(message)

    def restore_session(self, session_id: str, state: bytes | None) -> None:
        self._session(session_id).state = state

    def accept(self, consumer: SessionConsumer, session_id: str) -> None:
        """Grant the session. Raises SessionCannotBeLocked when another receiver holds it."""
        if self._session(session_id).owner is not None:
            raise SessionCannotBeLocked(
                f"The requested session '{session_id}' cannot be accepted."
                " It may be locked by another receiver."
            )
        self._grant(session_id, consumer)

    def accept_next(self, consumer: SessionConsumer, timeout: int) -> None:
        """Grant the next free session with messages, or end the consumer after the timeout."""
        self._waiting.append(consumer)
        self.around.agenda.set(self.around.now() + timeout, self._gave_up, consumer)
        self._grant_waiting()

    def detach(self, consumer: Consumer) -> None:
        """The receiver leaves: its session is free at once and nothing counts as failed."""
        self._stop_waiting(consumer)
        for session_id, session in list(self._sessions.items()):
            if session.owner is consumer:
                self._free(session_id)
                for message in self._locked_in(session_id):
                    self._give_back(self._unlocked(message))
        self._grant_waiting()

    def credit_changed(self, consumer: Consumer) -> None:
        for session in self._sessions.values():
            if session.owner is consumer:
                self._deliver_to_owner(session)

    def renew_session(self, session_id: str) -> int:
        """Start the lock of the session again and return its end. Raises SessionLockLost."""
        session = self._owned(session_id)
        session.locked_until = self._extend(session_id)
        for message in self._locked_in(session_id):
            message.locked_until = session.locked_until
        return session.locked_until

    def session_state(self, session_id: str) -> bytes | None:
        session = self._sessions.get(session_id)
        return session.state if session else None

    def set_session_state(self, session_id: str, state: bytes | None) -> None:
        session = self._owned(session_id)
        session.state, session.state_changed_at = state, self.around.now()
        self.around.journal.session_changed(self.path, session_id, state)

    def session_ids(self) -> list[str]:
        """The sessions that have messages or a state."""
        holding = {message.session_id for message in self.messages.values()}
        return sorted(holding | {name for name, s in self._sessions.items() if s.state is not None})

    def session_ids_changed_since(self, moment: int) -> list[str]:
        """The sessions whose state was set after ``moment``."""
        return sorted(
            name
            for name, session in self._sessions.items()
            if session.state is not None and session.state_changed_at > moment
        )

    def receive_deferred(self, sequences: Sequence[int], *, removes: bool) -> list[Message]:
        for sequence in sequences:
            self._owned(self._deferred(sequence).session_id)
        return super().receive_deferred(sequences, removes=removes)

    def _session(self, session_id: str) -> Session:
        return self._sessions.setdefault(session_id, Session())

    def _owned(self, session_id: str) -> Session:
        session = self._session(session_id)
        if session.owner is None:
            raise self._lock_lost()
        return session

    def _lock_lost(self) -> BusError:
        return SessionLockLost("The session lock has expired. Accept the session again.")

    def _make_ready(self, message: Message) -> None:
        self._session(message.session_id).ready.push(message.sequence)

    def _pump(self, message: Message) -> None:
        session = self._session(message.session_id)
        if session.owner is None:
            self._grant_waiting()
        else:
            self._deliver_to_owner(session)

    def _deliver_to_owner(self, session: Session) -> None:
        owner = session.owner
        while owner and owner.credit > 0 and (message := self._take(session.ready)):
            self._hand_over(message, owner)

    def _lock_end(self, message: Message) -> int:
        return self._session(message.session_id).locked_until

    def _watch_lock(self, until: int, token: object) -> None:
        """A message's lock ends with its session's, which is watched instead."""

    def _grant(self, session_id: str, consumer: SessionConsumer) -> None:
        session = self._session(session_id)
        session.owner = consumer
        session.locked_until = self._extend(session_id)
        consumer.granted(session_id, session.locked_until)

    def _extend(self, session_id: str) -> int:
        until = self.around.now() + self.settings.lock_duration
        self.around.agenda.set(until, self._session_expired, session_id)
        return until

    def _grant_waiting(self) -> None:
        while self._waiting and (session_id := self._next_session()) is not None:
            consumer = self._waiting[0]
            self._stop_waiting(consumer)
            self._grant(session_id, consumer)

    def _next_session(self) -> str | None:
        """The free session with the oldest message."""
        free = [
            (lowest, name)
            for name, session in self._sessions.items()
            if session.owner is None and (lowest := self._lowest(session.ready)) is not None
        ]
        return min(free)[1] if free else None

    def _lowest(self, ready: Ready) -> int | None:
        while ready and ready.lowest() not in self.messages:
            ready.pop()
        return ready.lowest() if ready else None

    def _gave_up(self, consumer: SessionConsumer) -> None:
        self._stop_waiting(consumer)
        consumer.end(TimedOut("The operation did not complete within the allotted timeout."))

    def _stop_waiting(self, consumer: Consumer) -> None:
        self._waiting = [waiting for waiting in self._waiting if waiting is not consumer]
        self.around.agenda.discard(self._gave_up, consumer)

    def _session_expired(self, session_id: str) -> None:
        owner = self._session(session_id).owner
        self._free(session_id)
        for message in self._locked_in(session_id):
            self._failed(self._unlocked(message))
        if owner is not None:
            owner.end(self._lock_lost())
        self._grant_waiting()

    def expire_locks(self) -> int:
        """End the lock of every session that has an owner; return how many there were."""
        owned = [name for name, session in self._sessions.items() if session.owner is not None]
        for session_id in owned:
            self._session_expired(session_id)
        return len(owned)

    def _free(self, session_id: str) -> None:
        self._session(session_id).owner = None
        self.around.agenda.discard(self._session_expired, session_id)

    def _locked_in(self, session_id: str) -> list[Message]:
        return [message for message in self._locked.values() if message.session_id == session_id]

    def _unlocked(self, message: Message) -> Message:
        return message if message.token is None else self._unlock(message.token)
