"""The figures as they stand in the paper: made from the kept ones, so that the two agree."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from benchmarks.outage.play import Outage, Spread

ROOT = Path(__file__).parents[2]
FIGURES = Path(__file__).with_name("figures.json")
PAPER = ROOT / "docs" / "scaling.md"
BEGIN, END = "<!-- outage: begin -->\n", "<!-- outage: end -->\n"

_OUTAGES = TypeAdapter(tuple[Outage, ...])


def keep(outages: Sequence[Outage]) -> None:
    """Write the figures, and the paper's tables from them."""
    FIGURES.write_text(json.dumps([asdict(each) for each in outages], indent=2) + "\n", "utf-8")
    before, _, rest = PAPER.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAPER.write_text(before + block(outages) + after, "utf-8")


def kept() -> tuple[Outage, ...]:
    return _OUTAGES.validate_json(FIGURES.read_text("utf-8"))


def block(outages: Sequence[Outage]) -> str:
    """Both tables, between the paper's two marks."""
    return f"{BEGIN}{_tiers(outages)}\n{_loads(outages)}{END}"


def _tiers(outages: Sequence[Outage]) -> str:
    head = ("Environments", "Tier 1 on", "Tier", "Promoted: median, p95, last", "Closed: same")
    rows = [
        (
            f"{outage.environments:,}",
            "the express topic" if outage.express else "everybody's topic",
            f"{each.tier} ({each.environments:,})",
            _spread(each.promoted),
            _spread(each.ended),
        )
        for outage in outages
        for each in outage.tiers
    ]
    return _table(head, rows)


def _loads(outages: Sequence[Outage]) -> str:
    names: dict[str, Callable[[Outage], str]] = {
        "Drained after": lambda o: _span(o.drained),
        "Transactions of the ledger": lambda o: f"{o.transactions:,}",
        "in its busiest second": lambda o: f"{o.transactions_peak:,} of {o.ledger_limit:,}",
        "by which it grows": lambda o: f"{o.megabytes:,.0f} MB",
        "Messages on the bus": lambda o: f"{o.messages:,}",
        "sent and received": lambda o: f"{o.operations:,}",
        "in the bus's busiest second": lambda o: f"{o.operations_peak:,}",
        "waiting for an instance at most": lambda o: f"{o.waiting_peak:,}",
        "Instances at most": lambda o: f"{o.instances_peak:,}",
        "Calls at a time at most": lambda o: f"{o.calls_peak:,}",
    }
    shown = [outage for outage in outages if outage.express]
    head = ("", *(f"{outage.environments:,}" for outage in shown))
    return _table(head, [(name, *(show(o) for o in shown)) for name, show in names.items()])


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _spread(spread: Spread) -> str:
    return ", ".join(_span(each) for each in (spread.median, spread.p95, spread.last))


def _span(seconds: float) -> str:
    """
    >>> _span(61.2)
    '1:01'
    """
    minutes, rest = divmod(int(timedelta(seconds=seconds).total_seconds()), 60)
    return f"{minutes}:{rest:02}"
