"""Measure a chain of steps through broker, SDK and ledger, beside the same hops without an engine.

    python -m benchmarks.chain [--runs N] [--concurrency C] [--json]

Both sides take turns in one process, on the same broker and the same PostgreSQL, so that whatever
else the machine does meets both.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.track.machine import Machine
from benchmarks.track.parts import Parts, functions_host, parts
from benchmarks.track.race import Side, race
from benchmarks.track.raw import RawTrack
from benchmarks.track.report import Report, show
from benchmarks.track.runbook import RUNBOOK
from benchmarks.track.stopwatch import Stopwatch
from benchmarks.track.topology import RAW
from shared.bus.servicebus import ServiceBus
from shared.ledger import Ledger
from shared.logs import configure_logging

ROUNDS = 5
"""Turns of each side that count; one more before them does not."""


def main(
    runs: Annotated[int, typer.Option(help="Chains of each side in each round.", min=5)] = 100,
    concurrency: Annotated[int, typer.Option(help="Chains at a time.", min=2)] = 16,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
) -> None:
    """Compare the engine's chain with the same hops without an engine."""
    machine = Machine.here()
    with parts() as found:
        _log_to(found.log)
        with _sides(found) as (raw, engine):
            for number in range(ROUNDS + 1):
                for side in (raw, engine) if number % 2 else (engine, raw):
                    race(side, f"round-{number}", runs=runs, concurrency=concurrency)
                    race(side, f"alone-{number}", runs=runs // 5, concurrency=1)
    report = Report.of(raw.laps[2:], engine.laps[2:], concurrency)
    if as_json:
        print(json.dumps({"machine": asdict(machine), **asdict(report)}, indent=2))
    else:
        show(machine, report)


def _log_to(file: Path) -> None:
    """Log all that a deployed app logs, into a file: it is a part of the engine's cost."""
    logging.basicConfig(filename=file, format="%(message)s")
    configure_logging()


@contextmanager
def _sides(found: Parts) -> Iterator[tuple[Side, Side]]:
    """The hops without an engine, and the engine."""
    stopwatch = Stopwatch()
    with ExitStack() as stack:
        bus = ServiceBus.connect(found.bus)
        stack.callback(bus.close)
        books = Ledger.connect(found.raw), Ledger.connect(found.engine)
        for ledger in books:
            stack.callback(ledger.close)
        stack.enter_context(functions_host(found))
        app = sys.modules["function_app"]
        stack.callback(app.close)
        stack.enter_context(RawTrack(found.bus, found.raw, stopwatch).open())
        engine = Side(
            RUNBOOK.name, bus, books[1], app.STOPWATCH, lambda: not books[1].counts().unsent
        )
        yield Side(RAW, bus, books[0], stopwatch, lambda: True), engine


if __name__ == "__main__":
    typer.run(main)
