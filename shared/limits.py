"""How often somebody may ask."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Lock

MANY = 10_000
"""Callers that are remembered; from then on those are forgotten who asked longest ago."""


def address(headers: Mapping[str, str]) -> str:
    """Where a request comes from: the last entry is Azure's own, those before it are hearsay.

    Without the port, which is another one for every connection.

    >>> address({"x-forwarded-for": "10.0.0.1, 9.9.9.9:4711"})
    '9.9.9.9'
    >>> address({"x-forwarded-for": "[2001:db8::7]:4711"}), address({"x-forwarded-for": "::1"})
    ('2001:db8::7', '::1')
    """
    last = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    if last.startswith("["):
        return last[1:].partition("]")[0]
    return last.partition(":")[0] if last.count(":") == 1 else last


class RateLimit:
    """Lets each caller ask ``calls`` times at once, and as often again over ``per``.

    A token bucket per caller, in this process: with several workers a caller may ask each.
    """

    def __init__(
        self, calls: int, per: timedelta, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls = calls
        self._per_second = calls / per.total_seconds()
        self._clock = clock
        self._lock = Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def admits(self, who: str) -> bool:
        """Count a request; False when it is one too many."""
        now = self._clock()
        with self._lock:
            left, since = self._buckets.pop(who, (float(self._calls), now))
            left = min(self._calls, left + (now - since) * self._per_second)
            self._buckets[who] = (left - 1 if left >= 1 else left, now)
            if len(self._buckets) > MANY:
                self._buckets.pop(next(iter(self._buckets)))
        return left >= 1
