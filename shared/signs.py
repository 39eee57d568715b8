"""How statuses and lengths of time are shown, wherever people read them."""

from collections.abc import Iterable
from datetime import timedelta

SIGNS = {
    "succeeded": "✓",
    "failed": "✗",
    "superseded": "↷",
    "undoing": "↶",
    "running": "●",
    "ready": "●",
    "waiting": "…",
    "pending": "·",
    "skipped": "-",
    "approved": "✓",
    "rejected": "✗",
    "expired": "✗",
    "withdrawn": "-",
    "working": "✓",
    "at risk": "!",
    "unknown": "?",
    "broken": "✗",
    "idle": "-",
    "asleep": "☾",
    "awake": "☼",
    "waking": "…",
    "going to sleep": "…",
}
"""A sign for each status, beside its word: colour alone says nothing to everybody."""


def span(time: timedelta) -> str:
    """
    >>> [span(timedelta(seconds=s)) for s in (4.21, 187, 108_000)]
    ['4.2 s', '3 min 07 s', '30 h 00 min']
    """
    total = max(time.total_seconds(), 0.0)
    if total < 60:
        return f"{total:.1f} s"
    if total < 3600:
        return f"{int(total // 60)} min {int(total % 60):02} s"
    return f"{int(total // 3600)} h {int(total % 3600 // 60):02} min"


def listed(names: Iterable[str], at_most: int = 20) -> str:
    """
    >>> listed("abc", at_most=2), listed([])
    ('a, b and 1 more', 'none')
    """
    every = list(names)
    more = f" and {len(every) - at_most:,} more" if len(every) > at_most else ""
    return f"{', '.join(every[:at_most])}{more}" or "none"
