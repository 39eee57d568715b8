"""One run as people follow it: its steps in order, when each was at work, what it found out."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.ledger import Progress
from shared.runs.telling import OVER, detail

LONGEST = 240
"""Characters of a fact that are shown; the API has it whole."""


@dataclass(frozen=True)
class Try:
    """One attempt at a step."""

    number: int
    outcome: str
    looks: int
    began: datetime
    took: timedelta
    error: str | None


@dataclass(frozen=True)
class Line:
    """One step on the timeline."""

    name: str
    kind: str
    status: str
    detail: str
    took: timedelta | None
    left: float
    """Where its bar begins, in percent of the run's time."""
    width: float
    tries: tuple[Try, ...]
    facts: tuple[tuple[str, str], ...]
    """What it added to what was known."""


@dataclass(frozen=True)
class Entry:
    at: datetime
    what: str
    facts: str


@dataclass(frozen=True)
class Story:
    """A run with everything that a person asks about it."""

    id: str
    runbook: str
    environment: str
    status: str
    reason: str | None
    epoch: int | None
    created_at: datetime
    took: timedelta | None
    event: str
    event_type: str
    lines: tuple[Line, ...]
    audit: tuple[Entry, ...]

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def summary(self) -> str:
        """One sentence, for who cannot see the timeline."""
        at_work = next((line.name for line in self.lines if line.status == "ready"), None)
        return f"{self.runbook} of {self.environment}: {self.status}" + (
            f", at {at_work}" if at_work else ""
        )


def tell(record: Mapping[str, Any], steps: list[Progress], now: datetime) -> Story:
    """From a run's record and its steps."""
    run = record["run"]
    began, ended = _time(run["started_at"]), _time(run["ended_at"])
    scale = _Scale(began or now, ended or now)
    kept = {each["name"]: each for each in record["steps"]}
    tries = _tries(record, now)
    return Story(
        id=run["id"],
        runbook=run["runbook"],
        environment=run["environment"],
        status=run["status"],
        reason=run["reason"],
        epoch=run["epoch"],
        created_at=datetime.fromisoformat(run["created_at"]),
        took=(ended or now) - began if began else None,
        event=f"{run['event_source']} {run['event_id']}",
        event_type=record["event"]["type"],
        lines=tuple(
            _line(step, kept[step.name], tries[kept[step.name]["position"]], scale)
            for step in steps
            if step.kind == "do" or step.status not in ("pending", "skipped")
        ),
        audit=tuple(
            Entry(datetime.fromisoformat(each["at"]), each["what"], _plain(each["facts"]))
            for each in record["audit"]
        ),
    )


@dataclass(frozen=True)
class _Scale:
    """From moments to percent of a run's time."""

    began: datetime
    ended: datetime

    def bar(self, start: datetime | None, end: datetime | None) -> tuple[float, float]:
        if start is None:
            return 0.0, 0.0
        whole = max((self.ended - self.began).total_seconds(), 0.001)
        left = 100 * (start - self.began).total_seconds() / whole
        right = 100 * ((end or self.ended) - self.began).total_seconds() / whole
        left = min(max(left, 0.0), 99.5)
        return round(left, 2), round(max(min(right, 100.0) - left, 0.5), 2)


def _line(step: Progress, kept: Mapping[str, Any], tries: list[Try], scale: _Scale) -> Line:
    left, width = scale.bar(step.started_at, step.ended_at)
    took = (step.ended_at or scale.ended) - step.started_at if step.started_at else None
    known = kept["input"] or {}
    return Line(
        name=step.name,
        kind=step.kind,
        status=step.status,
        detail=detail(step),
        took=took,
        left=left,
        width=width,
        tries=tuple(tries),
        facts=tuple(
            (name, _plain(value))
            for name, value in (kept["output"] or {}).items()
            if name not in known
        ),
    )


def _tries(record: Mapping[str, Any], now: datetime) -> dict[int, list[Try]]:
    found: dict[int, list[Try]] = defaultdict(list)
    for each in record["attempts"]:
        began = datetime.fromisoformat(each["started_at"])
        found[each["position"]].append(
            Try(
                number=each["number"],
                outcome=each["outcome"] or "at work",
                looks=each["looks"],
                began=began,
                took=(_time(each["ended_at"]) or now) - began,
                error=each["error"],
            )
        )
    return found


def _plain(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
