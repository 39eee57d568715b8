"""What commands have found, as people read it in a terminal, and as JSON."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.ledger import Progress
from shared.runs.telling import detail
from shared.signs import SIGNS, span

STYLES = {
    "succeeded": "green",
    "failed": "red",
    "superseded": "yellow",
    "undoing": "yellow",
    "running": "cyan",
    "ready": "cyan",
}


def sign(status: str) -> Text:
    return Text(SIGNS[status], STYLES.get(status, "dim"))


def seconds(began: datetime | None, ended: datetime | None, now: datetime) -> str:
    """How long something took, or takes so far."""
    return "" if began is None else span((ended or now) - began)


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, whole: Collection[str] = ()
) -> None:
    """Print rows below their headings; the cells of ``whole`` columns are never broken.

    What is in a cell is text, never markup: anybody may have written it.
    """
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column in whole)
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    Console().print(table)


def show_plan(console: Console, plan: Mapping[str, Any]) -> None:
    """What would be done, who would notice, what may go wrong, and what is known."""
    for title in ("steps", "affected", "risks"):
        show_list(console, title, plan.get(title) or ())
    for name, value in (plan.get("facts") or {}).items():
        known = "unknown" if value is None else value
        console.print(Text(f"  {name.replace('_', ' ')}: {known}"), soft_wrap=True)


def show_list(console: Console, title: str, lines: Sequence[str]) -> None:
    """A heading and its lines; nothing where there are none."""
    if lines:
        console.print(Text(title, "bold"))
    for line in lines:
        console.print(Text(f"  - {line}"), soft_wrap=True)


def steps_table(steps: Sequence[Progress], now: datetime) -> Table:
    """One line per step that concerns somebody: an undo only when it has to run."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for style in ("", "bold", "cyan", ""):
        table.add_column(style=style)
    for step in steps:
        if step.kind == "undo" and step.status in ("pending", "skipped"):
            continue
        took = seconds(step.started_at, step.ended_at, now)
        table.add_row(sign(step.status), step.name, took, detail(step))
    return table


def legible(text: str) -> str:
    """A text of anybody's, without what a terminal would act on.

    >>> print(legible("red \\x1b[31m\\nline"))
    red �[31m
    line
    """
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def print_json(found: object) -> None:
    """Records may be anywhere in it."""
    typer.echo(json.dumps(found, default=_plain))


def _plain(record: Any) -> Any:
    return asdict(record) if is_dataclass(record) and not isinstance(record, type) else str(record)
