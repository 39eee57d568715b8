"""``signalbox runs``: what runs, and what ran."""

import getpass
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.text import Text

from shared.ledger import RunSummary
from shared.ledger.records import RunStatus
from shared.runs.cancelling import cancel, retry
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from signalbox.errors import Unusable
from signalbox.loading import every_runbook
from signalbox.options import AsJson, Limit
from signalbox.sending import open_bus
from signalbox.session import Session
from signalbox.views import print_json, seconds, show_table, sign, steps_table
from signalbox.watching import watch

app = typer.Typer(no_args_is_help=True, help="What runs, and what ran.")


@app.command("list")
def list_(
    context: typer.Context,
    environment: Annotated[str | None, typer.Option(help="Only runs of this one.")] = None,
    status: Annotated[RunStatus | None, typer.Option(help="Only runs in this status.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """The newest runs.

    Example: signalbox runs list --environment acme-staging --status failed
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = ledger.recent_runs(environment=environment, status=status, limit=limit)
    if as_json:
        print_json(found)
    elif found:
        columns = ("", "run", "runbook", "environment", "status", "step", "took", "created")
        now = datetime.now(UTC)
        show_table(columns, (_row(each, now) for each in found), whole=["run"])
    else:
        typer.echo("No runs. `signalbox trigger --help` shows how to start one.")


def _row(run: RunSummary, now: datetime) -> tuple[str | Text, ...]:
    about = (run.runbook, run.environment, run.status, run.step or "")
    took = seconds(run.started_at, run.ended_at, now)
    return sign(run.status), str(run.id), *about, took, f"{run.created_at:%F %T}"


@app.command()
def show(context: typer.Context, run: UUID, as_json: AsJson = False) -> None:
    """One run: its steps, attempts and audit entries."""
    session: Session = context.obj()
    with session.ledger() as ledger:
        record, steps = ledger.run_record(run), ledger.progress(run)
    if record is None:
        raise Unusable(f"there is no run {run}: `signalbox runs list` shows those there are")
    if as_json:
        typer.echo(json.dumps(record))
        return
    about = record["run"]
    console = Console()
    console.print(f"{about['runbook']} of {about['environment']}: {about['status']}", style="bold")
    if about["reason"]:
        console.print(about["reason"], style="red")
    console.print(steps_table(steps, datetime.now(UTC)))
    for entry in record["audit"]:
        console.print(f"{entry['at']}  {entry['what']}  {json.dumps(entry['facts'])}", style="dim")


@app.command("watch")
def watch_(
    context: typer.Context,
    run: UUID,
    timeout: Annotated[int | None, typer.Option(min=1, help="Seconds to wait at most.")] = None,
    as_json: AsJson = False,
) -> None:
    """Follow a run until it is over; exit status 1 unless it succeeded."""
    session: Session = context.obj()
    patience = timedelta(seconds=timeout) if timeout else None
    with session.ledger() as ledger:
        statuses = watch(ledger, [run], Console(stderr=as_json), patience)
    if as_json:
        typer.echo(json.dumps({"run": str(run), "status": statuses[run]}))
    if statuses[run] != "succeeded":
        raise typer.Exit(1)


@app.command("cancel")
def cancel_(
    context: typer.Context,
    run: UUID,
    reason: Annotated[str, typer.Option(help="Why; it goes into the evidence.")],
    as_json: AsJson = False,
) -> None:
    """Give a run up: the attempt at work ends first, then what the run did is undone.

    Example: signalbox runs cancel 67e3a92d-6ac2-5770-ae85-8b98fd6dfb5a --reason "wrong backup"
    """
    session: Session = context.obj()
    with session.ledger() as ledger, open_bus(session.settings) as bus:
        cancel(ledger, Outbox(ledger, bus).post, run, by=getpass.getuser(), reason=reason)
    typer.echo(json.dumps({"cancelled": str(run)}) if as_json else f"cancelled {run}")


@app.command("retry")
def retry_(context: typer.Context, run: UUID, as_json: AsJson = False) -> None:
    """Publish the event of a failed run again, for that run's environment only.

    Example: signalbox runs retry 67e3a92d-6ac2-5770-ae85-8b98fd6dfb5a
    """
    session: Session = context.obj()
    with session.ledger() as ledger, open_bus(session.settings) as bus:
        intake = Intake(every_runbook(), session.estate)
        event = retry(ledger, bus, intake, run, by=getpass.getuser(), now=datetime.now(UTC))
    published = {"source": event.source, "id": event.id}
    typer.echo(json.dumps(published) if as_json else f"published {event.id}")
