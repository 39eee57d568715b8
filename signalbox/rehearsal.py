"""``signalbox plan`` and ``signalbox drill``: a failover before it is needed."""

import hashlib
import json
import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from pydantic import ValidationError
from rich.text import Text

from functions.failover.forecast import Forecast, forecast
from infra.local.failover_demo import FailoverDemo
from shared.backups import newest_manifest
from shared.blobs import Blobs
from shared.estate import Environment, Estate
from shared.ledger import FailoverHistory
from shared.ledger.history import Achieved
from shared.messages.failover import FailoverClosed, RegionDegraded
from shared.odoo.manifest import BackupManifest
from shared.resources import Resources, build_resources
from shared.signs import span
from signalbox.errors import Unusable
from signalbox.failover import Played, play_disaster
from signalbox.options import AsJson
from signalbox.session import Session
from signalbox.stage import console, fresh_platform, ledger_of, say, since
from signalbox.views import show_list, show_plan, show_table

SAMPLE_PARTNERS = 1_000
"""Size of the sample that stands in where an environment has no backup."""

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


@drills.command("due")
def due(context: typer.Context) -> None:
    """Hold the drill of every environment whose estate says ``drill: run`` and whose last is old.

    For a scheduler, once a day, on a machine that may hold production's data for the time of a
    drill. Exit status 1 when one does not pass; it is held again the next time.

    Example: signalbox drill due
    """
    session: Session = context.obj()
    with _resources(session) as resources:
        names = drills_due(session.estate, resources.history)
    say("drills", f"{', '.join(names) or 'none'} due")
    passed = [_drill(session, name) for name in names]
    if not all(passed):
        raise typer.Exit(1)


def drills_due(estate: Estate, history: FailoverHistory) -> list[str]:
    """The environments whose drill a scheduler is to hold now."""
    return [
        each.name
        for each in estate.environments
        if each.failover.drill == "run"
        and estate.standby_for(each.name) is not None
        and history.is_drill_due(each.name, each.drill_every)
    ]


def _drill(session: Session, environment: str) -> bool:
    """Hold one drill, keep and show what it achieved; whether it passed."""
    production, _ = session.estate.pair(environment)
    began = time.monotonic()
    with _resources(session) as resources, tempfile.TemporaryDirectory() as private:
        backup = _newest_backup(resources.blobs, production, Path(private))
        played = _rehearse(Path(private) / "pair", backup.file if backup else None)
        passed = _passed(played, production)
        if played.closed is not None:
            source = backup.manifest if backup else "a sample"
            facts = played.closed.model_dump(mode="json") | {"lost_orders": played.lost_orders}
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


def _rehearse(folder: Path, dump: Path | None) -> Played:
    with (
        fresh_platform(folder) as platform,
        closing(FailoverDemo(platform)) as play,
        ledger_of(platform) as ledger,
    ):
        return play_disaster(play, ledger, SAMPLE_PARTNERS, dump)


def _passed(played: Played, production: Environment) -> bool:
    """Whether every claim holds, within the objectives of the environment that was rehearsed."""
    closed = played.closed
    return (
        closed is not None
        and played.true
        and closed.took <= production.rto
        and timedelta(seconds=closed.lost_seconds or 0) <= production.rpo
    )


def _newest_backup(blobs: Blobs, production: Environment, private: Path) -> _Backup | None:
    """Download the newest backup of an environment; None when it has none."""
    folder = production.backups
    if folder is None:
        return None
    newest = newest_manifest(blobs, folder)
    if newest is None:
        say("backup", f"{production.name} has none yet: a sample stands in")
        return None
    try:
        archive = BackupManifest.model_validate_json(blobs.read(newest)).archive
    except ValidationError:
        raise Unusable(f"{newest} is no manifest of a backup: take a new backup") from None
    target = private / "database.dump"
    url = blobs.read_url(f"{folder.container}/{archive.path}", timedelta(hours=1))
    with urllib.request.urlopen(url) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)
    with target.open("rb") as copied:
        if hashlib.file_digest(copied, "sha256").hexdigest() != archive.sha256:
            raise Unusable(f"the archive of {newest} is not what its manifest says")
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


def _row(each: Achieved) -> tuple[str, ...]:
    closed = FailoverClosed.model_validate(each.facts)
    lost = "unknown" if closed.lost_seconds is None else f"{closed.lost_seconds:.1f} s"
    passed = "yes" if each.passed else "no"
    return f"{each.ended_at:%F %T}", each.source, passed, span(closed.took), lost
