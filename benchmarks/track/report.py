"""What the laps say, as a table or as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from benchmarks.track.machine import Machine
from benchmarks.track.race import Lap

TARGET_RATIO = 0.6
TARGET_P95 = 5.0


@dataclass(frozen=True)
class Figures:
    """Of one side; each the median of the rounds, times in milliseconds."""

    hops_per_second: float
    """Many chains at a time."""
    call_median: float
    call_p95: float
    """From a handler's call to its return, many chains at a time."""
    alone_hop: float
    """From one hop to the next, one chain at a time."""
    alone_call_median: float
    alone_call_p95: float

    @classmethod
    def of(cls, laps: Sequence[Lap]) -> "Figures":
        many = [lap for lap in laps if lap.concurrency > 1]
        alone = [lap for lap in laps if lap.concurrency == 1]
        return cls(
            round(median(lap.hops / lap.seconds for lap in many), 1),
            *_calls(many),
            round(median(1000 * lap.seconds / lap.hops for lap in alone), 2),
            *_calls(alone),
        )


@dataclass(frozen=True)
class Report:
    """Both sides, and what is claimed of them."""

    concurrency: int
    raw: Figures
    engine: Figures
    ratio: float
    """Steps per second of the engine for each raw hop per second: the median of the rounds."""
    ratios: tuple[float, ...]
    """The same of every round."""

    @classmethod
    def of(cls, raw: Sequence[Lap], engine: Sequence[Lap], concurrency: int) -> "Report":
        ratios = tuple(
            round(one.seconds / other.seconds, 2)
            for one, other in zip(raw, engine, strict=True)
            if one.concurrency > 1
        )
        both = Figures.of(raw), Figures.of(engine)
        return cls(concurrency, *both, round(median(ratios), 2), ratios)


def _calls(laps: Sequence[Lap]) -> tuple[float, float]:
    """Median and p95 of the rounds' medians and p95s."""
    cuts = [quantiles(lap.deliveries, n=20, method="inclusive") for lap in laps]
    return (
        round(1000 * median(cut[9] for cut in cuts), 2),
        round(1000 * median(cut[18] for cut in cuts), 2),
    )


def show(machine: Machine, report: Report) -> None:
    """Print the table."""
    raw, engine = report.raw, report.engine
    table = Table(
        title=f"Chain: {report.concurrency} at a time, and one alone", title_justify="left"
    )
    for name in ("", "raw hop", "engine step", "target"):
        table.add_column(name, justify="right" if name else "left")
    rows = (
        ("per second", raw.hops_per_second, engine.hops_per_second, ""),
        ("ratio", "1", f"{report.ratio}", f">= {TARGET_RATIO}"),
        ("call, median ms", raw.call_median, engine.call_median, ""),
        ("call, p95 ms", raw.call_p95, engine.call_p95, f"< {TARGET_P95}"),
        ("alone: hop to hop, ms", raw.alone_hop, engine.alone_hop, ""),
        ("alone: call, median ms", raw.alone_call_median, engine.alone_call_median, ""),
        ("alone: call, p95 ms", raw.alone_call_p95, engine.alone_call_p95, f"< {TARGET_P95}"),
    )
    for row in rows:
        table.add_row(*map(str, row))
    console = Console()
    console.print(table)
    console.print(
        f"Python {machine.python}, {machine.system}, {machine.cpus} CPUs, load {machine.load}"
    )
    console.print(f"Ratio in each round: {', '.join(map(str, report.ratios))}")
