"""A bus that keeps only the promises of Service Bus: at least once, in any order, at any time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from shared.bus import Envelope

WINDOW = timedelta(minutes=5)


@dataclass(eq=False)
class Copy:
    """A message in a subscription."""

    envelope: Envelope
    visible_at: datetime
    deliveries: int = 0
    locked: bool = False


class HostileBus:
    """Duplicates, delays and reorders what it carries; drops only what has a known id."""

    def __init__(
        self,
        random: Random,
        clock: Callable[[], datetime],
        point: Callable[[str], None],
        hostility: float,
    ) -> None:
        self._random = random
        self._clock = clock
        self._point = point
        self._hostility = hostility
        self._seen: dict[tuple[str, str], datetime] = {}
        self.copies: list[Copy] = []
        self.announced: list[Envelope] = []

    def send(self, envelopes: Iterable[Envelope]) -> None:
        for envelope in envelopes:
            self._point(f"before sending {envelope.id}")
            self._enqueue(envelope)
            self._point(f"after sending {envelope.id}")

    def close(self) -> None:
        """Nothing is open."""

    def _enqueue(self, envelope: Envelope) -> None:
        now = self._clock()
        key = (envelope.topic, envelope.id)
        if self._seen.get(key, now - WINDOW * 2) > now - WINDOW:
            return
        self._seen[key] = now
        if envelope.topic == "run-events":
            self.announced.append(envelope)
            return
        due = max(now, envelope.scheduled_for or now)
        for _ in range(2 if self._random.random() < self._hostility else 1):
            delay = self._random.expovariate(0.5) if self._random.random() < self._hostility else 0
            self.copies.append(Copy(envelope, due + timedelta(seconds=delay)))

    def rebuild(self) -> None:
        """Start from nothing but the events: every command is gone, and so is the memory of ids."""
        self.copies = [c for c in self.copies if c.envelope.topic == "platform-events"]
        self._seen.clear()

    def next_due(self) -> datetime | None:
        return min((copy.visible_at for copy in self.copies if not copy.locked), default=None)

    def receive(self) -> Copy | None:
        """Lock any message that is due."""
        due = [c for c in self.copies if not c.locked and c.visible_at <= self._clock()]
        if not due:
            return None
        copy = self._random.choice(due)
        copy.locked = True
        copy.deliveries += 1
        return copy

    def settle(self, copy: Copy, *, completed: bool) -> None:
        """Complete, or hand back; a completion may get lost, then the message comes again."""
        lost = self._random.random() < self._hostility / 2
        if copy not in self.copies:
            return
        if completed and not lost:
            self.copies.remove(copy)
            return
        copy.locked = False
        copy.visible_at = self._clock() + timedelta(seconds=self._random.uniform(0, 60))
