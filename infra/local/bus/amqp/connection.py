"""A client's connection: handshake, frames, and an end to it as soon as they make no sense."""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import structlog

from infra.local.bus.amqp import codec, frames
from infra.local.bus.amqp.codec import DecodeError, decode
from infra.local.bus.amqp.links import ResponseLink
from infra.local.bus.amqp.performatives import (
    SASL_INIT,
    Begin,
    Close,
    End,
    Open,
    Performative,
    descriptor_code,
    parse,
)
from infra.local.bus.amqp.session import Session
from infra.local.bus.entities.namespace import Namespace

_SIZE = struct.Struct(">I")
_MIN_FRAME_SIZE = 512
_MIN_HEARTBEAT = 0.1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hub:
    """What all connections of a broker share."""

    namespace: Namespace
    max_message_size: int
    connections: set["Connection"]
    wake: Callable[[], None]
    """Something changed: make it durable, then let ``Connection.flush`` tell the clients."""


class Stage(Enum):
    """How far the handshake has come."""

    HEADER = "header"
    SASL = "sasl"
    AMQP_HEADER = "amqp header"
    OPEN = "open"
    RUNNING = "running"
    CLOSED = "closed"


class Connection(asyncio.Protocol):
    """Collects what it has to say until the broker's next ``flush``."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.sessions: dict[int, Session] = {}
        self.is_authorized = False
        self._ended: set[int] = set()
        self.remote_max_frame_size = _MIN_FRAME_SIZE
        self._stage = Stage.HEADER
        self._received = bytearray()
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._heartbeat: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"an AMQP connection needs a stream, not {transport!r}")
        self._transport = transport
        self.hub.connections.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self.hub.connections.discard(self)
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        self._end_sessions()
        self.hub.wake()

    def data_received(self, data: bytes) -> None:
        """Handle every complete frame. Whatever is wrong with one ends this connection only."""
        self._received += data
        try:
            self._consume()
        except DecodeError as error:
            self._fail("amqp:decode-error", str(error))
        except Exception:
            log.exception("connection_failed")
            self._fail("amqp:internal-error", "The broker could not handle a frame.")
        self.hub.wake()

    def flush(self) -> None:
        """Send what was said since the last time."""
        if self._transport is not None and self._unsent:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()
        if self._stage is Stage.CLOSED and self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection without a word; what was not flushed is lost."""
        self._unsent.clear()
        if self._transport is not None:
            self._transport.abort()

    def write(self, frame: bytes) -> None:
        self._unsent.append(frame)

    def authorize(self) -> None:
        """A valid token was put: links to entities may be attached."""
        self.is_authorized = True

    def response_link(self, reply_to: str | None, node: str) -> ResponseLink | None:
        """The link that ``reply_to`` names, whichever session it is in."""
        if reply_to is None:
            return None
        found = (session.response_link(node, reply_to) for session in self.sessions.values())
        return next((link for link in found if link is not None), None)

    def is_attached_to(self, entity_path: str) -> bool:
        return any(
            link.entity_path.lower() == entity_path.lower()
            for session in self.sessions.values()
            for link in session.links.values()
        )

    def _consume(self) -> None:
        at = 0
        while self._stage is not Stage.CLOSED:
            taken = self._take(at)
            if taken == 0:
                break
            at += taken
        del self._received[:at]

    def _take(self, at: int) -> int:
        """Handle what starts at ``at`` and return its length; 0 when it is not complete."""
        available = len(self._received) - at
        if available < 8:
            return 0
        if self._stage in (Stage.HEADER, Stage.AMQP_HEADER):
            self._on_header(bytes(self._received[at : at + 8]))
            return 8
        size: int = _SIZE.unpack_from(self._received, at)[0]
        if not 8 <= size <= frames.MAX_FRAME_SIZE:
            raise DecodeError(f"a frame of {size} bytes")
        if available < size:
            return 0
        self._on_frame(bytes(self._received[at : at + size]))
        return size

    def _on_header(self, header: bytes) -> None:
        if header == frames.SASL_HEADER and self._stage is Stage.HEADER:
            self.write(frames.SASL_HEADER)
            self.write(frames.sasl_mechanisms())
            self._stage = Stage.SASL
        elif header == frames.AMQP_HEADER:
            self.write(frames.AMQP_HEADER)
            self._stage = Stage.OPEN
        else:
            self.write(frames.SASL_HEADER)
            self._stage = Stage.CLOSED

    def _on_frame(self, frame: bytes) -> None:
        start = frame[4] * 4
        if not 8 <= start <= len(frame):
            raise DecodeError(f"a frame whose body starts at byte {start}")
        body, channel = frame[start:], int.from_bytes(frame[6:8], "big")
        if self._stage is Stage.SASL:
            self._on_sasl(body)
        elif body:
            performative, payload_at = parse(body)
            self._on_performative(channel, performative, body, payload_at)

    def _on_sasl(self, body: bytes) -> None:
        if descriptor_code(decode(body)[0]) != SASL_INIT:
            raise DecodeError("expected sasl-init")
        self.write(frames.sasl_welcome())
        self._stage = Stage.AMQP_HEADER

    def _on_performative(
        self, channel: int, performative: Performative, body: bytes, payload_at: int
    ) -> None:
        if isinstance(performative, Open) == (self._stage is Stage.RUNNING):
            raise DecodeError(f"{type(performative).__name__} is out of turn")
        match performative:
            case Open():
                self._on_open(performative)
            case Close():
                self._on_close()
            case Begin():
                self._on_begin(channel, performative)
            case End():
                self._on_end(channel)
            case _ if channel in self._ended:
                pass  # pyamqp detaches its management links after it ended their session
            case _:
                self._session(channel).on_frame(performative, body, payload_at)

    def _on_open(self, peer: Open) -> None:
        self.remote_max_frame_size = max(
            _MIN_FRAME_SIZE, min(peer.max_frame_size or frames.MAX_FRAME_SIZE, 1 << 24)
        )
        self._stage = Stage.RUNNING
        self.write(frames.open_())
        if peer.idle_time_out:
            self._beat(max(peer.idle_time_out / 2000, _MIN_HEARTBEAT))

    def _beat(self, every: float) -> None:
        """Keep a peer content that ends connections which are silent for too long."""
        self.write(frames.HEARTBEAT)
        self.hub.wake()
        loop = asyncio.get_running_loop()
        self._heartbeat = loop.call_later(every, self._beat, every)

    def _on_begin(self, channel: int, begin: Begin) -> None:
        if channel in self.sessions or channel > frames.CHANNEL_MAX:
            raise DecodeError(f"the channel {channel} is taken or out of range")
        self._ended.discard(channel)
        self.sessions[channel] = Session(self, channel, begin)

    def _on_end(self, channel: int) -> None:
        self._session(channel).close()
        del self.sessions[channel]
        self._ended.add(channel)
        self.write(frames.end(channel))

    def _on_close(self) -> None:
        self._end_sessions()
        self.write(frames.close())
        self._stage = Stage.CLOSED

    def _session(self, channel: int) -> Session:
        session = self.sessions.get(channel)
        if session is None:
            raise DecodeError(f"no session on channel {channel}")
        return session

    def _end_sessions(self) -> None:
        for session in self.sessions.values():
            session.close()
        self.sessions.clear()

    def _fail(self, condition: str, description: str) -> None:
        log.warning("connection_refused", condition=condition, reason=description)
        self._end_sessions()
        if self._stage is Stage.RUNNING:
            self.write(frames.close(codec.error(condition, description)))
        self._stage = Stage.CLOSED
