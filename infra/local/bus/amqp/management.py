"""The ``$management`` node of an entity: what a client asks beside sending and receiving."""

import uuid
from collections.abc import Callable

from infra.local.bus.amqp import codec
from infra.local.bus.amqp.codec import Timestamp
from infra.local.bus.amqp.message import WireContent, contents_of, render
from infra.local.bus.amqp.requests import Request, Response
from infra.local.bus.entities.errors import BadArgument, BusError, NotSupported
from infra.local.bus.entities.message import Message
from infra.local.bus.entities.queue import Queue
from infra.local.bus.entities.sessions import SessionQueue
from infra.local.bus.entities.topic import Topic

ALL_SESSIONS = 253402300800000
"""The year 10000: what clients send for "whenever the session was changed"."""


class Arguments:
    """The body of a request, read by name and type. Raises BadArgument."""

    def __init__(self, body: object) -> None:
        self._body = body if isinstance(body, dict) else {}

    def whole_number(self, name: str, default: int | None = None) -> int:
        value = self._body.get(name, default)
        if not isinstance(value, int):
            raise BadArgument(f"'{name}' must be a number.")
        return value

    def text(self, name: str) -> str:
        value = self._body.get(name)
        if not isinstance(value, str):
            raise BadArgument(f"'{name}' must be a string.")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._body.get(name) is None else self.text(name)

    def optional_bytes(self, name: str) -> bytes | None:
        value = self._body.get(name)
        if not isinstance(value, bytes | None):
            raise BadArgument(f"'{name}' must be binary.")
        return value

    def items(self, name: str) -> list[object]:
        value = self._body.get(name)
        if not isinstance(value, list):
            raise BadArgument(f"'{name}' must be an array.")
        return value

    def sequences(self) -> list[int]:
        found = self.items("sequence-numbers")
        return [number for number in found if isinstance(number, int)]

    def tokens(self) -> list[uuid.UUID]:
        return [token for token in self.items("lock-tokens") if isinstance(token, uuid.UUID)]

    def message(self, entry: object) -> WireContent:
        encoded = entry.get("message") if isinstance(entry, dict) else None
        if not isinstance(encoded, bytes):
            raise BadArgument("each of 'messages' must have the message as binary.")
        return contents_of(encoded, None)[0]


def answer(entity: Queue | Topic, request: Request) -> Response:
    """Do what the request says; a refusal is an answer too."""
    try:
        return _act(entity, request.operation, Arguments(request.body))
    except BusError as error:
        return Response(error.status, str(error), codec.map_of({}), error.condition)


def _act(entity: Queue | Topic, operation: str, arguments: Arguments) -> Response:
    if operation in _OF_ALL:
        return _OF_ALL[operation](entity, arguments)
    if operation in _OF_QUEUES and isinstance(entity, Queue):
        return _OF_QUEUES[operation](entity, arguments)
    if operation in _OF_SESSIONS and isinstance(entity, SessionQueue):
        return _OF_SESSIONS[operation](entity, arguments)
    raise NotSupported(f"'{entity.path}' does not support the operation '{operation}'.")


def _ok(**entries: bytes) -> Response:
    body = {name.replace("_", "-"): value for name, value in entries.items()}
    return Response(200, "OK", codec.map_of(body))


def _nothing() -> Response:
    return Response(204, "No content", codec.map_of({}))


def _schedule(entity: Queue | Topic, arguments: Arguments) -> Response:
    contents = [arguments.message(entry) for entry in arguments.items("messages")]
    numbers = entity.schedule(contents)
    return _ok(sequence_numbers=codec.array_of_numbers(codec.LONG, numbers))


def _cancel(entity: Queue | Topic, arguments: Arguments) -> Response:
    entity.cancel(arguments.sequences())
    return _ok()


def _renew(queue: Queue, arguments: Arguments) -> Response:
    ends = [queue.renew(token) for token in arguments.tokens()]
    return _ok(expirations=codec.array_of_numbers(codec.TIMESTAMP, ends))


def _peek(queue: Queue, arguments: Arguments) -> Response:
    found = queue.peek(
        arguments.whole_number("from-sequence-number"),
        arguments.whole_number("message-count"),
        arguments.optional_text("session-id"),
    )
    if not found:
        return _nothing()
    return _ok(messages=codec.list_of([codec.map_of(_peeked(message)) for message in found]))


def _peeked(message: Message) -> dict[str, bytes]:
    return {"message": codec.binary(render(message, locked=False))}


def _receive_deferred(queue: Queue, arguments: Arguments) -> Response:
    removes = arguments.whole_number("receiver-settle-mode", 1) == 0
    found = queue.receive_deferred(arguments.sequences(), removes=removes)
    return _ok(messages=codec.list_of([codec.map_of(_received(message)) for message in found]))


def _received(message: Message) -> dict[str, bytes]:
    return {
        "message": codec.binary(render(message, locked=True)),
        "lock-token": codec.uuid_value(message.token or uuid.uuid4()),
    }


def _update_disposition(queue: Queue, arguments: Arguments) -> Response:
    status = arguments.text("disposition-status")
    settle = _SETTLEMENTS.get(status)
    if settle is None:
        raise BadArgument(f"'{status}' is no disposition.")
    for token in arguments.tokens():
        settle(queue, token, arguments)
    return _ok()


def _dead_letter(queue: Queue, token: uuid.UUID, arguments: Arguments) -> None:
    reason = arguments.optional_text("deadletter-reason")
    queue.dead_letter(token, reason, arguments.optional_text("deadletter-description"))


_SETTLEMENTS: dict[str, Callable[[Queue, uuid.UUID, Arguments], None]] = {
    "completed": lambda queue, token, _: queue.complete(token),
    "abandoned": lambda queue, token, _: queue.abandon(token),
    "defered": lambda queue, token, _: queue.defer(token),
    "suspended": _dead_letter,
}


def _renew_session(queue: SessionQueue, arguments: Arguments) -> Response:
    until = queue.renew_session(arguments.text("session-id"))
    return _ok(expiration=codec.timestamp(Timestamp(until)))


def _session_state(queue: SessionQueue, arguments: Arguments) -> Response:
    state = queue.session_state(arguments.text("session-id"))
    return _ok(session_state=codec.NULL if state is None else codec.binary(state))


def _set_session_state(queue: SessionQueue, arguments: Arguments) -> Response:
    state = arguments.optional_bytes("session-state")
    queue.set_session_state(arguments.text("session-id"), state)
    return _ok()


def _list_sessions(queue: SessionQueue, arguments: Arguments) -> Response:
    since = arguments.whole_number("last-updated-time", ALL_SESSIONS)
    changed = since < ALL_SESSIONS
    found = queue.session_ids_changed_since(since) if changed else queue.session_ids()
    skip = max(0, arguments.whole_number("skip", 0))
    page = found[skip : skip + max(0, arguments.whole_number("top", 100))]
    if not page:
        return _nothing()
    return _ok(
        sessions_ids=codec.list_of([codec.string(session_id) for session_id in page]),
        skip=codec.int32(skip + len(page)),
    )


_OF_ALL: dict[str, Callable[[Queue | Topic, Arguments], Response]] = {
    "com.microsoft:schedule-message": _schedule,
    "com.microsoft:cancel-scheduled-message": _cancel,
}
_OF_QUEUES: dict[str, Callable[[Queue, Arguments], Response]] = {
    "com.microsoft:renew-lock": _renew,
    "com.microsoft:peek-message": _peek,
    "com.microsoft:receive-by-sequence-number": _receive_deferred,
    "com.microsoft:update-disposition": _update_disposition,
}
_OF_SESSIONS: dict[str, Callable[[SessionQueue, Arguments], Response]] = {
    "com.microsoft:renew-session-lock": _renew_session,
    "com.microsoft:get-session-state": _session_state,
    "com.microsoft:set-session-state": _set_session_state,
    "com.microsoft:get-message-sessions": _list_sessions,
}
