"""``signalbox up``, ``reset``, ``demo`` and ``generate``: what works on this machine alone."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.text import Text

from infra.local import demo as demos
from infra.local.home import FolderNotOurs
from infra.local.platform import FOLDER, Platform
from infra.local.platform import reset as erase
from infra.local.processes import FolderInUse, PartFailed
from infra.local.sample import ImportRefused, UnsafeArchive
from shared.ledger import Ledger
from signalbox.errors import Unusable
from signalbox.generate import generated_files, stale_files
from signalbox.views import span
from signalbox.watching import wait_for_event, watch

app = typer.Typer()
console = Console(highlight=False)
T = TypeVar("T")


@app.command()
def up() -> None:
    """Start the embedded platform and stay until Ctrl-C; its state survives in .local/platform."""
    with _running(Platform(FOLDER, progress=_part_progress)) as platform:
        _show_addresses(platform)
        _wait_for_ctrl_c()
        console.print("stopping")


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the embedded platform's state: databases, blobs, messages, the demo's too."""
    if not yes:
        typer.confirm(f"Remove everything in {FOLDER} and {demos.FOLDER}?", abort=True)
    for folder in (FOLDER, demos.FOLDER):
        _usable(partial(erase, folder))
    console.print("removed")


@app.command()
def generate(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if stale.")] = False,
) -> None:
    """Rewrite schemas/ and infra/topology.json from the code."""
    stale = stale_files()
    if check and stale:
        raise Unusable(f"stale: {', '.join(p.name for p in stale)}; run `make generate`")
    wanted = generated_files()
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], "utf-8")
        else:
            path.unlink()
        console.print(f"rewrote {path.name}")


@app.command()
def demo(
    dump: Annotated[
        Path | None, typer.Option(exists=True, help="Your own Odoo database (pg_dump -Fc).")
    ] = None,
    filestore: Annotated[
        Path | None, typer.Option(exists=True, help="Its filestore, as a tar archive.")
    ] = None,
    partners: Annotated[int, typer.Option(min=100, help="Size of the sample ERP.")] = 20_000,
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running until Ctrl-C.")] = False,
    folder: Annotated[
        Path, typer.Option(help="Where it keeps its state; what an earlier demo left goes.")
    ] = demos.FOLDER,
) -> None:
    """Refresh a staging environment from a backup of production, on this machine.

    Example: signalbox demo --dump erp.dump --filestore filestore.tar.gz --keep
    """
    began = time.monotonic()
    if filestore and not dump:
        raise Unusable("--filestore belongs to a database: give --dump too")
    _usable(partial(erase, folder))
    with console.status("starting the platform") as status:
        platform = Platform(folder, progress=lambda part, text: status.update(f"{part}: {text}"))
        _usable(platform.start)
    with (
        _stopping(platform),
        closing(demos.Demo(platform)) as play,
        _ledger(platform) as ledger,
    ):
        _say("platform", f"bus, Functions host, PostgreSQL x2, Kubernetes, blobs: {_since(began)}")
        true = _play(play, ledger, dump, filestore, partners)
        _show_next(platform, keep=keep)
        console.print(f"\n{_since(began)} in all")
        if keep:
            _show_addresses(platform)
            _wait_for_ctrl_c()
    if not true:
        raise typer.Exit(1)


def _play(
    play: demos.Demo, ledger: Ledger, dump: Path | None, filestore: Path | None, partners: int
) -> bool:
    with _act("production") as act, console.status("making production") as status:
        made = _usable(lambda: play.make_production(dump, filestore, partners, status.update))
        act.text = f"{made.description}: {made.rows:,} rows, {made.files:,} files"
    with _act("backup") as act, console.status("pg_dump into blob storage"):
        backup = play.take_backup()
        size = backup.manifest.archive.size / 1e6
        act.text = f"{backup.path}: {size:.1f} MB, sha256 {backup.manifest.archive.sha256[:12]}…"
    event = play.publish(backup)
    _say("event", "backup-completed published to Service Bus topic platform-events")
    console.print()
    [run] = wait_for_event(ledger, event.source, event.id, timedelta(seconds=30))
    status_ = watch(ledger, [run], console, timedelta(minutes=30))[run]
    console.print()
    return status_ == "succeeded" and _show_summary(play, ledger, run)


def _show_summary(play: demos.Demo, ledger: Ledger, run: UUID) -> bool:
    facts = {step.name: step.output or {} for step in ledger.progress(run)}
    last = facts["publish_environment"]
    people = play.people()
    for person in people:
        for who, row, style in (
            ("production", person.before, ""),
            ("staging", person.after, "cyan"),
        ):
            name, email, phone = row
            line = Text(f"{who:<12}{name:<24}{email:<42}{phone}", style)
            console.print(line, soft_wrap=True)
    console.print(
        f"\n{last['rows_masked']:,} rows masked in {last['tables_masked']} tables, "
        f"{last['checks']} checks passed, {last['endpoints']} endpoints remapped, "
        f"{last['files']:,} files",
        soft_wrap=True,
    )
    claims = play.claims(people)
    for claim in claims:
        mark = "[green]✓[/]" if claim.true else "[red]✗[/]"
        console.print(f"{mark} {claim.text}")
    return all(claim.true for claim in claims)


def _show_next(platform: Platform, *, keep: bool) -> None:
    console.print("\nWhere to look next", style="bold")
    how = "in another terminal" if keep else "after `signalbox demo --keep`"
    file = platform.settings_file
    shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    console.print(f"  .venv/bin/signalbox --settings {shown} runs list   ({how})", soft_wrap=True)
    console.print("  docs/architecture.md: what just happened, and why it can be trusted")


def _show_addresses(platform: Platform) -> None:
    console.print()
    for name, value in (
        ("Functions host", platform.url),
        ("Kubernetes API", platform.kubernetes_url),
        ("Service Bus", platform.settings["ServiceBus"]),
        ("settings", str(platform.settings_file)),
    ):
        console.print(f"{name:<16}{value}", soft_wrap=True, markup=False)
    console.print("\nCtrl-C stops it; what it holds is there again at the next start.")


@contextmanager
def _running(platform: Platform) -> Iterator[Platform]:
    _usable(platform.start)
    with _stopping(platform):
        yield platform


@contextmanager
def _stopping(platform: Platform) -> Iterator[None]:
    try:
        yield
    finally:
        platform.stop()


def _usable(work: Callable[[], T]) -> T:
    """Call ``work``; what a person can mend becomes a message instead of a traceback."""
    try:
        return work()
    except (PartFailed, FolderInUse, FolderNotOurs, ImportRefused, UnsafeArchive) as error:
        raise Unusable(str(error)) from error


@contextmanager
def _ledger(platform: Platform) -> Iterator[Ledger]:
    with closing(
        Ledger.connect(platform.settings["SIGNALBOX_LEDGER_URL"], connections=2)
    ) as ledger:
        yield ledger


class _Act:
    text = ""


@contextmanager
def _act(name: str) -> Iterator[_Act]:
    began = time.monotonic()
    act = _Act()
    yield act
    _say(name, f"{act.text}: {_since(began)}")


def _say(name: str, text: str) -> None:
    console.print(f"[green]✓[/] [bold]{name:<11}[/] {text}", soft_wrap=True)


def _part_progress(part: str, text: str) -> None:
    console.print(f"{part:<14} {text}", style="dim")


def _since(began: float) -> str:
    return span(timedelta(seconds=time.monotonic() - began))


def _wait_for_ctrl_c() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
