"""The real ledger, which in virtual time takes only so many transactions a second."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from psycopg import Connection
from psycopg_pool import ConnectionPool

from benchmarks.outage.timeline import Timeline
from shared.ledger import Ledger, Transaction

TICK = timedelta(milliseconds=10)
LATENCY = 0.005
"""Seconds that a transaction takes when nothing else goes on: round trips, and two disks."""


class Books(Ledger):
    """Counts its transactions; each waits for a tick in which there is room for it."""

    def __init__(
        self, pool: ConnectionPool[Connection], timeline: Timeline, per_second: float
    ) -> None:
        super().__init__(pool, clock=timeline.clock)
        self._timeline = timeline
        self._room = max(1, round(per_second * TICK.total_seconds()))
        self._taken: Counter[int] = Counter()
        self._next: dict[int, int] = {}
        self._sent: list[str] = []

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        self._wait()
        with super().transaction() as tx:
            yield tx

    def _wait(self) -> None:
        asked = (self._timeline.now - self._timeline.start) // TICK
        tick = self._free(asked)
        self._taken[tick] += 1
        if self._taken[tick] >= self._room:
            self._next[tick] = tick + 1
        self._timeline.takes((tick - asked) * TICK.total_seconds() + LATENCY)

    def _free(self, tick: int) -> int:
        """The first tick from here on with room; full ones remember where to go on."""
        passed = []
        while tick in self._next:
            passed.append(tick)
            tick = self._next[tick]
        for each in passed:
            self._next[each] = tick
        return tick

    def forget_later(self, ids: Sequence[str]) -> None:
        """Delete sent messages many at a time, as the app's thread for that does."""
        self._sent += ids
        if len(self._sent) >= 200:
            self.forget_all()

    def forget_all(self) -> None:
        ids, self._sent = self._sent, []
        before = self._timeline.now
        self.forget_sent(ids)
        self._timeline.now = before  # nobody waits for it

    @property
    def transactions(self) -> int:
        return self._taken.total()

    @property
    def busiest_second(self) -> int:
        return most_in_a_second(self._taken, ticks=round(1 / TICK.total_seconds()))


def most_in_a_second(taken: Counter[int], *, ticks: int) -> int:
    """
    >>> most_in_a_second(Counter({0: 2, 5: 3, 13: 4}), ticks=10)
    5
    """
    seconds: Counter[int] = Counter()
    for tick, number in taken.items():
        seconds[tick // ticks] += number
    return max(seconds.values(), default=0)
