"""The two directions of a link: to receivers under credit, and from senders."""

import uuid
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from infra.local.bus.amqp import codec, frames, management
from infra.local.bus.amqp.codec import DecodeError
from infra.local.bus.amqp.message import contents_of, render
from infra.local.bus.amqp.performatives import Attach, Flow, Transfer
from infra.local.bus.amqp.requests import Request, Response
from infra.local.bus.amqp.tokens import put_token
from infra.local.bus.entities.errors import BusError, MessageTooLarge
from infra.local.bus.entities.message import Message
from infra.local.bus.entities.queue import Queue
from infra.local.bus.entities.sessions import SessionQueue
from infra.local.bus.entities.topic import Topic

if TYPE_CHECKING:
    from infra.local.bus.amqp.session import Session

CREDIT = 1000
"""What a sender may send before it is granted more; topped up at half."""

_TICKS_AT_1970 = 621355968000000000


class Link:
    """One end of a link; the handle is the client's own number for it."""

    def __init__(self, session: "Session", attach: Attach) -> None:
        self.session = session
        self.attach = attach
        self.entity_path = ""

    def confirm(
        self, source: bytes | None = None, properties: dict[str, bytes] | None = None
    ) -> None:
        """Answer the attach; the termini are echoed byte for byte unless ``source`` is given."""
        asked_source, asked_target = self.session.termini_of(self.attach)
        self.session.write(
            frames.attach(
                self.session.channel,
                self.attach,
                asked_source if source is None else source,
                asked_target,
                max_message_size=self.session.hub.max_message_size,
                properties=properties,
            )
        )

    def on_flow(self, flow: Flow) -> None:
        """The peer says how much it takes, or asks how much we take."""

    def on_transfer(self, _transfer: Transfer, _payload: bytes) -> None:
        raise DecodeError("the peer sends on a link that it receives from")

    def on_closed(self) -> None:
        """The link is gone."""


class OutgoingLink(Link):
    """The client receives; messages go out as long as there is credit."""

    def __init__(self, session: "Session", attach: Attach) -> None:
        super().__init__(session, attach)
        self.credit = 0
        self.delivery_count = 0

    def on_flow(self, flow: Flow) -> None:
        if flow.link_credit is not None:
            self.credit = max(
                0, (flow.delivery_count or 0) + flow.link_credit - self.delivery_count
            )
            self.credit_changed()
        if flow.drain:
            self.delivery_count += self.credit
            self.credit = 0
        if flow.drain or flow.echo:
            self.session.write_flow((self.attach.handle, self.delivery_count, self.credit))

    def credit_changed(self) -> None:
        """Send what has waited for credit."""

    def _send(self, tag: bytes, message: bytes, *, settled: bool) -> int:
        """Send one message and return its delivery id."""
        self.credit -= 1
        self.delivery_count = (self.delivery_count + 1) & 0xFFFFFFFF
        return self.session.transfer(self.attach.handle, tag, message, settled=settled)


class QueueLink(OutgoingLink):
    """A receiver of a queue or subscription."""

    def __init__(self, session: "Session", attach: Attach, queue: Queue) -> None:
        super().__init__(session, attach)
        self.queue = queue
        self.entity_path = queue.path
        self.removes = attach.snd_settle_mode == 1

    def open(self) -> None:
        self.confirm()
        self.queue.attach(self)

    def credit_changed(self) -> None:
        self.queue.credit_changed(self)

    def deliver(self, message: Message) -> None:
        encoded = render(message, locked=not self.removes)
        token = message.token
        if token is None:
            self._send(uuid.uuid4().bytes, encoded, settled=True)
        else:
            delivery_id = self._send(token.bytes_le, encoded, settled=False)
            self.session.unsettled[delivery_id] = (self, token)

    def end(self, error: BusError) -> None:
        self.session.detach(self, error)

    def on_closed(self) -> None:
        self.session.forget_unsettled(self)
        self.queue.detach(self)


class SessionLink(QueueLink):
    """A receiver of one session; the attach is answered when the session is granted."""

    queue: SessionQueue

    def __init__(self, session: "Session", attach: Attach, queue: SessionQueue) -> None:
        super().__init__(session, attach, queue)
        self._is_granted = False

    def open_session(self, session_id: str | None) -> None:
        """Ask for that session, or for any."""
        if session_id is not None:
            self.queue.accept(self, session_id)
        else:
            self.queue.accept_next(self, self._timeout())

    def granted(self, session_id: str, locked_until: int) -> None:
        self._is_granted = True
        ticks = _TICKS_AT_1970 + locked_until * 10_000
        self.confirm(
            source=self.session.source_with_session(self.attach, session_id),
            properties={"com.microsoft:locked-until-utc": codec.long(ticks)},
        )

    def credit_changed(self) -> None:
        if self._is_granted:
            super().credit_changed()

    def end(self, error: BusError) -> None:
        if self._is_granted:
            super().end(error)
        else:
            self.session.refuse(self.attach, error)

    def _timeout(self) -> int:
        asked = (self.attach.properties or {}).get("com.microsoft:timeout")
        return asked if isinstance(asked, int) else 65_000


class ResponseLink(OutgoingLink):
    """Carries responses; ``address`` is the request node's, ``target`` the asker's."""

    def __init__(self, session: "Session", attach: Attach, address: str, target: object) -> None:
        super().__init__(session, attach)
        self.address = address
        self.target = target
        self._waiting: deque[bytes] = deque()

    def credit_changed(self) -> None:
        while self._waiting and self.credit > 0:
            self._respond(self._waiting.popleft())

    def respond(self, encoded: bytes) -> None:
        self._waiting.append(encoded)
        self.credit_changed()

    def _respond(self, encoded: bytes) -> None:
        tag = self.delivery_count.to_bytes(4, "big")
        self._send(tag, encoded, settled=True)


class IncomingLink(Link, ABC):
    """The client sends; every complete message is answered with an outcome."""

    def __init__(self, session: "Session", attach: Attach) -> None:
        super().__init__(session, attach)
        self._delivery_count = 0
        self._granted = 0
        self._first: Transfer | None = None
        self._parts: list[bytes] = []
        self._size = 0

    def open(self) -> None:
        self.confirm()
        self._grant()

    def on_flow(self, flow: Flow) -> None:
        if flow.echo:
            self._write_credit()

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        first = self._first = self._first or transfer
        self._size += len(payload)
        if self._size <= self.session.hub.max_message_size:
            self._parts.append(payload)
        if transfer.more and not transfer.aborted:
            return
        message, size = b"".join(self._parts), self._size
        self._first, self._parts, self._size = None, [], 0
        self._delivery_count = (self._delivery_count + 1) & 0xFFFFFFFF
        self._granted -= 1
        if not transfer.aborted:
            self._complete(first, message, size)
        self._grant()

    @abstractmethod
    def receive(self, message_format: int | None, message: bytes) -> None:
        """Take one complete message. Raises BusError."""

    def _complete(self, first: Transfer, message: bytes, size: int) -> None:
        outcome = self._outcome(first.message_format, message, size)
        if not first.settled:
            if first.delivery_id is None:
                raise DecodeError("the first frame of a delivery lacks its id")
            self.session.write_disposition(first.delivery_id, outcome)

    def _outcome(self, message_format: int | None, message: bytes, size: int) -> bytes:
        try:
            self._require_size(size)
            self.receive(message_format, message)
        except BusError as error:
            return frames.rejected(error.condition, str(error))
        return frames.ACCEPTED

    def _require_size(self, size: int) -> None:
        limit = self.session.hub.max_message_size
        if size > limit:
            raise MessageTooLarge(f"The message has {size} bytes, the limit is {limit}.")

    def _grant(self) -> None:
        if self._granted < CREDIT // 2:
            self._granted = CREDIT
            self._write_credit()

    def _write_credit(self) -> None:
        self.session.write_flow((self.attach.handle, self._delivery_count, self._granted))


class EntityLink(IncomingLink):
    """A sender to a queue or topic."""

    def __init__(self, session: "Session", attach: Attach, entity: Queue | Topic) -> None:
        super().__init__(session, attach)
        self.entity = entity
        self.entity_path = entity.path

    def receive(self, message_format: int | None, message: bytes) -> None:
        self.entity.send(contents_of(message, message_format))


class ManagementLink(IncomingLink):
    """Requests to an entity's ``$management`` node."""

    def __init__(
        self, session: "Session", attach: Attach, entity: Queue | Topic, address: str
    ) -> None:
        super().__init__(session, attach)
        self.entity = entity
        self.entity_path = entity.path
        self.address = address

    def receive(self, _: int | None, message: bytes) -> None:
        request = Request.parse(message)
        response = management.answer(self.entity, request)
        self.session.respond(self.address, request, response, kebab=False)


class TokenLink(IncomingLink):
    """Requests to the ``$cbs`` node."""

    def receive(self, _: int | None, message: bytes) -> None:
        request = Request.parse(message)
        response: Response = put_token(request, self.session.hub.namespace.now)
        if response.status < 300:
            self.session.connection.authorize()
        self.session.respond("$cbs", request, response, kebab=True)
