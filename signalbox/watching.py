"""Following runs until they are over."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from shared.ledger import Ledger, Progress
from shared.runs.telling import OVER, detail
from signalbox.errors import Unusable
from signalbox.views import seconds, sign, steps_table


class StillGoing(Unusable):
    """The time to wait ended before the run did; the run goes on."""


def wait_for_event(ledger: Ledger, source: str, id: str, patience: timedelta) -> list[UUID]:
    """The runs that an event started, as soon as intake has dealt with it."""
    end = time.monotonic() + patience.total_seconds()
    while (event := ledger.event(source, id)) is None:
        if time.monotonic() > end:
            raise StillGoing("nobody has taken the event yet: is the Functions host running?")
        time.sleep(0.1)
    if event.disposition != "started":
        raise Unusable(f"the event was {event.disposition}: {event.reason or 'a run is going on'}")
    return ledger.runs_of_event(source, id)


def watch(
    ledger: Ledger, runs: Sequence[UUID], console: Console, patience: timedelta | None = None
) -> dict[UUID, str]:
    """Show runs until they are over; return their statuses."""
    return {run: _watch(ledger, run, console, patience) for run in runs}


def _watch(ledger: Ledger, run: UUID, console: Console, patience: timedelta | None) -> str:
    follow = _follow_live if console.is_terminal else _follow_lines
    return follow(ledger, run, console, patience)


def _looks(
    ledger: Ledger, run: UUID, patience: timedelta | None
) -> Iterator[tuple[str, list[Progress]]]:
    end = time.monotonic() + patience.total_seconds() if patience else None
    while True:
        record = ledger.run_record(run)
        if record is None:
            raise Unusable(f"there is no run {run}: `signalbox runs list` shows those there are")
        status = str(record["run"]["status"])
        yield status, ledger.progress(run)
        if status in OVER:
            return
        if end and time.monotonic() > end:
            raise StillGoing(f"run {run} is still {status}: `signalbox runs watch {run}` goes on")
        time.sleep(0.1)


def _follow_live(ledger: Ledger, run: UUID, console: Console, patience: timedelta | None) -> str:
    status = "waiting"
    with Live(console=console, refresh_per_second=10) as live:
        for status, steps in _looks(ledger, run, patience):
            heading = Text.assemble(sign(status), f" run {run} ", (status, "bold"))
            live.update(Group(heading, steps_table(steps, datetime.now(UTC))))
    return status


def _follow_lines(ledger: Ledger, run: UUID, console: Console, patience: timedelta | None) -> str:
    """For logs: a line when a step ends, none while it works."""
    console.print(f"run {run}", soft_wrap=True)
    said: set[str] = set()
    last = "waiting"
    for status, steps in _looks(ledger, run, patience):
        last = status
        for step in steps:
            if step.status in ("succeeded", "failed") and step.name not in said:
                said.add(step.name)
                took = seconds(step.started_at, step.ended_at, datetime.now(UTC))
                line = f"  {step.status:<9} {step.name:<24} {took:>9}  {detail(step)}"
                console.print(line.rstrip(), soft_wrap=True, highlight=False)
    console.print(f"run {run} {last}", soft_wrap=True)
    return last
