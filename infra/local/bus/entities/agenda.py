"""What is due when: one heap of deadlines for a whole namespace."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

Action = Callable[[Any], None]
Entry = tuple[Action, object]


class Agenda:
    """Deadlines in milliseconds, each an action with a key; setting one again moves it."""

    def __init__(self) -> None:
        self._due: dict[Entry, int] = {}
        self._heap: list[tuple[int, int, Entry]] = []
        self._ties = count()

    def __len__(self) -> int:
        return len(self._due)

    def set(self, due: int, action: Action, key: object) -> None:
        """Call ``action(key)`` at ``due``; replaces an earlier deadline of the same pair."""
        entry = (action, key)
        self._due[entry] = due
        heapq.heappush(self._heap, (due, next(self._ties), entry))
        if len(self._heap) > 2 * len(self._due) + 64:
            self._compact()

    def discard(self, action: Action, key: object) -> None:
        self._due.pop((action, key), None)

    def next_due(self) -> int | None:
        """The earliest deadline, or None when nothing is waiting."""
        while self._heap and self._is_stale(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run(self, now: int) -> None:
        """Act on everything that is due at ``now``, in the order of the deadlines."""
        while (due := self.next_due()) is not None and due <= now:
            _, _, entry = heapq.heappop(self._heap)
            del self._due[entry]
            action, key = entry
            action(key)

    def _is_stale(self, item: tuple[int, int, Entry]) -> bool:
        return self._due.get(item[2]) != item[0]

    def _compact(self) -> None:
        self._heap = [item for item in self._heap if not self._is_stale(item)]
        heapq.heapify(self._heap)
