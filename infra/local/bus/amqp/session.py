"""An AMQP session: its links, its windows and the deliveries that wait to be settled."""

import uuid
from collections import deque
from typing import TYPE_CHECKING, assert_never

import structlog

from infra.local.bus.amqp import codec, frames
from infra.local.bus.amqp.codec import DecodeError, elements, skip
from infra.local.bus.amqp.links import (
    EntityLink,
    IncomingLink,
    Link,
    ManagementLink,
    QueueLink,
    ResponseLink,
    SessionLink,
    TokenLink,
)
from infra.local.bus.amqp.performatives import (
    Attach,
    Begin,
    Detach,
    Disposition,
    Flow,
    Transfer,
)
from infra.local.bus.amqp.requests import Request, Response
from infra.local.bus.amqp.settlement import settle
from infra.local.bus.amqp.termini import (
    SESSION_FILTER,
    Address,
    Node,
    address_of,
    is_coordinator,
    session_request,
)
from infra.local.bus.entities.errors import (
    BusError,
    EntityNotFound,
    NotAllowed,
    NotSupported,
    Unauthorized,
)
from infra.local.bus.entities.queue import Queue
from infra.local.bus.entities.sessions import SessionQueue
from infra.local.bus.entities.topic import Topic

if TYPE_CHECKING:
    from infra.local.bus.amqp.connection import Connection

FIRST_DELIVERY_ID = 1 << 20
"""Far from the client's own ids: pyamqp mixes up the two directions of a session."""

_SOURCE, _TARGET = 5, 6

log = structlog.get_logger()

SessionFrame = Attach | Flow | Transfer | Disposition | Detach


class Session:
    """One channel of a connection."""

    def __init__(self, connection: "Connection", channel: int, begin: Begin) -> None:
        self.connection = connection
        self.hub = connection.hub
        self.channel = channel
        self.links: dict[int, Link] = {}
        self.unsettled: dict[int, tuple[QueueLink, uuid.UUID]] = {}
        self._termini: dict[int, tuple[bytes, bytes]] = {}
        self._next_incoming_id = begin.next_outgoing_id
        self._next_outgoing_id = FIRST_DELIVERY_ID
        self._next_delivery_id = FIRST_DELIVERY_ID
        self._remote_window = begin.incoming_window
        self._held_back: deque[bytes] = deque()
        self.write(frames.begin(channel, FIRST_DELIVERY_ID))

    def on_frame(self, frame: SessionFrame, body: bytes, payload_at: int) -> None:
        match frame:
            case Transfer():
                self._on_transfer(frame, body[payload_at:])
            case Flow():
                self._on_flow(frame)
            case Disposition():
                self._on_disposition(frame)
            case Attach():
                self._on_attach(frame, body)
            case Detach():
                self._on_detach(frame)
            case _:
                assert_never(frame)

    def close(self) -> None:
        """The client is gone, and with it every link."""
        for link in self.links.values():
            link.on_closed()
        self.links.clear()

    def write(self, frame: bytes) -> None:
        self.connection.write(frame)

    def write_flow(self, link: tuple[int, int, int] | None) -> None:
        window = self._next_incoming_id, self._next_outgoing_id
        self.write(frames.flow(self.channel, window, link))

    def write_disposition(self, delivery_id: int, outcome: bytes) -> None:
        """Answer what the client sent."""
        self.write(frames.disposition(self.channel, delivery_id, outcome, as_receiver=True))

    def transfer(self, handle: int, tag: bytes, message: bytes, *, settled: bool) -> int:
        """Send a message as soon as the client's window allows; return its delivery id."""
        delivery_id = self._next_delivery_id
        self._next_delivery_id = (delivery_id + 1) & 0xFFFFFFFF
        self._held_back.extend(
            frames.transfers(
                self.channel,
                (handle, delivery_id, tag),
                message,
                settled=settled,
                max_frame_size=self.connection.remote_max_frame_size,
            )
        )
        self._send_held_back()
        return delivery_id

    def detach(self, link: Link, error: BusError) -> None:
        """End a link from our side."""
        handle = link.attach.handle
        if self.links.pop(handle, None) is not None:
            link.on_closed()
            reason = codec.error(error.condition, str(error))
            self.write(frames.detach(self.channel, handle, reason))

    def refuse(self, attach: Attach, error: BusError) -> None:
        """Answer an attach with a null terminus and a detach that says why."""
        source, target = self.termini_of(attach)
        self.write(
            frames.attach(
                self.channel,
                attach,
                codec.NULL if attach.is_receiver else source,
                target if attach.is_receiver else codec.NULL,
                max_message_size=self.hub.max_message_size,
            )
        )
        reason = codec.error(error.condition, str(error))
        self.write(frames.detach(self.channel, attach.handle, reason))
        self.links.pop(attach.handle, None)

    def forget_unsettled(self, link: QueueLink) -> None:
        """What the link delivered can be settled through ``$management`` only."""
        self.unsettled = {
            delivery_id: entry
            for delivery_id, entry in self.unsettled.items()
            if entry[0] is not link
        }

    def respond(self, node: str, request: Request, response: Response, *, kebab: bool) -> None:
        """Respond over the link that the request names, or over this session's for the node."""
        link = self.connection.response_link(request.reply_to, node) or self.response_link(node)
        if link is None:
            log.warning("response_undeliverable", node=node, operation=request.operation)
            return
        link.respond(response.encode(request, kebab=kebab))

    def response_link(self, node: str, reply_to: str | None = None) -> ResponseLink | None:
        for link in self.links.values():
            if (
                isinstance(link, ResponseLink)
                and link.address == node
                and reply_to in (None, link.target)
            ):
                return link
        return None

    def termini_of(self, attach: Attach) -> tuple[bytes, bytes]:
        """Source and target of an attach as the client encoded them."""
        return self._termini[attach.handle]

    def source_with_session(self, attach: Attach, session_id: str) -> bytes:
        """The client's source with the granted session in its filter."""
        pair = [codec.symbol(SESSION_FILTER), codec.string(session_id)]
        fields = [codec.string(address_of(attach.source)), *[codec.NULL] * 6]
        return codec.described(0x28, codec.list_of([*fields, codec.map_of_pairs(pair)]))

    def _send_held_back(self) -> None:
        while self._held_back and self._remote_window > 0:
            self.write(self._held_back.popleft())
            self._remote_window -= 1
            self._next_outgoing_id = (self._next_outgoing_id + 1) & 0xFFFFFFFF

    def _on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        self._next_incoming_id = (self._next_incoming_id + 1) & 0xFFFFFFFF
        link = self.links.get(transfer.handle)
        if link is not None:
            link.on_transfer(transfer, payload)

    def _on_flow(self, flow: Flow) -> None:
        acknowledged = FIRST_DELIVERY_ID if flow.next_incoming_id is None else flow.next_incoming_id
        self._remote_window = acknowledged + flow.incoming_window - self._next_outgoing_id
        self._send_held_back()
        if flow.handle is None:
            if flow.echo:
                self.write_flow(None)
        elif link := self.links.get(flow.handle):
            link.on_flow(flow)

    def _on_disposition(self, disposition: Disposition) -> None:
        if not disposition.is_receiver:
            return
        last = disposition.first if disposition.last is None else disposition.last
        for delivery_id in self._unsettled_between(disposition.first, last):
            self._settle(delivery_id, disposition)

    def _unsettled_between(self, first: int, last: int) -> list[int]:
        """The range is the client's word: never walked number by number."""
        if first == last:
            return [first] if first in self.unsettled else []
        return [number for number in self.unsettled if first <= number <= last]

    def _settle(self, delivery_id: int, disposition: Disposition) -> None:
        if disposition.state is None and not disposition.settled:
            return
        link, token = self.unsettled.pop(delivery_id)
        outcome = settle(link.queue, token, disposition.state)
        if not disposition.settled:
            self.write(frames.disposition(self.channel, delivery_id, outcome, as_receiver=False))

    def _on_detach(self, detach: Detach) -> None:
        link = self.links.pop(detach.handle, None)
        if link is not None:
            link.on_closed()
            self.write(frames.detach(self.channel, detach.handle))

    def _on_attach(self, attach: Attach, body: bytes) -> None:
        if attach.handle in self.links or not 0 <= attach.handle <= frames.HANDLE_MAX:
            raise DecodeError(f"the link handle {attach.handle} is taken or out of range")
        self._termini[attach.handle] = _encoded_termini(body)
        try:
            if attach.is_receiver:
                self._attach_receiver(attach)
            else:
                self._attach_sender(attach)
        except BusError as error:
            self.refuse(attach, error)

    def _attach_receiver(self, attach: Attach) -> None:
        text = address_of(attach.source)
        address = Address.parse(text)
        if address.node is Node.ENTITY:
            self._attach_to_queue(attach, self._queue(address.entity))
            return
        if address.node is Node.MANAGEMENT:
            self._entity(address.entity)
        target = address_of(attach.target)
        self.links[attach.handle] = link = ResponseLink(self, attach, _node(address), target)
        link.confirm()

    def _attach_to_queue(self, attach: Attach, queue: Queue) -> None:
        queue.require_enabled()
        wish = session_request(attach.source)
        if isinstance(queue, SessionQueue):
            if wish is None:
                raise NotAllowed(f"'{queue.path}' requires sessions: ask for one, or for the next.")
            link = SessionLink(self, attach, queue)
            self.links[attach.handle] = link
            link.open_session(wish.session_id)
            return
        if wish is not None:
            raise NotAllowed(f"'{queue.path}' has no sessions to receive from.")
        plain = QueueLink(self, attach, queue)
        self.links[attach.handle] = plain
        plain.open()

    def _attach_sender(self, attach: Attach) -> None:
        if is_coordinator(attach.target):
            raise NotSupported("Transactions are not supported.")
        address = Address.parse(address_of(attach.target))
        link = self._sender_link(attach, address)
        self.links[attach.handle] = link
        link.open()

    def _sender_link(self, attach: Attach, address: Address) -> IncomingLink:
        if address.node is Node.CBS:
            return TokenLink(self, attach)
        entity = self._entity(address.entity)
        if address.node is Node.MANAGEMENT:
            return ManagementLink(self, attach, entity, _node(address))
        if _is_receive_only(address.entity):
            raise EntityNotFound(f"'{entity.path}' takes no messages from senders.")
        entity.require_enabled()
        return EntityLink(self, attach, entity)

    def _entity(self, path: str) -> Queue | Topic:
        self._require_token()
        return self.hub.namespace.find(path)

    def _queue(self, path: str) -> Queue:
        self._require_token()
        return self.hub.namespace.queue(path)

    def _require_token(self) -> None:
        if not self.connection.is_authorized:
            raise Unauthorized("Put a token first: the connection is not authorized.")


def _node(address: Address) -> str:
    """How request and response links of one node find each other."""
    return "$cbs" if address.node is Node.CBS else f"{address.entity}/$management"


def _is_receive_only(path: str) -> bool:
    return "/subscriptions/" in path or path.endswith("/$deadletterqueue")


def _encoded_termini(body: bytes) -> tuple[bytes, bytes]:
    fields = elements(body, skip(body, 1))
    fields += [codec.NULL] * (_TARGET + 1 - len(fields))
    return fields[_SOURCE], fields[_TARGET]
