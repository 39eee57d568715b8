"""A message on the wire, never encoded anew: what its sender wrote is what its receivers get."""

import uuid
from dataclasses import dataclass

from infra.local.bus.amqp import codec
from infra.local.bus.amqp.codec import DecodeError, decode, elements, skip
from infra.local.bus.entities.message import DeadLetter, Message, Properties

HEADER = 0x70
MESSAGE_ANNOTATIONS = 0x72
PROPERTIES = 0x73
APPLICATION_PROPERTIES = 0x74
DATA = 0x75
VALUE = 0x77

BATCH_FORMAT = 0x80013700
"""The message format of an envelope whose data sections are messages."""

_SEQUENCE = codec.symbol("x-opt-sequence-number")
_ENQUEUED_SEQUENCE = codec.symbol("x-opt-enqueue-sequence-number")
_ENQUEUED_AT = codec.symbol("x-opt-enqueued-time")
_STATE = codec.symbol("x-opt-message-state")
_LOCKED_UNTIL = codec.symbol("x-opt-locked-until")
_SCHEDULED_AT = codec.symbol("x-opt-scheduled-enqueue-time")
_DEAD_LETTER_SOURCE = codec.symbol("x-opt-deadletter-source")
_BROKERS_OWN = frozenset(
    (
        _SEQUENCE,
        _ENQUEUED_SEQUENCE,
        _ENQUEUED_AT,
        _STATE,
        _LOCKED_UNTIL,
        codec.symbol("x-opt-lock-token"),
    )
)

_DELIVERY_COUNT = 4
"""Index in the header."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of an encoded message: ``raw`` with its descriptor, ``body`` without."""

    code: int
    raw: bytes
    body: bytes


def sections(encoded: bytes) -> list[Section]:
    """Take an encoded message apart, in the order that its sender chose."""
    found, at = [], 0
    while at < len(encoded):
        code, body = _descriptor(encoded, at)
        end = skip(encoded, body)
        found.append(Section(code, encoded[at:end], encoded[body:end]))
        at = end
    return found


def _descriptor(encoded: bytes, at: int) -> tuple[int, int]:
    """The code of the section at ``at`` and where its body starts."""
    if encoded[at] != 0:
        raise DecodeError(f"expected a message section at byte {at}")
    code, body = decode(encoded, at + 1)
    if not isinstance(code, int) or not HEADER <= code <= 0x78:
        raise DecodeError(f"no message section has the descriptor {code!r}")
    return code, body


def contents_of(encoded: bytes, message_format: int | None) -> list["WireContent"]:
    """The messages of one transfer: a batch has several."""
    if message_format != BATCH_FORMAT:
        return [WireContent(_with_id(encoded))]
    wrapped = (decode(part.body)[0] for part in sections(encoded) if part.code == DATA)
    return [WireContent(_with_id(message)) for message in wrapped if isinstance(message, bytes)]


def _with_id(encoded: bytes) -> bytes:
    """The service gives a message id to who has none: other SDKs cannot settle without."""
    parts = sections(encoded)
    fields = next((elements(part.body) for part in parts if part.code == PROPERTIES), [])
    if fields and fields[0] != codec.NULL:
        return encoded
    fields = [codec.string(uuid.uuid4().hex), *fields[1:]]
    before = [part.raw for part in parts if part.code < PROPERTIES]
    after = [part.raw for part in parts if part.code > PROPERTIES]
    return b"".join([*before, codec.described(PROPERTIES, codec.list_of(fields)), *after])


class WireContent:
    """What a sender wrote. Raises DecodeError unless every part that the broker reads is sound."""

    def __init__(self, encoded: bytes) -> None:
        self.encoded = encoded
        parts = sections(encoded)
        self._tail = [part for part in parts if part.code >= PROPERTIES]
        bodies = {part.code: part.body for part in parts if part.code != DATA}
        self._header = _padded(elements(bodies.get(HEADER, codec.NULL)), _DELIVERY_COUNT)
        self.time_to_live = _whole_number(self._header[2], "time to live")
        annotations = _pairs(bodies.get(MESSAGE_ANNOTATIONS))
        self.scheduled_at = _whole_number(
            dict(annotations).get(_SCHEDULED_AT, codec.NULL), "scheduled enqueue time"
        )
        self._annotations = [pair for pair in annotations if pair[0] not in _BROKERS_OWN]
        self.properties = _properties(bodies.get(PROPERTIES, codec.NULL))
        self._application_pairs = _pairs(bodies.get(APPLICATION_PROPERTIES))
        self.application_properties = {
            decode(key)[0]: decode(value)[0] for key, value in self._application_pairs
        }

    def header(self, delivery_count: int) -> bytes:
        """The sender's header with the broker's count in it."""
        fields = [*self._header[:_DELIVERY_COUNT], codec.uint(delivery_count)]
        return codec.described(HEADER, codec.list_of(fields))

    def annotations(self, brokers: dict[bytes, bytes]) -> bytes:
        """The sender's annotations behind the broker's."""
        own = [pair for pair in self._annotations if pair[0] not in brokers]
        parts = [part for pair in (*brokers.items(), *own) for part in pair]
        return codec.described(MESSAGE_ANNOTATIONS, codec.map_of_pairs(parts))

    def tail(self, why: DeadLetter | None) -> bytes:
        """Everything behind the annotations, with the reason if it is a dead letter."""
        if why is None:
            return b"".join(part.raw for part in self._tail)
        before = [part.raw for part in self._tail if part.code < APPLICATION_PROPERTIES]
        after = [part.raw for part in self._tail if part.code > APPLICATION_PROPERTIES]
        return b"".join([*before, self._application_properties_with(why), *after])

    def with_reason(self, why: DeadLetter, source: str) -> "WireContent":
        """The same message, which now says why and where it was dead-lettered."""
        head = [part.raw for part in sections(self.encoded) if part.code == HEADER]
        annotations = self.annotations({_DEAD_LETTER_SOURCE: codec.string(source)})
        return WireContent(b"".join([*head, annotations, self.tail(why)]))

    def _application_properties_with(self, why: DeadLetter) -> bytes:
        reasons = {
            codec.string("DeadLetterReason"): why.reason,
            codec.string("DeadLetterErrorDescription"): why.description,
        }
        pairs = [pair for pair in self._application_pairs if pair[0] not in reasons]
        pairs += [(key, codec.string(text)) for key, text in reasons.items() if text is not None]
        parts = [part for pair in pairs for part in pair]
        return codec.described(APPLICATION_PROPERTIES, codec.map_of_pairs(parts))


def render(message: Message, *, locked: bool) -> bytes:
    """The message as a receiver gets it; ``locked`` when it gets the lock along with it."""
    content = message.content
    if not isinstance(content, WireContent):
        raise TypeError(f"only what came over the wire can go back to it, not {content!r}")
    brokers = {
        _SEQUENCE: codec.long(message.sequence),
        _ENQUEUED_SEQUENCE: codec.long(message.enqueued_sequence),
        _ENQUEUED_AT: codec.timestamp(message.enqueued_at),
        _STATE: codec.int32(message.state),
    }
    if locked and message.locked_until is not None:
        brokers[_LOCKED_UNTIL] = codec.timestamp(message.locked_until)
    return (
        content.header(message.delivery_count)
        + content.annotations(brokers)
        + content.tail(message.dead_letter)
    )


def _padded(fields: list[bytes], length: int) -> list[bytes]:
    return fields + [codec.NULL] * (length - len(fields))


def _pairs(encoded_map: bytes | None) -> list[tuple[bytes, bytes]]:
    parts = elements(encoded_map) if encoded_map else []
    if len(parts) % 2:
        raise DecodeError("a map has a key without a value")
    return list(zip(parts[::2], parts[1::2], strict=True))


def _whole_number(encoded: bytes, name: str) -> int | None:
    value, _ = decode(encoded)
    if value is None or isinstance(value, int):
        return value
    raise DecodeError(f"the {name} is not a number")


def _properties(encoded_list: bytes) -> Properties:
    raw = _padded(elements(encoded_list), 13)
    session_id = decode(raw[10])[0]
    if not isinstance(session_id, str | None):
        raise DecodeError("the group id is not a string")
    return Properties(
        message_id=decode(raw[0])[0],
        to=decode(raw[2])[0],
        subject=decode(raw[3])[0],
        reply_to=decode(raw[4])[0],
        correlation_id=decode(raw[5])[0],
        content_type=decode(raw[6])[0],
        session_id=session_id,
        reply_to_session_id=decode(raw[12])[0],
    )
