"""``signalbox parked``: messages that could not be handled."""

import getpass
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from shared.ledger.overview import Overview
from shared.runs import parking
from shared.runs.intake import Intake
from signalbox.errors import Unusable
from signalbox.loading import every_runbook
from signalbox.options import AsJson
from signalbox.sending import open_bus
from signalbox.session import Session
from signalbox.views import legible, print_json

app = typer.Typer(no_args_is_help=True, help="Messages that could not be handled, and why.")


@app.command("list")
def list_(
    context: typer.Context,
    resolved: Annotated[bool, typer.Option(help="Also those replayed or discarded.")] = False,
    as_json: AsJson = False,
) -> None:
    """Parked messages by cause, the most frequent cause first.

    Example: signalbox parked list --resolved
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = ledger.parked_messages(resolved=resolved)
    if as_json:
        print_json(found)
        return
    for cause in parking.causes(found):
        _show_cause(cause)
    if not found:
        typer.echo("Nothing is parked.")


def _show_cause(cause: parking.Cause) -> None:
    console = Console()
    console.print(Text(cause.reason, "bold"), soft_wrap=True)
    for each in cause.messages:
        done = f"  {each.resolution}" if each.resolution else ""
        console.print(
            Text(f"  {each.id}  {cause.topic}  {each.parked_at:%F %T}{done}"), soft_wrap=True
        )


@app.command()
def show(context: typer.Context, parked: str, as_json: AsJson = False) -> None:
    """One message, and what would become of it if it were sent again now.

    Example: signalbox parked show accept-event:m-3:87fd456f
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        message = Overview(ledger).parked(parked)
    if message is None:
        raise Unusable(f"no message {parked!r} is parked: `signalbox parked list` shows them")
    verdict = parking.verdict(message, Intake(every_runbook(), session.estate))
    if as_json:
        print_json(asdict(message) | {"replay_would": verdict})
        return
    typer.echo(f"{message.reason}\n\n{legible(message.body)}\n\nsent again it would {verdict}")


@app.command()
def replay(
    context: typer.Context,
    parked: str,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of it, send nothing.")
    ] = False,
) -> None:
    """Send a message again, after what kept it from being handled was mended.

    Example: signalbox parked replay accept-event:m-3:87fd456f --dry-run
    """
    if dry_run:
        show(context, parked)
        return
    session: Session = context.obj()
    with session.ledger() as ledger, open_bus(session.settings) as bus:
        parking.replay(ledger, bus, parked, getpass.getuser())
    typer.echo(f"replayed {parked}")


@app.command()
def discard(context: typer.Context, parked: str) -> None:
    """Mark a message as never to be handled; it stays in the ledger.

    Example: signalbox parked discard accept-event:m-3:87fd456f
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        parking.discard(ledger, parked, getpass.getuser())
    typer.echo(f"discarded {parked}")
