"""``signalbox demo release``: three releases on this machine, and what became of each."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from infra.local.demo import Claim
from infra.local.release_demo import EARLY, FOLDER, FROZEN, REASON, ReleaseDemo, frozen_estate
from shared.ledger import Ledger
from shared.messages import CloudEvent
from signalbox.stage import act, console, say, show_claims, staged
from signalbox.watching import wait_for_event, watch

GOOD, BAD = "18.0-20261122", "18.0-20261123"


def demo(
    partners: Annotated[int, typer.Option(min=100, help="Size of the sample ERP.")] = 300,
    folder: Annotated[
        Path, typer.Option(help="Where it keeps its state; what an earlier demo left goes.")
    ] = FOLDER,
) -> None:
    """Bring a release to two rings, undo one that fails, respect a freeze, on this machine."""
    with (
        staged(folder, estate=frozen_estate(folder)) as (platform, ledger),
        closing(ReleaseDemo(platform, ledger)) as play,
    ):
        with act("fleet") as this:
            rows = play.make_fleet(partners)
            early = " and ".join(EARLY)
            this.text = f"{early} follow ring early, {FROZEN} ring late: {rows:,} rows each"
        true = show_claims(_play(play, ledger))
    if not true:
        raise typer.Exit(1)


def _play(play: ReleaseDemo, ledger: Ledger) -> list[Claim]:
    before = play.state(FROZEN)
    late = play.promote(GOOD, FROZEN)
    asked = play.await_question()
    say("freeze", f"{FROZEN} waits: {asked.plan['risks'][0]}")
    good = _follow(ledger, play.promote(GOOD, EARLY[0]), f"{GOOD} to ring early")
    after_good = [play.state(each) for each in EARLY]
    frozen = play.state(FROZEN)
    bad = play.promote(BAD, EARLY[0])
    play.allow(asked)
    say("approval", f"a person lets {FROZEN} go now: {REASON}")
    undone = _follow(ledger, bad, f"{BAD} to ring early, whose update fails half-way")
    let_go = _follow(ledger, late, f"{GOOD} to ring late")
    after_bad = [play.state(each) for each in EARLY]
    return [
        Claim(
            "both environments of ring early ran the release, with what its update makes",
            good == {"succeeded"} and all(each.runs(GOOD) for each in after_good),
        ),
        Claim("nothing of the frozen one had changed until then", frozen == before),
        Claim(
            "of the one that failed nothing is left: image and every row are as before it",
            undone == {"failed"} and after_bad == after_good,
        ),
        Claim(
            "the databases from before the good release are kept to go back to",
            all(each.copies == 1 for each in after_bad),
        ),
        Claim(
            "the frozen one went when a person said so, and runs the release",
            let_go == {"succeeded"} and play.state(FROZEN).runs(GOOD),
        ),
    ]


def _follow(ledger: Ledger, event: CloudEvent, what: str) -> set[str]:
    """Show the runs of an event until they are over; how they ended."""
    console.print(f"\n{what}")
    runs = wait_for_event(ledger, event.source, event.id, timedelta(seconds=30))
    ended = set(watch(ledger, runs, console, timedelta(minutes=5)).values())
    console.print()
    return ended
