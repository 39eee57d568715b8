"""Runs as people read them in a terminal."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from shared.ledger import Progress, RunSummary
from shared.runs.telling import detail

SIGNS = {
    "succeeded": ("✓", "green"),
    "failed": ("✗", "red"),
    "superseded": ("↷", "yellow"),
    "undoing": ("↶", "yellow"),
    "running": ("●", "cyan"),
    "ready": ("●", "cyan"),
    "waiting": ("…", "dim"),
    "pending": ("·", "dim"),
    "skipped": (" ", "dim"),
}


def sign(status: str) -> Text:
    mark, style = SIGNS[status]
    return Text(mark, style)


def seconds(began: datetime | None, ended: datetime | None, now: datetime) -> str:
    """How long something took, or takes so far."""
    return "" if began is None else span((ended or now) - began)


def span(time: timedelta) -> str:
    """
    >>> span(timedelta(seconds=4.21)), span(timedelta(minutes=3, seconds=7))
    ('4.2 s', '3 min 07 s')
    """
    total = time.total_seconds()
    return f"{total:.1f} s" if total < 60 else f"{int(total // 60)} min {int(total % 60):02} s"


def runs_table(runs: Sequence[RunSummary], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "run", "runbook", "environment", "status", "step", "took", "created"):
        table.add_column(column, no_wrap=column == "run")
    for run in runs:
        table.add_row(
            sign(run.status),
            str(run.id),
            run.runbook,
            run.environment,
            run.status,
            run.step or "",
            seconds(run.started_at, run.ended_at, now),
            f"{run.created_at:%F %T}",
        )
    return table


def steps_table(steps: Sequence[Progress], now: datetime) -> Table:
    """One line per step that concerns somebody: an undo only when it has to run."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for style in ("", "bold", "cyan", ""):
        table.add_column(style=style)
    for step in steps:
        if step.kind == "undo" and step.status in ("pending", "skipped"):
            continue
        table.add_row(
            sign(step.status),
            step.name,
            seconds(step.started_at, step.ended_at, now),
            detail(step),
        )
    return table


def legible(text: str) -> str:
    """A text of anybody's, without what a terminal would act on.

    >>> print(legible("red \\x1b[31m\\nline"))
    red �[31m
    line
    """
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def plain(record: Any) -> Any:
    """Anything that ``json.dumps(default=plain)`` does not know."""
    return str(record)
