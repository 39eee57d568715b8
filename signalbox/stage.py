"""What the commands that play something on this machine have in common: acts, and a platform."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from rich.console import Console

from infra.local.demo import Claim
from infra.local.home import FolderNotOurs
from infra.local.platform import ESTATE, Platform
from infra.local.platform import reset as erase
from infra.local.processes import FolderInUse, PartFailed
from infra.local.sample import ImportRefused, UnsafeArchive
from shared.ledger import Ledger
from shared.messages import Message
from shared.signs import span
from signalbox.errors import Unusable
from signalbox.watching import wait_for_event, watch

console = Console(highlight=False)
T = TypeVar("T")
M = TypeVar("M", bound=Message)


@contextmanager
def fresh_platform(folder: Path, *, estate: Path = ESTATE) -> Iterator[Platform]:
    """A platform that knows nothing of an earlier one in the same folder."""
    usable(partial(erase, folder))
    with console.status("starting the platform") as status:
        platform = Platform(
            folder, estate=estate, progress=lambda part, text: status.update(f"{part}: {text}")
        )
        usable(platform.start)
    try:
        yield platform
    finally:
        platform.stop()


@contextmanager
def staged(folder: Path, *, estate: Path = ESTATE) -> Iterator[tuple[Platform, Ledger]]:
    """A fresh platform and its ledger; says how long it took to start, and how long all took."""
    began = time.monotonic()
    with fresh_platform(folder, estate=estate) as platform, ledger_of(platform) as ledger:
        say("platform", f"bus, Functions host, PostgreSQL, Kubernetes, blobs: {since(began)}")
        yield platform, ledger
    console.print(f"\n{since(began)} in all")


def show_addresses(platform: Platform) -> None:
    """Where everything is."""
    console.print()
    for name, value in (
        ("page and API", platform.url),
        ("Kubernetes API", platform.kubernetes_url),
        ("Service Bus", platform.settings["ServiceBus"]),
        ("settings", str(platform.settings_file)),
    ):
        console.print(f"{name:<16}{value}", soft_wrap=True, markup=False)
    console.print("\nCtrl-C stops it; what it holds is there again at the next start.")


@contextmanager
def running(platform: Platform) -> Iterator[Platform]:
    """Start a platform, stop it at the end."""
    usable(platform.start)
    try:
        yield platform
    finally:
        platform.stop()


def usable(work: Callable[[], T]) -> T:
    """Call ``work``; what a person can mend becomes a message instead of a traceback."""
    try:
        return work()
    except (PartFailed, FolderInUse, FolderNotOurs, ImportRefused, UnsafeArchive) as error:
        raise Unusable(str(error)) from error


@contextmanager
def ledger_of(platform: Platform) -> Iterator[Ledger]:
    """The platform's ledger."""
    with closing(
        Ledger.connect(platform.settings["SIGNALBOX_LEDGER_URL"], connections=2)
    ) as ledger:
        yield ledger


class Act:
    """What an act has to say at its end."""

    text = ""


@contextmanager
def act(name: str) -> Iterator[Act]:
    """Say, with its time, what an act has come to."""
    began = time.monotonic()
    this = Act()
    yield this
    say(name, f"{this.text}: {since(began)}")


def say(name: str, text: str) -> None:
    """One line of what is done."""
    console.print(f"[green]✓[/] [bold]{name:<11}[/] {text}", soft_wrap=True)


def part_progress(part: str, text: str) -> None:
    """What happens to a part of the platform."""
    console.print(f"{part:<14} {text}", style="dim")


def since(began: float) -> str:
    """How long it is since ``time.monotonic()`` was ``began``."""
    return span(timedelta(seconds=time.monotonic() - began))


def wait_for_ctrl_c() -> None:
    """Return when somebody wants an end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()


def follow(ledger: Ledger, source: str, id: str) -> UUID | None:
    """Show the run of an event until it is over; None unless it succeeded."""
    console.print()
    [run] = wait_for_event(ledger, source, id, timedelta(seconds=30))
    status = watch(ledger, [run], console, timedelta(minutes=30))[run]
    console.print()
    return run if status == "succeeded" else None


def facts_of(ledger: Ledger, run: UUID, step: str, kind: type[M]) -> M:
    """What a step has found out."""
    [found] = [each for each in ledger.progress(run) if each.name == step]
    return kind.model_validate(found.output)


def show_claims(claims: Sequence[Claim]) -> bool:
    """Every claim with a mark; whether all hold."""
    for claim in claims:
        mark = "[green]✓[/]" if claim.true else "[red]✗[/]"
        console.print(f"{mark} {claim.text}", soft_wrap=True)
    return all(claim.true for claim in claims)
