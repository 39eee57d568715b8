"""The messages of a queue or a session that wait for a receiver."""

import heapq
from random import Random


class Ready:
    """Sequence numbers, lowest first; with ``order`` in the order that it picks."""

    def __init__(self) -> None:
        self._heap: list[int] = []

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, sequence: int) -> None:
        heapq.heappush(self._heap, sequence)

    def lowest(self) -> int:
        return self._heap[0]

    def pop(self, order: Random | None = None) -> int:
        if order is None:
            return heapq.heappop(self._heap)
        picked = self._heap.pop(order.randrange(len(self._heap)))
        heapq.heapify(self._heap)
        return picked
