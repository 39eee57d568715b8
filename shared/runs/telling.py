"""What there is to say about runs and steps: on the page and in the terminal the same."""

from collections.abc import Mapping
from typing import Any

from shared.ledger import Progress

OVER = ("succeeded", "failed", "superseded")
"""How a run can end."""


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
