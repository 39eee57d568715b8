"""Measure how long nobody can write while a standby takes over, beside PostgreSQL's own limit.

    python -m benchmarks.failover [--rounds N] [--patroni BIN] [--json]

Every way gets a fresh copy of the same pair in every round, and the order changes. The time begins
with the order to fail over; of the whole chain, with the accepted event, on a pair of its own whose
sides change roles. Patroni, which finds out by itself, is measured from the death of its
leader: what of that is detection cannot be told apart from outside.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.pair import patroni, ways
from benchmarks.pair.chain import whole_chain
from benchmarks.pair.servers import make_template, streaming
from benchmarks.track.machine import Machine
from infra.local.processes import PartFailed

WAYS: dict[str, ways.Way] = {
    "primary killed: pg_promote()": ways.bare_waiting,
    "primary killed: pg_promote(wait => false)": ways.bare,
    "primary killed: fence, promote, admit": ways.mechanics,
    "planned: stop, pg_promote(wait => false)": ways.bare_planned,
    "planned: fence, prove, promote, admit": ways.mechanics_planned,
}
BASE = "primary killed: pg_promote()"


@dataclass(frozen=True)
class Outage:
    """Milliseconds without a write."""

    way: str
    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, way: str, seconds: list[float]) -> "Outage":
        times = [round(1000 * each, 1) for each in seconds]
        return cls(way, min(times), round(median(times), 1), max(times))


def main(
    rounds: Annotated[int, typer.Option(help="Failovers of each way.", min=1)] = 5,
    patroni_bin: Annotated[
        Path | None, typer.Option("--patroni", help="Where Patroni and etcd are installed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
) -> None:
    """Compare our mechanics with a bare promotion of the same pair, and with Patroni."""
    machine = Machine.here()
    with tempfile.TemporaryDirectory(prefix="signalbox-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        outages = _race(folder, rounds)
        chain = list(whole_chain(folder, rounds + 1))
        outages.append(Outage.of("primary killed: the whole chain, cold", chain[:1]))
        outages.append(Outage.of("primary killed: the whole chain", chain[1:]))
        programs = patroni.find_programs(patroni_bin)
        skipped = programs if isinstance(programs, str) else None
        if isinstance(programs, patroni.Programs):
            try:
                outages += list(_patroni(programs, folder))
            except PartFailed as error:
                skipped = str(error)
    if as_json:
        found = {"machine": asdict(machine), "outages": [asdict(each) for each in outages]}
        print(json.dumps(found | {"patroni_skipped": skipped}, indent=2))
    else:
        _show(machine, outages, skipped)


def _race(folder: Path, rounds: int) -> list[Outage]:
    make_template(folder / "template")
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for number in range(rounds):
        names = list(WAYS)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            with streaming(folder / "template", folder / "pair") as pair:
                seconds[name].append(WAYS[name](pair))
    return [Outage.of(name, found) for name, found in seconds.items()]


def _patroni(programs: patroni.Programs, folder: Path) -> Iterator[Outage]:
    """Once each: it takes as long as the settings say."""
    for name, settings in (("defaults", patroni.DEFAULTS), ("brisk", patroni.BRISK)):
        place = folder / f"patroni-{name}"
        killed = patroni.node_killed(programs, place, settings)
        yield Outage.of(f"Patroni, {name}: node killed", [killed])
        killed = patroni.server_killed(programs, place, settings)
        yield Outage.of(f"Patroni, {name}: server killed", [killed])


def _show(machine: Machine, outages: list[Outage], skipped: str | None) -> None:
    base = next(each.middle for each in outages if each.way == BASE)
    table = Table(title="From the order to the first write, in milliseconds", title_justify="left")
    for column in ("", "least", "median", "most", "ratio"):
        table.add_column(column, justify="right" if column else "left")
    for each in outages:
        times = (each.least, each.middle, each.most)
        table.add_row(each.way, *(f"{time:,.0f}" for time in times), f"{each.middle / base:.1f}")
    console = Console()
    console.print(table)
    console.print(f"Python {machine.python}, {machine.cpus} CPUs, load {machine.load}")
    if skipped:
        console.print(f"Patroni was not measured: {skipped}.", markup=False)


if __name__ == "__main__":
    typer.run(main)
