"""Whatever a client sends, only its own connection pays for it."""

import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.bus import Broker
from infra.local.bus.amqp import codec, frames
from infra.local.bus.amqp.codec import NULL

TOPOLOGY = Path(__file__).parent / "topology.json"

SASL_INIT = frames.frame(0, codec.described(0x41, codec.list_of([codec.symbol("ANONYMOUS")])), 1)
OPEN = frames.frame(0, codec.described(0x10, codec.list_of([codec.string("tester")])))
BEGIN = frames.frame(
    0, codec.described(0x11, codec.list_of([NULL, codec.uint(0), codec.uint(99), codec.uint(99)]))
)
HELLO = frames.SASL_HEADER + SASL_INIT + frames.AMQP_HEADER + OPEN + BEGIN


@pytest.fixture(scope="module")
def broker():
    with Broker(None, TOPOLOGY) as broker:
        yield broker


def say(broker: Broker, data: bytes) -> bytes:
    """Everything that the broker answers until it, or we, have nothing more to say."""
    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def attach(*, source: bytes = NULL, target: bytes = NULL, receiver: bool, handle: int = 1) -> bytes:
    fields = [codec.string("link"), codec.uint(handle), codec.boolean(receiver), NULL, NULL]
    return frames.frame(0, codec.described(0x12, codec.list_of([*fields, source, target])))


def terminus(kind: int, address: str) -> bytes:
    return codec.described(kind, codec.list_of([codec.string(address)]))


def is_alive(broker: Broker) -> bool:
    return say(broker, HELLO).startswith(frames.SASL_HEADER)


def test_a_handshake_is_answered(broker):
    answer = say(broker, HELLO)

    assert answer.startswith(frames.SASL_HEADER + frames.sasl_mechanisms())
    assert frames.open_() in answer
    assert frames.begin(0, 1 << 20) in answer


def test_another_protocol_is_told_what_is_spoken_here(broker):
    assert say(broker, b"GET / HTTP/1.1\r\n\r\n") == frames.SASL_HEADER


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xff\xff\xff\x02\x00\x00\x00", "a frame of 4294967295 bytes"),
        (b"\x00\x00\x00\x04\x02\x00\x00\x00", "a frame of 4 bytes"),
        (b"\x00\x00\x00\x08\x00\x00\x00\x00", "body starts at byte 0"),
        (frames.frame(0, b"\x00\x53\x99\x45"), "no known performative"),
        (frames.frame(0, b"\xff"), "unknown constructor"),
        (frames.frame(9, b"\x00\x53\x17\x45"), "no session on channel 9"),
        (OPEN, "out of turn"),
        (BEGIN, "channel 0 is taken"),
        (attach(receiver=True), "no address"),
        (attach(receiver=True, handle=5000), "out of range"),
    ],
)
def test_a_malformed_frame_closes_its_connection_with_the_reason(broker, data, reason):
    answer = say(broker, HELLO + data)

    assert b"amqp:decode-error" in answer
    assert reason.encode() in answer
    assert is_alive(broker)


def test_a_handle_is_used_once(broker):
    link = attach(
        receiver=True, source=terminus(0x28, "$cbs"), target=terminus(0x29, "me"), handle=3
    )

    assert b"handle 3 is taken" in say(broker, HELLO + link + link)


def test_nothing_but_the_token_node_is_open_to_strangers(broker):
    for address in ("orders", "orders/$management"):
        link = attach(receiver=False, target=terminus(0x29, address), source=terminus(0x28, "me"))

        assert b"amqp:unauthorized-access" in say(broker, HELLO + link)


def test_transactions_are_refused(broker):
    link = attach(
        receiver=False,
        source=terminus(0x28, "me"),
        target=codec.described(0x30, codec.list_of([])),
    )

    assert b"amqp:not-implemented" in say(broker, HELLO + link)


def test_a_disposition_of_everything_is_no_work(broker):
    fields = [codec.TRUE, codec.uint(0), codec.uint(0xFFFFFFFF), codec.TRUE, frames.ACCEPTED]

    say(broker, HELLO + frames.frame(0, codec.described(0x15, codec.list_of(fields))))

    assert is_alive(broker)


def test_a_peer_with_an_idle_timeout_is_kept_content(broker):
    fields = [codec.string("tester"), NULL, NULL, NULL, codec.uint(200)]
    opening = frames.frame(0, codec.described(0x10, codec.list_of(fields)))

    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as connection:
        connection.sendall(frames.AMQP_HEADER + opening)
        answer = b""
        while answer.count(frames.HEARTBEAT) < 2:
            answer += connection.recv(65536)

    assert answer.startswith(frames.AMQP_HEADER)


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_noise_never_harms_the_broker(broker, noise):
    say(broker, HELLO + b"".join(frames.frame(0, body) for body in noise))

    assert is_alive(broker)
