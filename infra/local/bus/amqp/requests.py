"""Requests and responses of the ``$management`` and ``$cbs`` nodes as AMQP messages."""

from dataclasses import dataclass

from infra.local.bus.amqp import codec
from infra.local.bus.amqp.codec import DecodeError, decode, elements
from infra.local.bus.amqp.message import (
    APPLICATION_PROPERTIES,
    PROPERTIES,
    VALUE,
    sections,
)

_REPLY_TO = 4


@dataclass(frozen=True, slots=True)
class Request:
    """``message_id`` stays encoded: the response must repeat it with the same type."""

    message_id: bytes
    reply_to: str | None
    properties: dict[object, object]
    body: object

    @classmethod
    def parse(cls, encoded: bytes) -> "Request":
        bodies = {part.code: part.body for part in sections(encoded)}
        fields = elements(bodies.get(PROPERTIES, codec.NULL))
        fields += [codec.NULL] * (_REPLY_TO + 1 - len(fields))
        reply_to, _ = decode(fields[_REPLY_TO])
        properties, _ = decode(bodies.get(APPLICATION_PROPERTIES, codec.map_of({})))
        body, _ = decode(bodies.get(VALUE, codec.NULL))
        if not isinstance(properties, dict):
            raise DecodeError("the application properties of a request are not a map")
        return cls(fields[0], reply_to if isinstance(reply_to, str) else None, properties, body)

    @property
    def operation(self) -> str:
        return str(self.properties.get("operation"))


@dataclass(frozen=True, slots=True)
class Response:
    """``condition`` names the error for the client's exception; ``body`` is encoded."""

    status: int
    description: str
    body: bytes
    condition: str | None = None

    def encode(self, request: Request, *, kebab: bool) -> bytes:
        """As a message; ``$cbs`` spells its properties in kebab case, ``$management`` in camel."""
        names = ("status-code", "status-description") if kebab else _CAMEL
        properties = {
            names[0]: codec.int32(self.status),
            names[1]: codec.string(self.description),
        }
        if self.condition is not None:
            properties["error-condition" if kebab else "errorCondition"] = codec.symbol(
                self.condition
            )
        return (
            codec.described(PROPERTIES, codec.list_of([*[codec.NULL] * 5, request.message_id]))
            + codec.described(APPLICATION_PROPERTIES, codec.map_of(properties))
            + codec.described(VALUE, self.body)
        )


_CAMEL = ("statusCode", "statusDescription")
