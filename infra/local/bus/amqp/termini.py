"""What an attach asks for: the node at the far end of the link, as the client names it."""

from dataclasses import dataclass
from enum import Enum

from infra.local.bus.amqp.codec import DecodeError, Described, Symbol
from infra.local.bus.amqp.performatives import descriptor_code

COORDINATOR = 0x30
SESSION_FILTER = Symbol("com.microsoft:session-filter")

_MANAGEMENT = "/$management"
_TRANSFER = "/$transfer/$deadletterqueue"


class Node(Enum):
    """The kinds of node."""

    ENTITY = "entity"
    MANAGEMENT = "management"
    CBS = "cbs"


@dataclass(frozen=True, slots=True)
class Address:
    """A node, and the entity that it is or manages (empty for the token node)."""

    node: Node
    entity: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Accept ``amqps://host:port/path``, ``/path`` and ``path``, in any case."""
        path = text.split("://", 1)[1].partition("/")[2] if "://" in text else text
        path = path.strip("/").lower()
        if path == "$cbs":
            return cls(Node.CBS, "")
        if path.endswith(_MANAGEMENT):
            return cls(Node.MANAGEMENT, _entity(path.removesuffix(_MANAGEMENT)))
        return cls(Node.ENTITY, _entity(path))


def _entity(path: str) -> str:
    """The transfer dead-letter queue is the entity's own here: nothing is ever transferred."""
    if path.endswith(_TRANSFER):
        return path.removesuffix(_TRANSFER) + "/$deadletterqueue"
    return path


def address_of(terminus: Described | None) -> str:
    """The address of a source or target. Raises DecodeError when it has none."""
    fields = _fields(terminus)
    address = fields[0] if fields else None
    if not isinstance(address, str):
        raise DecodeError("the link names no address")
    return address


def is_coordinator(terminus: Described | None) -> bool:
    return descriptor_code(terminus) == COORDINATOR


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """A receiver's wish for one session, or for any (None)."""

    session_id: str | None


def session_request(source: Described | None) -> SessionRequest | None:
    """What the session filter of a source says; None when there is no such filter."""
    fields = _fields(source)
    filters = fields[7] if len(fields) > 7 else None
    if not isinstance(filters, dict) or SESSION_FILTER not in filters:
        return None
    wanted = filters[SESSION_FILTER]
    wanted = wanted.value if isinstance(wanted, Described) else wanted
    if not isinstance(wanted, str | None):
        raise DecodeError("the session filter is not a string")
    return SessionRequest(wanted)


def _fields(terminus: Described | None) -> list[object]:
    fields = terminus.value if terminus is not None else None
    return fields if isinstance(fields, list) else []
