"""What a broker writes down so that it can be rebuilt after a crash."""

from typing import Protocol

from infra.local.bus.entities.message import Message


class Journal(Protocol):
    """Told of every change, in order. Durable once the implementation says so, not per call."""

    def numbered(self, entity: str, sequence: int) -> None:
        """``sequence`` is the last number that the entity gave out."""

    def added(self, entity: str, message: Message) -> None: ...

    def changed(self, entity: str, message: Message) -> None: ...

    def removed(self, entity: str, message: Message) -> None: ...

    def seen(self, entity: str, message_id: str, until: int) -> None:
        """A message with this id is a duplicate until then."""

    def session_changed(self, entity: str, session_id: str, state: bytes | None) -> None: ...


class NoJournal:
    """Writes nothing down: the state ends with the process."""

    def numbered(self, entity: str, sequence: int) -> None:
        pass

    def added(self, entity: str, message: Message) -> None:
        pass

    def changed(self, entity: str, message: Message) -> None:
        pass

    def removed(self, entity: str, message: Message) -> None:
        pass

    def seen(self, entity: str, message_id: str, until: int) -> None:
        pass

    def session_changed(self, entity: str, session_id: str, state: bytes | None) -> None:
        pass
