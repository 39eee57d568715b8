"""``signalbox demo failover``: a disaster on this machine, and what became of it."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from infra.local import failover_demo
from shared.ledger import Ledger
from shared.messages.failover import FailoverClosed, RecoveryConfirmed
from shared.signs import span
from signalbox.stage import (
    act,
    console,
    facts_of,
    follow,
    fresh_platform,
    ledger_of,
    say,
    show_claims,
    staged,
    usable,
)


def demo(
    partners: Annotated[int, typer.Option(min=100, help="Size of the sample ERP.")] = 1_000,
    folder: Annotated[
        Path, typer.Option(help="Where it keeps its state; what an earlier demo left goes.")
    ] = failover_demo.FOLDER,
) -> None:
    """Kill production while customers order, and let its standby take over, on this machine."""
    with (
        staged(folder) as (platform, ledger),
        closing(failover_demo.FailoverDemo(platform)) as play,
    ):
        played = play_disaster(play, ledger, partners)
    if not played.true:
        raise typer.Exit(1)


@dataclass(frozen=True)
class Played:
    """What became of a disaster."""

    closed: FailoverClosed | None
    """None when the failover did not succeed."""
    lost_orders: int
    true: bool
    """Whether every claim holds."""


FAILED = Played(None, 0, true=False)
SAMPLE_PARTNERS = 1_000
"""Size of the sample that stands in where an environment has no backup."""


def rehearse(folder: Path, dump: Path | None) -> Played:
    """The disaster on a platform of its own, with what a backup holds, or a sample."""
    with (
        fresh_platform(folder) as platform,
        closing(failover_demo.FailoverDemo(platform)) as play,
        ledger_of(platform) as ledger,
    ):
        return play_disaster(play, ledger, SAMPLE_PARTNERS, dump)


def play_disaster(
    play: failover_demo.FailoverDemo, ledger: Ledger, partners: int, dump: Path | None = None
) -> Played:
    """All acts of the disaster, told as they happen."""
    with act("pair") as this, console.status("making production") as status:
        rows = usable(lambda: play.make_pair(partners, status.update, dump=dump))
        this.text = f"production of {rows:,} rows, and a standby that streams from it"
    with act("orders") as this:
        this.text = f"customers were told of {play.take_orders()} orders, and go on ordering"
    say("disaster", "production's database server is killed with SIGKILL")
    down = play.kill_production()
    failed_over = follow(ledger, down.source, down.id)
    if failed_over is None:
        return FAILED
    outage = play.outage()
    with act("return") as this:
        returned = play.start_old_primary()
        this.text = f"the old primary is started again, and shut {span(returned.shut_after)} later"
    back = play.let_it_rejoin()
    rejoined = follow(ledger, back.source, back.id)
    if rejoined is None:
        return FAILED
    closed = facts_of(ledger, failed_over, "close_failover", FailoverClosed)
    confirmed = facts_of(ledger, rejoined, "confirm_recovery", RecoveryConfirmed)
    _show_times(closed, outage)
    true = show_claims(play.claims(closed, outage, returned, confirmed))
    return Played(closed, len(outage.lost), true)


def _show_times(closed: FailoverClosed, outage: failover_demo.Outage) -> None:
    for segment in closed.segments:
        console.print(f"{segment.name:<12}{span(segment.took):>10}")
    console.print(f"{'in all':<12}{span(closed.took):>10}   objective {span(closed.rto)}\n")
    console.print(
        f"customers could not order for {span(outage.lasted)}; {len(outage.lost)} of "
        f"{outage.told_before} orders that they had been told of are lost, {outage.told_after} "
        "were taken since",
        soft_wrap=True,
    )
