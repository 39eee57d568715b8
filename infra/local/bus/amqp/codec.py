"""The AMQP 1.0 type system: bytes to Python values and back.

Decoding is total: whatever the bytes are, it returns a value or raises ``DecodeError``. Encoders
name the AMQP type, because a peer cares whether a number is an int, a uint or a timestamp.
"""

import struct
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


class DecodeError(ValueError):
    """The bytes are not a valid AMQP 1.0 encoding."""


class Symbol(str):
    """A string from a closed set of names; other than text, it is ASCII."""

    __slots__ = ()


class Timestamp(int):
    """Milliseconds since 1970, UTC."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Described:
    """A value with a descriptor that says what it is."""

    descriptor: object
    value: object


Decoder = Callable[[bytes, int], tuple[object, int]]

_U16 = struct.Struct(">H")
_I16 = struct.Struct(">h")
_U32 = struct.Struct(">I")
_I32 = struct.Struct(">i")
_U64 = struct.Struct(">Q")
_I64 = struct.Struct(">q")
_F32 = struct.Struct(">f")
_F64 = struct.Struct(">d")
_U8 = struct.Struct(">B")
_I8 = struct.Struct(">b")

_FIXED_WIDTHS = {0x4: 0, 0x5: 1, 0x6: 2, 0x7: 4, 0x8: 8, 0x9: 16}
_MALFORMED = (IndexError, struct.error, UnicodeError, RecursionError, TypeError)


def decode(data: bytes, at: int = 0) -> tuple[object, int]:
    """Return the value that starts at ``at`` and the position behind it."""
    try:
        return _value(data, at)
    except _MALFORMED as error:
        raise DecodeError(f"malformed value at byte {at}: {error}") from error


def skip(data: bytes, at: int) -> int:
    """Return the position behind the value that starts at ``at`` without decoding it."""
    try:
        end = _behind(data, at)
    except _MALFORMED as error:
        raise DecodeError(f"malformed value at byte {at}: {error}") from error
    if end > len(data):
        raise DecodeError(f"the value at byte {at} is cut short")
    return end


def elements(data: bytes, at: int = 0) -> list[bytes]:
    """Return the encoded elements of the list or map that starts at ``at``; of null, none."""
    if data[at : at + 1] in (b"\x40", b"\x45"):
        return []
    count, start, end = _compound(data, at)
    found = []
    for _ in range(count):
        behind = skip(data, start)
        found.append(data[start:behind])
        start = behind
    if start != end:
        raise DecodeError(f"the elements of the compound at byte {at} do not fill it")
    return found


def _compound(data: bytes, at: int) -> tuple[int, int, int]:
    """Return element count, start of the first element and end of a list or map."""
    try:
        if data[at] in (0xC0, 0xC1):
            return _sized(data, at + 1, wide=False)
        if data[at] in (0xD0, 0xD1):
            return _sized(data, at + 1, wide=True)
    except _MALFORMED as error:
        raise DecodeError(f"malformed compound at byte {at}: {error}") from error
    raise DecodeError(f"expected a list or a map at byte {at}")


def _sized(data: bytes, at: int, *, wide: bool) -> tuple[int, int, int]:
    if wide:
        size, count = _U32.unpack_from(data, at)[0], _U32.unpack_from(data, at + 4)[0]
        start, end = at + 8, at + 4 + size
    else:
        size, count = data[at], data[at + 1]
        start, end = at + 2, at + 1 + size
    if end > len(data) or count > size:
        raise DecodeError(f"the size of the compound at byte {at} exceeds the data")
    return count, start, end


def _behind(data: bytes, at: int) -> int:
    constructor = data[at]
    at += 1
    if constructor == 0:
        return _behind(data, _behind(data, at))
    width = _FIXED_WIDTHS.get(constructor >> 4)
    if width is not None:
        return at + width
    if constructor >> 4 in (0xA, 0xC, 0xE):
        return at + 1 + data[at]
    if constructor >> 4 in (0xB, 0xD, 0xF):
        return at + 4 + int(_U32.unpack_from(data, at)[0])
    raise DecodeError(f"unknown constructor 0x{constructor:02x}")


def _value(data: bytes, at: int) -> tuple[object, int]:
    return _DECODERS[data[at]](data, at + 1)


def _unknown(data: bytes, at: int) -> tuple[object, int]:
    raise DecodeError(f"unknown constructor 0x{data[at - 1]:02x}")


def _described(data: bytes, at: int) -> tuple[object, int]:
    descriptor, at = _value(data, at)
    value, at = _value(data, at)
    return Described(descriptor, value), at


def _constant(value: object) -> Decoder:
    return lambda _, at: (value, at)


def _number(layout: struct.Struct, kind: Callable[[int], object] | None = None) -> Decoder:
    unpack, width = layout.unpack_from, layout.size
    if kind is None:
        return lambda data, at: (unpack(data, at)[0], at + width)
    return lambda data, at: (kind(unpack(data, at)[0]), at + width)


def _take(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    end = at + length
    if end > len(data):
        raise DecodeError(f"the value at byte {at} is cut short")
    return data[at:end], end


def _opaque(width: int, kind: Callable[[bytes], object]) -> Decoder:
    def decoder(data: bytes, at: int) -> tuple[object, int]:
        raw, end = _take(data, at, width)
        return kind(raw), end

    return decoder


def _variable8(kind: Callable[[bytes], object]) -> Decoder:
    def decoder(data: bytes, at: int) -> tuple[object, int]:
        raw, end = _take(data, at + 1, data[at])
        return kind(raw), end

    return decoder


def _variable32(kind: Callable[[bytes], object]) -> Decoder:
    def decoder(data: bytes, at: int) -> tuple[object, int]:
        raw, end = _take(data, at + 4, _U32.unpack_from(data, at)[0])
        return kind(raw), end

    return decoder


def _list(*, wide: bool) -> Decoder:
    def decoder(data: bytes, at: int) -> tuple[object, int]:
        count, start, end = _sized(data, at, wide=wide)
        values = []
        for _ in range(count):
            value, start = _value(data, start)
            values.append(value)
        return _filled(values, start, end), end

    return decoder


def _map(*, wide: bool) -> Decoder:
    def decoder(data: bytes, at: int) -> tuple[object, int]:
        count, start, end = _sized(data, at, wide=wide)
        if count % 2:
            raise DecodeError(f"the map at byte {at} has a key without a value")
        values: dict[object, object] = {}
        for _ in range(count // 2):
            key, start = _value(data, start)
            values[key], start = _value(data, start)
        return _filled(values, start, end), end

    return decoder


def _array(*, wide: bool) -> Decoder:
    def decoder(data: bytes, at: int) -> tuple[object, int]:
        count, start, end = _sized(data, at, wide=wide)
        if count == 0:
            return [], end
        descriptor, is_described = None, data[start] == 0
        if is_described:
            descriptor, start = _value(data, start + 1)
        element, start = _DECODERS[data[start]], start + 1
        values = []
        for _ in range(count):
            value, start = element(data, start)
            values.append(Described(descriptor, value) if is_described else value)
        return _filled(values, start, end), end

    return decoder


def _filled(values: object, reached: int, end: int) -> object:
    if reached != end:
        raise DecodeError(f"a compound ends at byte {end}, its elements at {reached}")
    return values


def _text(raw: bytes) -> str:
    return str(raw, "utf-8")


def _symbol(raw: bytes) -> Symbol:
    return Symbol(raw, "ascii")


def _uuid(raw: bytes) -> uuid.UUID:
    return uuid.UUID(bytes=raw)


def _char(raw: bytes) -> str:
    return raw.decode("utf-32-be")


_DECODERS: list[Decoder] = [_unknown] * 256
for _constructor, _decoder in {
    0x00: _described,
    0x40: _constant(None),
    0x41: _constant(True),
    0x42: _constant(False),
    0x43: _constant(0),
    0x44: _constant(0),
    0x50: _number(_U8),
    0x51: _number(_I8),
    0x52: _number(_U8),
    0x53: _number(_U8),
    0x54: _number(_I8),
    0x55: _number(_I8),
    0x56: _number(_U8, bool),
    0x60: _number(_U16),
    0x61: _number(_I16),
    0x70: _number(_U32),
    0x71: _number(_I32),
    0x72: _number(_F32),
    0x73: _opaque(4, _char),
    0x74: _opaque(4, bytes),
    0x80: _number(_U64),
    0x81: _number(_I64),
    0x82: _number(_F64),
    0x83: _number(_I64, Timestamp),
    0x84: _opaque(8, bytes),
    0x94: _opaque(16, bytes),
    0x98: _opaque(16, _uuid),
    0xA0: _variable8(bytes),
    0xA1: _variable8(_text),
    0xA3: _variable8(_symbol),
    0xB0: _variable32(bytes),
    0xB1: _variable32(_text),
    0xB3: _variable32(_symbol),
    0xC0: _list(wide=False),
    0xC1: _map(wide=False),
    0xD0: _list(wide=True),
    0xD1: _map(wide=True),
    0xE0: _array(wide=False),
    0xF0: _array(wide=True),
}.items():
    _DECODERS[_constructor] = _decoder
_DECODERS[0x45] = lambda _, at: ([], at)


NULL = b"\x40"
TRUE = b"\x41"
FALSE = b"\x42"

LONG = b"\x81"
TIMESTAMP = b"\x83"


def boolean(value: bool) -> bytes:
    return TRUE if value else FALSE


def ubyte(value: int) -> bytes:
    return b"\x50" + _U8.pack(value)


def ushort(value: int) -> bytes:
    return b"\x60" + _U16.pack(value)


def uint(value: int) -> bytes:
    if value == 0:
        return b"\x43"
    return b"\x52" + _U8.pack(value) if value < 256 else b"\x70" + _U32.pack(value)


def ulong(value: int) -> bytes:
    if value == 0:
        return b"\x44"
    return b"\x53" + _U8.pack(value) if value < 256 else b"\x80" + _U64.pack(value)


def int32(value: int) -> bytes:
    return b"\x71" + _I32.pack(value)


def long(value: int) -> bytes:
    return LONG + _I64.pack(value)


def timestamp(milliseconds: int) -> bytes:
    return TIMESTAMP + _I64.pack(milliseconds)


def uuid_value(value: uuid.UUID) -> bytes:
    return b"\x98" + value.bytes


def string(value: str) -> bytes:
    return _sized_bytes(value.encode(), 0xA1)


def symbol(value: str) -> bytes:
    return _sized_bytes(value.encode("ascii"), 0xA3)


def binary(value: bytes) -> bytes:
    return _sized_bytes(value, 0xA0)


def _sized_bytes(raw: bytes, constructor: int) -> bytes:
    if len(raw) < 256:
        return bytes((constructor, len(raw))) + raw
    return bytes((constructor + 0x10,)) + _U32.pack(len(raw)) + raw


def list_of(items: list[bytes]) -> bytes:
    """Encode a list whose items are encoded already."""
    return _compound_of(items, 0xC0) if items else b"\x45"


def map_of(entries: Mapping[str, bytes]) -> bytes:
    """Encode a map with string keys whose values are encoded already."""
    return map_of_pairs([part for key, value in entries.items() for part in (string(key), value)])


def map_of_pairs(pairs: list[bytes]) -> bytes:
    """Encode a map from alternating keys and values that are encoded already."""
    return _compound_of(pairs, 0xC1)


def _compound_of(items: list[bytes], constructor: int) -> bytes:
    body = b"".join(items)
    if len(body) < 255 and len(items) < 256:
        return bytes((constructor, len(body) + 1, len(items))) + body
    return bytes((constructor + 0x10,)) + _U32.pack(len(body) + 4) + _U32.pack(len(items)) + body


def array_of_numbers(constructor: bytes, numbers: Iterable[int]) -> bytes:
    """Encode an array of ``LONG`` or ``TIMESTAMP``."""
    raw = [_I64.pack(number) for number in numbers]
    body = constructor + b"".join(raw)
    return b"\xf0" + _U32.pack(len(body) + 4) + _U32.pack(len(raw)) + body


def array_of_symbols(names: Iterable[str]) -> bytes:
    raw = [bytes((len(name),)) + name.encode("ascii") for name in names]
    body = b"\xa3" + b"".join(raw)
    return b"\xf0" + _U32.pack(len(body) + 4) + _U32.pack(len(raw)) + body


def described(descriptor: int, encoded: bytes) -> bytes:
    return b"\x00" + ulong(descriptor) + encoded


def error(condition: str, description: str) -> bytes:
    """Encode an AMQP error with all three fields: pyamqp reads the third without looking."""
    return described(0x1D, list_of([symbol(condition), string(description), NULL]))
