"""AMQP types: what we encode we decode, and whatever else comes in is refused, never fatal."""

import uuid
from contextlib import suppress

import pytest
from azure.servicebus._pyamqp._encode import encode_value
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infra.local.bus.amqp import codec
from infra.local.bus.amqp.codec import DecodeError, Described, Symbol, Timestamp
from infra.local.bus.amqp.message import contents_of, sections
from infra.local.bus.amqp.performatives import parse
from infra.local.bus.amqp.requests import Request

NOISE = st.binary(max_size=200)
IDENTITY = uuid.UUID(int=5)


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        (codec.NULL, None),
        (codec.TRUE, True),
        (codec.FALSE, False),
        (codec.ubyte(7), 7),
        (codec.ushort(700), 700),
        (codec.uint(0), 0),
        (codec.uint(255), 255),
        (codec.uint(256), 256),
        (codec.ulong(2**63), 2**63),
        (codec.int32(-5), -5),
        (codec.long(-5), -5),
        (codec.timestamp(1767312000000), Timestamp(1767312000000)),
        (codec.uuid_value(IDENTITY), IDENTITY),
        (codec.string("ü"), "ü"),
        (codec.string("x" * 300), "x" * 300),
        (codec.symbol("a:b"), Symbol("a:b")),
        (codec.binary(b"\x00" * 300), b"\x00" * 300),
        (codec.list_of([codec.TRUE, codec.string("x" * 300)]), [True, "x" * 300]),
        (codec.list_of([codec.TRUE] * 300), [True] * 300),
        (codec.list_of([]), []),
        (codec.map_of({"k": codec.uint(1)}), {"k": 1}),
        (codec.array_of_numbers(codec.LONG, [1, -2]), [1, -2]),
        (codec.array_of_numbers(codec.LONG, []), []),
        (codec.array_of_symbols(["a", "bc"]), [Symbol("a"), Symbol("bc")]),
        (codec.described(0x24, codec.list_of([])), Described(0x24, [])),
    ],
)
def test_what_is_encoded_is_decoded(encoded, value):
    assert codec.decode(encoded) == (value, len(encoded))
    assert codec.skip(encoded, 0) == len(encoded)


@pytest.mark.parametrize("value", [5, -5, 1.5, "text", b"raw", True, None, [1, "a"], {"k": 2}])
def test_what_the_sdk_encodes_is_decoded(value):
    encoded = bytearray()
    encode_value(encoded, value)

    assert codec.decode(bytes(encoded))[0] == value


@given(NOISE)
@example(b"\x00" * 200)
@example(b"\xc1\x03\x02\x45\x40")
@example(b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40")
@example(b"\xd0\xff\xff\xff\xff\xff\xff\xff\xff")
@settings(max_examples=300, deadline=None)
def test_noise_is_decoded_or_refused(noise):
    for read in (codec.decode, codec.elements, sections, parse, Request.parse):
        with suppress(DecodeError):
            read(noise)


@given(NOISE)
@settings(max_examples=200, deadline=None)
def test_a_noisy_message_is_taken_or_refused(noise):
    message = codec.described(0x73, codec.list_of([codec.string("id")])) + noise

    try:
        (content,) = contents_of(message, None)
    except DecodeError:
        return

    assert content.properties.message_id is not None


def test_nesting_without_end_is_refused():
    with pytest.raises(DecodeError):
        codec.decode(b"\x00" * 100_000)
    with pytest.raises(DecodeError):
        codec.skip(b"\x00" * 100_000, 0)


def test_a_performative_of_the_wrong_type_is_refused():
    attach = codec.described(0x12, codec.list_of([codec.uint(1), codec.uint(1), codec.TRUE]))

    with pytest.raises(DecodeError, match=r"Attach\.name"):
        parse(attach)


def test_a_performative_without_its_mandatory_fields_is_refused():
    with pytest.raises(DecodeError, match="Attach lacks"):
        parse(codec.described(0x12, codec.list_of([codec.string("name")])))
