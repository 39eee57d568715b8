"""The frame bodies of AMQP 1.0: what a peer may say, checked for type as it is decoded."""

from types import UnionType
from typing import NamedTuple, get_args, get_origin, get_type_hints

from infra.local.bus.amqp.codec import DecodeError, Described, decode

SASL_INIT = 0x41


class Open(NamedTuple):
    container_id: str
    hostname: str | None = None
    max_frame_size: int | None = None
    channel_max: int | None = None
    idle_time_out: int | None = None


class Begin(NamedTuple):
    remote_channel: int | None
    next_outgoing_id: int
    incoming_window: int
    outgoing_window: int


class Attach(NamedTuple):
    name: str
    handle: int
    is_receiver: bool
    snd_settle_mode: int | None = None
    rcv_settle_mode: int | None = None
    source: Described | None = None
    target: Described | None = None
    unsettled: dict[object, object] | None = None
    incomplete_unsettled: bool | None = None
    initial_delivery_count: int | None = None
    max_message_size: int | None = None
    offered_capabilities: object = None
    desired_capabilities: object = None
    properties: dict[object, object] | None = None


class Flow(NamedTuple):
    next_incoming_id: int | None
    incoming_window: int
    next_outgoing_id: int
    outgoing_window: int
    handle: int | None = None
    delivery_count: int | None = None
    link_credit: int | None = None
    available: int | None = None
    drain: bool | None = None
    echo: bool | None = None


class Transfer(NamedTuple):
    handle: int
    delivery_id: int | None = None
    delivery_tag: bytes | None = None
    message_format: int | None = None
    settled: bool | None = None
    more: bool | None = None
    rcv_settle_mode: int | None = None
    state: object = None
    resume: bool | None = None
    aborted: bool | None = None


class Disposition(NamedTuple):
    is_receiver: bool
    first: int
    last: int | None = None
    settled: bool | None = None
    state: Described | None = None


class Detach(NamedTuple):
    handle: int
    closed: bool | None = None
    error: Described | None = None


class End(NamedTuple):
    error: Described | None = None


class Close(NamedTuple):
    error: Described | None = None


Performative = Open | Begin | Attach | Flow | Transfer | Disposition | Detach | End | Close


def _accepted(hint: object) -> type | tuple[type, ...]:
    """The classes of a field, in the form that isinstance checks fastest."""
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return tuple(get_origin(option) or option for option in options)


_KINDS: dict[int, type[Performative]] = {
    0x10: Open,
    0x11: Begin,
    0x12: Attach,
    0x13: Flow,
    0x14: Transfer,
    0x15: Disposition,
    0x16: Detach,
    0x17: End,
    0x18: Close,
}
_HINTS = {
    code: tuple(_accepted(hint) for hint in get_type_hints(kind).values())
    for code, kind in _KINDS.items()
}


def descriptor_code(value: object) -> int | None:
    """The numeric descriptor of a described value, or None when it has none."""
    if isinstance(value, Described) and isinstance(value.descriptor, int):
        return value.descriptor
    return None


def parse(body: bytes) -> tuple[Performative, int]:
    """Return the performative of a frame body and where its payload starts."""
    value, end = decode(body)
    code = descriptor_code(value)
    if code not in _KINDS or not isinstance(value, Described):
        raise DecodeError("the frame holds no known performative")
    return _build(code, value.value), end


def _build(code: int, fields: object) -> Performative:
    kind, hints = _KINDS[code], _HINTS[code]
    if not isinstance(fields, list):
        raise DecodeError(f"{kind.__name__} is not a list")
    for name, value, accepted in zip(kind._fields, fields, hints, strict=False):
        if not isinstance(value, accepted):
            raise DecodeError(f"{kind.__name__}.{name} has the wrong type")
    try:
        return kind(*fields[: len(hints)])
    except TypeError as error:
        raise DecodeError(f"{kind.__name__} lacks mandatory fields") from error


def error_of(state: object) -> list[object]:
    """The fields of an AMQP error, padded to condition, description, info."""
    fields = state.value if isinstance(state, Described) else None
    known = fields if isinstance(fields, list) else []
    return [*known, None, None, None][:3]
