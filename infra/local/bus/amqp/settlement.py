"""What a receiver decided about a message, and the outcome that confirms it."""

import uuid

from infra.local.bus.amqp import frames
from infra.local.bus.amqp.codec import DecodeError, Described
from infra.local.bus.amqp.performatives import descriptor_code, error_of
from infra.local.bus.entities.errors import BusError
from infra.local.bus.entities.queue import Queue


def settle(queue: Queue, token: uuid.UUID, state: Described | None) -> bytes:
    """Do it and return the state to answer with: the same outcome, or the reason why not."""
    try:
        return _settle(queue, token, state)
    except BusError as error:
        return frames.rejected(error.condition, str(error))


def _settle(queue: Queue, token: uuid.UUID, state: Described | None) -> bytes:
    fields = state.value if state is not None and isinstance(state.value, list) else []
    match descriptor_code(state):
        case 0x24:
            queue.complete(token)
            return frames.ACCEPTED
        case 0x25:
            queue.dead_letter(token, *_reason(fields))
            return frames.REJECTED
        case 0x26 | None:
            queue.release(token)
            return frames.RELEASED
        case 0x27:
            return _modify(queue, token, fields)
        case other:
            raise DecodeError(f"0x{other:02x} is not the descriptor of an outcome")


def _modify(queue: Queue, token: uuid.UUID, fields: list[object]) -> bytes:
    """Undeliverable here means deferred; all else is abandoned, even with delivery-failed unset.

    JavaScript and .NET leave delivery-failed out when they abandon.
    """
    if len(fields) > 1 and fields[1] is True:
        queue.defer(token)
    else:
        queue.abandon(token)
    return frames.MODIFIED


def _reason(fields: list[object]) -> tuple[str | None, str | None]:
    info = error_of(fields[0] if fields else None)[2]
    found = info if isinstance(info, dict) else {}
    reason = found.get("DeadLetterReason")
    description = found.get("DeadLetterErrorDescription")
    return (
        reason if isinstance(reason, str) else None,
        description if isinstance(description, str) else None,
    )
