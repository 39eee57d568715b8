"""``signalbox runs``: what runs, what ran, and the evidence of it."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from shared.runs.evidence import is_intact
from signalbox.errors import Unusable
from signalbox.session import Session
from signalbox.views import plain, runs_table, steps_table
from signalbox.watching import watch

app = typer.Typer(no_args_is_help=True, help="What runs, what ran, and the evidence of it.")

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@app.command("list")
def list_(
    context: typer.Context,
    environment: Annotated[str | None, typer.Option(help="Only runs of this one.")] = None,
    status: Annotated[str | None, typer.Option(help="Only runs in this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest runs.

    Example: signalbox runs list --environment acme-staging --status failed
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = ledger.recent_runs(environment=environment, status=status, limit=limit)
    if as_json:
        typer.echo(json.dumps([asdict(run) for run in found], default=plain))
    elif found:
        Console().print(runs_table(found, datetime.now(UTC)))
    else:
        typer.echo("No runs. `signalbox trigger --help` shows how to start one.")


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


@app.command()
def evidence(context: typer.Context, run: UUID) -> None:
    """Print the sealed record of a run that is over, after checking its seal."""
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = ledger.evidence(run)
    if found is None:
        raise Unusable(f"run {run} has no evidence: it is not over, or there is no such run")
    if not is_intact(found):
        raise Unusable(f"the evidence of run {run} was changed after it was sealed")
    typer.echo(json.dumps({"sha256": found.sha256, "evidence": json.loads(found.body)}, indent=2))
