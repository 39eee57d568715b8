"""Virtual time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count


class Timeline:
    """Things happen in the order of their times; ``now`` runs ahead while one of them lasts."""

    def __init__(self, start: datetime) -> None:
        self.start = self.now = start
        self._numbers = count()
        self._coming: list[tuple[datetime, int, Callable[[], object]]] = []

    def clock(self) -> datetime:
        return self.now

    def at(self, when: datetime, do: Callable[[], object]) -> None:
        heappush(self._coming, (when, next(self._numbers), do))

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        self.at(self.now + timedelta(seconds=seconds), do)

    def takes(self, seconds: float) -> datetime:
        """Let that much time pass for what happens now; returns what time it is then."""
        self.now += timedelta(seconds=seconds)
        return self.now

    def run(self) -> None:
        """Let everything happen, until nothing is left."""
        while self._coming:
            self.now, _, do = heappop(self._coming)
            do()
