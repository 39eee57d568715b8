"""The frames that the broker sends, encoded."""

import struct
from collections.abc import Mapping

from infra.local.bus.amqp import codec
from infra.local.bus.amqp.performatives import Attach

AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
SASL_HEADER = b"AMQP\x03\x01\x00\x00"

MAX_FRAME_SIZE = 1 << 20
CHANNEL_MAX = 255
HANDLE_MAX = 1023
INCOMING_WINDOW = 0x7FFFFFFF

ACCEPTED = codec.described(0x24, codec.list_of([]))
REJECTED = codec.described(0x25, codec.list_of([]))
RELEASED = codec.described(0x26, codec.list_of([]))
MODIFIED = codec.described(0x27, codec.list_of([]))

_HEAD = struct.Struct(">IBBH")
_TRANSFER_OVERHEAD = 128


def frame(channel: int, body: bytes, kind: int = 0) -> bytes:
    return _HEAD.pack(len(body) + _HEAD.size, 2, kind, channel) + body


HEARTBEAT = frame(0, b"")


def sasl_mechanisms() -> bytes:
    names = codec.array_of_symbols(["ANONYMOUS", "MSSBCBS", "PLAIN", "EXTERNAL"])
    return frame(0, codec.described(0x40, codec.list_of([names])), 1)


def sasl_welcome() -> bytes:
    return frame(0, codec.described(0x44, codec.list_of([codec.ubyte(0)])), 1)


def open_() -> bytes:
    """No idle timeout: the SDK answers heartbeats only while somebody listens."""
    fields = [
        codec.string("signalbox"),
        codec.NULL,
        codec.uint(MAX_FRAME_SIZE),
        codec.ushort(CHANNEL_MAX),
    ]
    return frame(0, codec.described(0x10, codec.list_of(fields)))


def begin(channel: int, next_outgoing_id: int) -> bytes:
    fields = [
        codec.ushort(channel),
        codec.uint(next_outgoing_id),
        codec.uint(INCOMING_WINDOW),
        codec.uint(INCOMING_WINDOW),
        codec.uint(HANDLE_MAX),
    ]
    return frame(channel, codec.described(0x11, codec.list_of(fields)))


def attach(
    channel: int,
    asked: Attach,
    source: bytes,
    target: bytes,
    *,
    max_message_size: int,
    properties: Mapping[str, bytes] | None = None,
) -> bytes:
    """The answer to an attach, with the termini as they are to be echoed."""
    fields = [
        codec.string(asked.name),
        codec.uint(asked.handle),
        codec.boolean(not asked.is_receiver),
        codec.ubyte(2 if asked.snd_settle_mode is None else asked.snd_settle_mode),
        codec.ubyte(asked.rcv_settle_mode or 0),
        source,
        target,
        codec.NULL,
        codec.NULL,
        codec.uint(0) if asked.is_receiver else codec.NULL,
        codec.ulong(max_message_size),
        codec.NULL,
        codec.NULL,
        _symbol_map(properties or {}),
    ]
    return frame(channel, codec.described(0x12, codec.list_of(fields)))


def _symbol_map(entries: Mapping[str, bytes]) -> bytes:
    pairs = [part for key, value in entries.items() for part in (codec.symbol(key), value)]
    return codec.map_of_pairs(pairs)


def flow(channel: int, window: tuple[int, int], link: tuple[int, int, int] | None) -> bytes:
    """``window``: next incoming and outgoing id; ``link``: handle, delivery count and credit."""
    fields = [
        codec.uint(window[0]),
        codec.uint(INCOMING_WINDOW),
        codec.uint(window[1]),
        codec.uint(INCOMING_WINDOW),
        *(codec.uint(number) for number in link or ()),
    ]
    return frame(channel, codec.described(0x13, codec.list_of(fields)))


def transfers(
    channel: int,
    link: tuple[int, int, bytes],
    message: bytes,
    *,
    settled: bool,
    max_frame_size: int,
) -> list[bytes]:
    """One message as one or more frames; ``link``: handle, delivery id and delivery tag."""
    handle, delivery_id, tag = link
    head = [
        codec.uint(handle),
        codec.uint(delivery_id),
        codec.binary(tag),
        codec.uint(0),
        codec.boolean(settled),
    ]
    size = max(max_frame_size - _TRANSFER_OVERHEAD, _TRANSFER_OVERHEAD)
    starts = range(0, len(message), size)
    return [
        frame(
            channel,
            codec.described(
                0x14, codec.list_of([*head, codec.boolean(start + size < len(message))])
            )
            + message[start : start + size],
        )
        for start in starts
    ]


def disposition(channel: int, delivery_id: int, state: bytes, *, as_receiver: bool) -> bytes:
    fields = [
        codec.boolean(as_receiver),
        codec.uint(delivery_id),
        codec.uint(delivery_id),
        codec.TRUE,
        state,
    ]
    return frame(channel, codec.described(0x15, codec.list_of(fields)))


def rejected(condition: str, description: str) -> bytes:
    """The outcome of a delivery, or of a settlement, that failed."""
    return codec.described(0x25, codec.list_of([codec.error(condition, description)]))


def detach(channel: int, handle: int, error: bytes = codec.NULL) -> bytes:
    fields = [codec.uint(handle), codec.TRUE, error]
    return frame(channel, codec.described(0x16, codec.list_of(fields)))


def end(channel: int) -> bytes:
    return frame(channel, codec.described(0x17, codec.list_of([])))


def close(error: bytes | None = None) -> bytes:
    return frame(0, codec.described(0x18, codec.list_of([error] if error else [])))
