"""A message as the broker keeps it: what the sender wrote, and what the broker knows about it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Properties:
    """The system properties that a filter can ask for."""

    message_id: object = None
    to: object = None
    subject: object = None
    reply_to: object = None
    correlation_id: object = None
    content_type: object = None
    session_id: object = None
    reply_to_session_id: object = None


class Content(Protocol):
    """What the sender wrote; never changed, shared by the copies that a topic makes."""

    @property
    def encoded(self) -> bytes: ...

    @property
    def properties(self) -> Properties: ...

    @property
    def application_properties(self) -> Mapping[object, object]: ...

    @property
    def time_to_live(self) -> int | None:
        """Milliseconds, or None for as long as the entity allows."""

    @property
    def scheduled_at(self) -> int | None:
        """Milliseconds since 1970 before which nobody receives it."""

    def with_reason(self, why: "DeadLetter", source: str) -> "Content":
        """The same, saying why and in which entity it became a dead letter."""


class State(IntEnum):
    """As clients see it in ``x-opt-message-state``."""

    ACTIVE = 0
    DEFERRED = 1
    SCHEDULED = 2


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Why a message was set aside."""

    reason: str | None
    description: str | None


@dataclass(slots=True, eq=False)
class Message:
    """One message in one queue or subscription. Times are milliseconds since 1970."""

    content: Content
    sequence: int
    enqueued_sequence: int
    enqueued_at: int
    expires_at: int | None = None
    due_at: int | None = None
    state: State = State.ACTIVE
    delivery_count: int = 0
    token: uuid.UUID | None = None
    locked_until: int | None = None
    dead_letter: DeadLetter | None = None

    @property
    def session_id(self) -> str:
        return str(self.content.properties.session_id)

    def unlock(self) -> None:
        self.token = self.locked_until = None
