"""``signalbox plan`` and ``signalbox drill``: a failover before it is needed."""

import getpass
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from rich.text import Text

from functions.failover.forecast import Forecast, forecast
from functions.failover.record_drill import judged
from shared.backups import beside, newest_manifest, read_manifest
from shared.blobs import Blobs
from shared.estate import Environment
from shared.ledger import FailoverHistory
from shared.ledger.history import Achieved
from shared.messages.failover import FailoverClosed, RegionDegraded
from shared.postgres.archives import ArchiveDamaged, ArchiveUnreadable, fetch
from shared.resources import Resources, build_resources
from shared.runs.drills import Drills, Rehearsal
from shared.signs import span
from signalbox.errors import Unusable
from signalbox.failover import rehearse
from signalbox.options import AsJson
from signalbox.session import Session
from signalbox.stage import console, say, since
from signalbox.views import print_json, show_list, show_plan, show_table

app = typer.Typer()
plans = typer.Typer(no_args_is_help=True)
drills = typer.Typer(
    no_args_is_help=True,
    help="Rehearse on a pair made for the purpose; production is not touched.",
)
app.add_typer(plans, name="plan")
app.add_typer(drills, name="drill")

EnvironmentName = Annotated[str, typer.Option(help="A production environment of the estate.")]


@plans.callback()
def plan() -> None:
    """What would happen, without doing it."""


@plans.command("region-degraded")
def region_degraded(
    context: typer.Context,
    environment: EnvironmentName,
    planned: Annotated[
        bool, typer.Option("--planned", help="A switchover, with both sides well.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask the witnesses, and show what a failover would do now; changes nothing.

    Example: signalbox plan region-degraded --environment acme-prod
    """
    event = RegionDegraded(environment=environment, planned=planned)
    with _resources(context.obj()) as resources:
        found = forecast(event, resources)
    if as_json:
        facts = found.plan.model_dump(mode="json") | {"predicted": found.predicted}
        said = {"verdict": found.verdict, "why": found.why, "gates": found.gates}
        typer.echo(json.dumps(facts | said))
    else:
        _show(found)


@drills.command("failover")
def failover(context: typer.Context, environment: EnvironmentName) -> None:
    """Restore the newest backup into an isolated pair, kill its primary, fail it over, measure.

    The pair lives in a private folder of this machine for as long as the drill takes: with a backup
    of production it holds production's data. What was achieved is kept in the ledger, and plans
    predict from it.

    Example: signalbox drill failover --environment acme-prod
    """
    if not _drill(context.obj(), environment):
        raise typer.Exit(1)


@drills.command("show")
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """When each failover was rehearsed, has to be again, and is by the clock.

    Example: signalbox drill show
    """
    with _rehearsals(context.obj()) as known:
        found = known.all()
    if as_json:
        print_json(found)
    elif found:
        columns = ("environment", "passed", "due", "next by the clock", "passed over by")
        show_table(columns, map(_known, found))
    else:
        typer.echo("No environment of the estate has a standby.")


@drills.command("skip")
def skip(context: typer.Context, environment: EnvironmentName) -> None:
    """Pass the next scheduled drill over, once.

    Example: signalbox drill skip --environment acme-prod
    """
    with _rehearsals(context.obj()) as known:
        at = known.skip(environment, by=getpass.getuser())
    typer.echo(f"{environment} is not drilled at {at:%F %R} UTC")


def _drill(session: Session, environment: str) -> bool:
    """Hold one drill, keep and show what it achieved; whether it passed."""
    production, _ = session.estate.pair(environment)
    began = time.monotonic()
    with _resources(session) as resources, tempfile.TemporaryDirectory() as private:
        backup = _newest_backup(resources.blobs, production, Path(private))
        played = rehearse(Path(private) / "pair", backup.file if backup else None)
        passed = False
        if played.closed is not None:
            closed, passed = judged(played.closed, production, claims_hold=played.true)
            source = backup.manifest if backup else "a sample"
            facts = closed.model_dump(mode="json") | {"lost_orders": played.lost_orders}
            resources.history.record_drill(
                uuid4(), environment, source=source, passed=passed, facts=facts
            )
        _show_history(resources.history, environment)
    console.print(f"\n{since(began)} in all")
    return passed


@dataclass(frozen=True)
class _Backup:
    manifest: str
    file: Path


def _newest_backup(blobs: Blobs, production: Environment, private: Path) -> _Backup | None:
    """Download the newest backup of an environment; None when it has none."""
    folder = production.backups
    if folder is None:
        return None
    newest = newest_manifest(blobs, folder)
    if newest is None:
        say("backup", f"{production.name} has none yet: a sample stands in")
        return None
    archive, target = read_manifest(blobs, newest, None)[0].archive, private / "database.dump"
    url = blobs.read_url(beside(newest, archive.path), timedelta(hours=1))
    try:
        fetch(url, target, size=archive.size, sha256=archive.sha256, report=lambda _done: None)
    except (ArchiveDamaged, ArchiveUnreadable) as error:
        raise Unusable(f"{newest}: {error}") from None
    say("backup", f"{newest}: {archive.size / 1e6:.1f} MB")
    return _Backup(newest, target)


@contextmanager
def _resources(session: Session) -> Iterator[Resources]:
    """What the deployment's own steps would get; nothing of it is asked to send anything."""
    with session.ledger() as ledger:
        yield build_resources(
            session.settings, session.estate, os.environ, ledger, lambda _envelopes: None
        )


def _show(found: Forecast) -> None:
    verdict = "would not happen" if found.verdict == "not-confirmed" else found.verdict
    console.print(Text(found.plan.action, "bold"))
    console.print(Text(f"{verdict}: {found.why}"), soft_wrap=True)
    show_plan(console, found.plan.model_dump())
    show_list(console, "gates", _gates(found))
    _show_prediction(found)


def _gates(found: Forecast) -> tuple[str, ...]:
    if found.verdict == "not-confirmed":
        return ("the run would end at the witnesses", *found.gates)
    return found.gates or ("nobody is asked: the policy decides",)


def _show_prediction(found: Forecast) -> None:
    console.print("\nPredicted from what was achieved", style="bold")
    if not found.predicted:
        name = found.pair.production.name
        console.print(f"nothing was: `signalbox drill failover --environment {name}`")
    for name, seconds in found.predicted.items():
        console.print(f"{name:<12}{span(timedelta(seconds=seconds)):>12}")


def _show_history(history: FailoverHistory, environment: str) -> None:
    console.print(f"\nAchieved for {environment}", style="bold")
    columns = ("ended", "from", "passed", "took", "lost")
    show_table(columns, map(_row, history.achieved(environment)))


def _known(each: Rehearsal) -> tuple[str, ...]:
    moments = (each.passed_at, each.due_at, each.next_at)
    said = [f"{at:%F %R} UTC" if at else "" for at in moments]
    said[1] = said[1] or "now: none has passed yet"
    return each.environment, *said, each.skipped_by or ""


@contextmanager
def _rehearsals(session: Session) -> Iterator[Drills]:
    with session.ledger() as ledger:
        yield Drills(session.estate, ledger)


def _row(each: Achieved) -> tuple[str, ...]:
    closed = FailoverClosed.model_validate(each.facts)
    lost = "unknown" if closed.lost_seconds is None else f"{closed.lost_seconds:.1f} s"
    passed = "yes" if each.passed else "no"
    return f"{each.ended_at:%F %T}", each.source, passed, span(closed.took), lost
