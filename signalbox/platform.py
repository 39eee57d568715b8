"""``signalbox up``, ``reset``, ``demo`` and ``generate``: what works on this machine alone."""

import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from infra.local import demo as demos
from infra.local import environment_demo, failover_demo, release_demo
from infra.local.coretools import offer_settings
from infra.local.platform import FOLDER, ROOT, Platform
from infra.local.platform import reset as erase
from infra.local.sample import require_odoo_dump
from shared.ledger import Ledger
from signalbox import failover, on_request, releases
from signalbox.errors import Unusable
from signalbox.generate import generated_files, stale_files
from signalbox.stage import (
    act,
    console,
    follow,
    fresh_platform,
    ledger_of,
    part_progress,
    running,
    say,
    show_addresses,
    show_claims,
    since,
    usable,
    wait_for_ctrl_c,
)

app = typer.Typer()
plays = typer.Typer(invoke_without_command=True)
app.add_typer(plays, name="demo")
plays.command("failover")(failover.demo)
plays.command("environment")(on_request.demo)
plays.command("release")(releases.demo)


@app.command()
def up(
    host: Annotated[
        bool, typer.Option(help="Run the functions, too; --no-host leaves them to `func start`.")
    ] = True,
) -> None:
    """Start the embedded platform and stay until Ctrl-C; its state survives in .local/platform.

    Writes its settings into local.settings.json, for `func start`, unless you have one of your own.
    """
    app = ROOT if host else None
    with running(Platform(FOLDER, app=app, progress=part_progress)) as platform:
        if not offer_settings(ROOT, platform.settings):
            console.print("local.settings.json is yours and was left as it is")
        show_addresses(platform)
        if not host:
            console.print("The functions, and with them page and API, wait for: func start")
        wait_for_ctrl_c()
        console.print("stopping")


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove the embedded platform's state: databases, blobs, messages, the demo's too."""
    if not yes:
        typer.confirm(f"Remove everything in {FOLDER} and the demos'?", abort=True)
    played = (demos.FOLDER, failover_demo.FOLDER, environment_demo.FOLDER, release_demo.FOLDER)
    for folder in (FOLDER, *played):
        usable(partial(erase, folder))
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


@plays.callback()
def demo(
    context: typer.Context,
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
    if context.invoked_subcommand is not None:
        return
    began = time.monotonic()
    if filestore and not dump:
        raise Unusable("--filestore belongs to a database: give --dump too")
    if dump:
        usable(partial(require_odoo_dump, dump))
    with (
        fresh_platform(folder) as platform,
        closing(demos.Demo(platform)) as play,
        ledger_of(platform) as ledger,
    ):
        say("platform", f"bus, Functions host, PostgreSQL x2, Kubernetes, blobs: {since(began)}")
        say("page", f"{platform.url} {'stays' if keep else 'while this runs; KEEP=1 leaves it up'}")
        true = _play(play, ledger, dump, filestore, partners)
        _show_next(platform, keep=keep)
        console.print(f"\n{since(began)} in all")
        if keep:
            show_addresses(platform)
            wait_for_ctrl_c()
    if not true:
        raise typer.Exit(1)


def _play(
    play: demos.Demo, ledger: Ledger, dump: Path | None, filestore: Path | None, partners: int
) -> bool:
    with act("production") as this, console.status("making production") as status:
        made = usable(lambda: play.make_production(dump, filestore, partners, status.update))
        this.text = f"{made.description}: {made.rows:,} rows, {made.files:,} files"
    with act("backup") as this, console.status("pg_dump into blob storage"):
        backup = play.take_backup()
        size = backup.manifest.archive.size / 1e6
        this.text = f"{backup.path}: {size:.1f} MB, sha256 {backup.manifest.archive.sha256[:12]}…"
    event = play.publish(backup)
    say("event", "backup-completed published to Service Bus topic platform-events")
    run = follow(ledger, event.source, event.id)
    return run is not None and _show_summary(play, ledger, run)


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
    return show_claims(play.claims(people))


def _show_next(platform: Platform, *, keep: bool) -> None:
    console.print("\nWhere to look next", style="bold")
    how = "in another terminal" if keep else "after `signalbox demo --keep`"
    file = platform.settings_file
    shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    console.print(f"  .venv/bin/signalbox --settings {shown} runs list   ({how})", soft_wrap=True)
    console.print("  docs/architecture.md: what just happened, and why it can be trusted")
