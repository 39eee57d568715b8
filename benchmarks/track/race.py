"""Send chains on their way, so many at a time, and take the time until all have arrived."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Semaphore

from benchmarks.track.runbook import RUNBOOK, TrainAnnounced
from benchmarks.track.stopwatch import Stopwatch
from shared.bus import Bus, Envelope
from shared.estate import Estate
from shared.ledger import Ledger
from shared.messages import CloudEvent
from shared.runs.intake import Intake

PATIENCE = 60.0
"""Seconds without an arrival after which the benchmark gives up."""
INTAKE = Intake([RUNBOOK], Estate(regions=(), clusters=(), servers=(), environments=()))


class ChainStuck(Exception):
    """No chain came to its end for a minute."""


@dataclass(frozen=True)
class Lap:
    """What one race took."""

    concurrency: int
    hops: int
    seconds: float
    deliveries: tuple[float, ...]
    """Seconds of each handler's call."""


@dataclass
class Side:
    """One of the two ways to run a chain, and its laps so far."""

    topic: str
    bus: Bus
    ledger: Ledger
    stopwatch: Stopwatch
    all_sent: Callable[[], bool]
    """Whether nothing waits in an outbox."""
    laps: list[Lap] = field(default_factory=list)


def race(side: Side, name: str, *, runs: int, concurrency: int) -> None:
    """Run chains, of environments of their own, and note the lap.

    What an event costs before its first step is sent, the same on both sides, is not counted; that
    everything is sent in the end is.
    """
    commands = _announce(side, [f"{name}-{number}" for number in range(runs)])
    side.stopwatch.deliveries.clear()
    start = time.perf_counter()
    _run_through(side, commands, concurrency)
    while not side.all_sent():
        time.sleep(0.001)
    seconds = time.perf_counter() - start
    hops = runs * len(RUNBOOK.steps)
    side.laps.append(Lap(concurrency, hops, seconds, tuple(side.stopwatch.deliveries)))


def _announce(side: Side, names: Sequence[str]) -> list[Envelope]:
    """Accept one event each; return the commands for the first steps, not sent yet."""
    commands = []
    for name in names:
        data = TrainAnnounced(environment=f"{name}-staging", train=f"train {name} of the benchmark")
        event = CloudEvent.of(data, id=name, source="/benchmark", time=datetime.now(UTC))
        with side.ledger.transaction() as tx:
            INTAKE.accept(tx, event, INTAKE.understand(event))
        side.ledger.forget_sent([envelope.id for envelope in tx.queued])
        commands += [e for e in tx.queued if e.topic == RUNBOOK.name]
    return [replace(command, topic=side.topic) for command in commands]


def _run_through(side: Side, commands: Sequence[Envelope], concurrency: int) -> None:
    free = Semaphore(concurrency)
    side.stopwatch.arrived = free.release
    for command in commands:
        _wait(free)
        side.bus.send([command])
    for _ in range(concurrency):
        _wait(free)


def _wait(free: Semaphore) -> None:
    if not free.acquire(timeout=PATIENCE):
        raise ChainStuck(f"nothing arrived for {PATIENCE:.0f} s")
