"""What there is to say about runs and steps: on the page and in the terminal the same."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.ledger import Progress

OVER = ("succeeded", "failed", "superseded")
"""How a run can end."""

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


def detail(step: Progress) -> str:
    """Its error, its progress, or how often it was tried."""
    if step.error:
        return step.error
    tried = f"attempt {step.attempt}" if step.attempt > 1 else ""
    going = _progress(step.checkpoint or {}) if step.status == "ready" else ""
    return ", ".join(filter(None, (going, tried)))


def _progress(checkpoint: Mapping[str, Any]) -> str:
    """What a step says of itself: ``{"phase": "restore", "done": 3, "of": 12}``.

    >>> _progress({"progress": {"phase": "restore", "done": 3, "of": 12}})
    'restore 25 %'
    """
    progress = checkpoint.get("progress") or {}
    phase, of = str(progress.get("phase", "")), int(progress.get("of") or 0)
    if of:
        return f"{phase} {100 * int(progress.get('done', 0)) // of} %"
    return str(progress.get("reason") or phase)
