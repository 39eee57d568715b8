"""What queues and topics share: numbering, duplicate detection and messages for later."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.local.bus.entities.agenda import Agenda
from infra.local.bus.entities.errors import EntityDisabled, MessageNotFound
from infra.local.bus.entities.journal import Journal
from infra.local.bus.entities.message import Content, Message, State


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every entity of a namespace works with."""

    now: Callable[[], int]
    agenda: Agenda
    journal: Journal
    forward: Callable[[str, Content, int], None]
    """Send a content on to the entity of that name, after so many hops."""


class Entity(ABC):
    """A place to send to. ``duplicate_window`` is in milliseconds; None detects no duplicates."""

    def __init__(self, path: str, duplicate_window: int | None, around: Surroundings) -> None:
        self.path = path
        self.around = around
        self.messages: dict[int, Message] = {}
        self.disabled = False
        self.sequence = 0
        self._duplicate_window = duplicate_window
        self._seen: OrderedDict[str, int] = OrderedDict()

    def send(self, contents: Sequence[Content], hops: int = 0) -> None:
        """Take all of the contents or, raising BusError, none. Duplicates vanish silently."""
        self.require_enabled()
        for content in contents:
            self.check(content)
        for content in contents:
            if not self._is_duplicate(content):
                self._admit(content, hops)

    def schedule(self, contents: Sequence[Content]) -> list[int]:
        """Keep the contents until their time; return the numbers by which to cancel them."""
        self.require_enabled()
        for content in contents:
            self.check(content)
        return [self._schedule_once(content) for content in contents]

    def cancel(self, sequences: Sequence[int]) -> None:
        """Forget scheduled messages. Raises MessageNotFound, having cancelled none of them."""
        scheduled = [self._scheduled(sequence) for sequence in sequences]
        for message in scheduled:
            self.around.agenda.discard(self._due, message.sequence)
            self._remove(message)

    def restore(self, message: Message) -> None:
        """Put back a message that the journal remembers."""
        self.messages[message.sequence] = message
        if message.state is State.SCHEDULED and message.due_at is not None:
            self.around.agenda.set(message.due_at, self._due, message.sequence)

    def restore_seen(self, message_id: str, until: int) -> None:
        """Remember an id for duplicate detection; to be called in the order of ``until``."""
        self._seen[message_id] = until

    def require_enabled(self) -> None:
        if self.disabled:
            raise EntityDisabled(f"The messaging entity '{self.path}' is disabled.")

    def check(self, content: Content) -> None:  # noqa: B027 - nothing to refuse here
        """Raise BusError when the entity cannot take this content."""

    @abstractmethod
    def _arrive(self, content: Content, hops: int) -> None:
        """Handle a content whose time has come."""

    def _admit(self, content: Content, hops: int) -> None:
        if content.scheduled_at is not None and content.scheduled_at > self.around.now():
            self._keep_for_later(content)
        else:
            self._arrive(content, hops)

    def _schedule_once(self, content: Content) -> int:
        """Schedule; a duplicate gets a number that belongs to no message."""
        if self._is_duplicate(content):
            return self._next_sequence()
        return self._keep_for_later(content)

    def _keep_for_later(self, content: Content) -> int:
        now, sequence = self.around.now(), self._next_sequence()
        due_at = content.scheduled_at if content.scheduled_at is not None else now
        message = Message(content, sequence, sequence, now, due_at=due_at, state=State.SCHEDULED)
        self._store(message)
        self.around.agenda.set(due_at, self._due, sequence)
        return sequence

    def _due(self, sequence: int) -> None:
        message = self.messages[sequence]
        self._remove(message)
        self._arrive(message.content, 0)

    def _scheduled(self, sequence: int) -> Message:
        message = self.messages.get(sequence)
        if message is None or message.state is not State.SCHEDULED:
            raise MessageNotFound(f"No scheduled message has the sequence number {sequence}.")
        return message

    def _is_duplicate(self, content: Content) -> bool:
        if self._duplicate_window is None:
            return False
        now, message_id = self.around.now(), str(content.properties.message_id)
        self._forget_seen(now)
        if message_id in self._seen:
            return True
        self._seen[message_id] = now + self._duplicate_window
        self.around.journal.seen(self.path, message_id, now + self._duplicate_window)
        return False

    def _forget_seen(self, now: int) -> None:
        while self._seen and next(iter(self._seen.values())) <= now:
            self._seen.popitem(last=False)

    def _next_sequence(self) -> int:
        self.sequence += 1
        self.around.journal.numbered(self.path, self.sequence)
        return self.sequence

    def _store(self, message: Message) -> None:
        self.messages[message.sequence] = message
        self.around.journal.added(self.path, message)

    def _remove(self, message: Message) -> None:
        del self.messages[message.sequence]
        self.around.journal.removed(self.path, message)

    def _changed(self, message: Message) -> None:
        self.around.journal.changed(self.path, message)
