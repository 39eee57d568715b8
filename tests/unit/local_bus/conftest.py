"""A namespace on a clock that only the test moves, and stand-ins for what AMQP brings to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from infra.local.bus.entities.errors import BusError
from infra.local.bus.entities.journal import NoJournal
from infra.local.bus.entities.message import DeadLetter, Message, Properties
from infra.local.bus.entities.namespace import Namespace
from infra.local.bus.entities.queue import Queue


@dataclass(frozen=True)
class Text:
    """A content that needs no wire."""

    text: str = ""
    properties: Properties = field(default_factory=Properties)
    application_properties: Mapping[object, object] = field(default_factory=dict)
    time_to_live: int | None = None
    scheduled_at: int | None = None

    @property
    def encoded(self) -> bytes:
        return self.text.encode()

    def with_reason(self, why: DeadLetter, source: str) -> "Text":
        return replace(self, text=f"{self.text}: {why.reason} in {source}")


def text(
    body: str, *, message_id: str | None = None, session_id: str | None = None, **more
) -> Text:
    properties = Properties(message_id=message_id or body, session_id=session_id)
    return replace(Text(body, properties), **more)


class Receiver:
    """Takes messages as long as it has credit and remembers how it ended."""

    def __init__(self, credit: int = 100, *, removes: bool = False) -> None:
        self.credit = credit
        self.removes = removes
        self.received: list[Message] = []
        self.error: BusError | None = None
        self.session_id: str | None = None

    def deliver(self, message: Message) -> None:
        self.credit -= 1
        self.received.append(message)

    def end(self, error: BusError) -> None:
        self.error = error

    def granted(self, session_id: str, _locked_until: int) -> None:
        self.session_id = session_id

    @property
    def bodies(self) -> list[str]:
        return [message.content.encoded.decode() for message in self.received]


class World:
    """The namespace and its time."""

    def __init__(self) -> None:
        self.time = 1_000_000
        self.namespace = Namespace(lambda: self.time, NoJournal())

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass; what is due on the way happens at its own moment."""
        end = self.time + milliseconds
        while (due := self.namespace.agenda.next_due()) is not None and due <= end:
            self.time = max(self.time, due)
            self.namespace.agenda.run(self.time)
        self.time = end

    def receive(self, queue: Queue, credit: int = 100, *, removes: bool = False) -> Receiver:
        receiver = Receiver(credit, removes=removes)
        queue.attach(receiver)
        queue.credit_changed(receiver)
        return receiver

    def dead(self, queue: Queue) -> list[Message]:
        assert queue.dead_letters is not None
        return queue.dead_letters.peek(0, 100)


@pytest.fixture
def world() -> World:
    return World()
