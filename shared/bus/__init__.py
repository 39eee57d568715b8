"""The bus: Service Bus topics, as transport only. What must not be lost is in the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.errors import TemporaryError


@dataclass(frozen=True)
class Envelope:
    """A message ready to be sent."""

    id: str
    """Deterministic, so that duplicate detection drops a second sending; at most 128 characters."""
    topic: str
    subject: str
    """What subscriptions filter on."""
    body: str
    """JSON."""
    scheduled_for: datetime | None = None
    """Not visible to receivers before; at once when None or past."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """Application properties; ``traceparent`` carries the trace."""


class BusOutOfReach(TemporaryError):
    """The bus did not take what it was given, or did not say so."""


class Bus(Protocol):
    def send(self, envelopes: Iterable[Envelope]) -> None:
        """Send all, in order within a topic. Raises BusOutOfReach when any may not have arrived."""

    def close(self) -> None:
        """Close the connections; a later ``send`` opens them again."""
