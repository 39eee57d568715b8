"""``signalbox demo environment``: an environment on request on this machine, and its end."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from infra.local import environment_demo
from shared.ledger import Ledger
from shared.messages.environments import EnvironmentOpened, EnvironmentRemoved
from signalbox.stage import act, console, facts_of, follow, say, show_claims, staged


def demo(
    partners: Annotated[int, typer.Option(min=100, help="Size of the sample ERP.")] = 200,
    folder: Annotated[
        Path, typer.Option(help="Where it keeps its state; what an earlier demo left goes.")
    ] = environment_demo.FOLDER,
) -> None:
    """Refresh staging, clone it for an engineer, and let the clone end, on this machine."""
    with (
        staged(folder) as (platform, ledger),
        closing(environment_demo.EnvironmentDemo(platform, ledger)) as play,
    ):
        true = _play(play, ledger, partners)
    if not true:
        raise typer.Exit(1)


def _play(play: environment_demo.EnvironmentDemo, ledger: Ledger, partners: int) -> bool:
    with act("production") as this, console.status("making production") as status:
        event = play.refresh(partners, status.update)
        this.text = "an invented distribution company, backed up"
    return follow(ledger, event.source, event.id) is not None and show_life(play, ledger)


def show_life(play: environment_demo.EnvironmentDemo, ledger: Ledger) -> bool:
    """From asking for an environment to the proof that nothing of it is left; whether all holds."""
    say("request", f"ana asks for {environment_demo.NAME}, for {environment_demo.LIVES}")
    asked = play.request()
    made = follow(ledger, asked.source, asked.id)
    if made is None:
        return False
    opened = facts_of(ledger, made, "open_environment", EnvironmentOpened)
    console.print(f"{opened.url}, cloned in {opened.seconds:.2f} s, {opened.files} files")
    works = show_claims(play.claims_while_open())
    with act("time") as this, console.status("waiting until its time is over"):
        ended = play.wait_for_its_end()
        this.text = f"reminded, and over at {ended.expires_at:%T}"
    source = environment_demo.REMOVED_BY
    removed = follow(ledger, source, f"{ended.id}:{ended.expires_at.isoformat()}")
    if removed is None:
        return False
    facts = facts_of(ledger, removed, "prove_removed", EnvironmentRemoved)
    for what in facts.looked_for:
        console.print(f"looked for  {what}", style="dim", soft_wrap=True)
    gone = show_claims(play.claims_at_the_end(ended))
    return works and gone
