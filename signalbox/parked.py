"""``signalbox parked``: messages that could not be handled."""

import getpass
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from shared.bus import Envelope
from shared.ledger import ParkedMessage, Transaction
from signalbox.errors import Unusable
from signalbox.sending import open_bus
from signalbox.session import Session
from signalbox.views import parked_table, plain

app = typer.Typer(no_args_is_help=True, help="Messages that could not be handled, and why.")


@app.command("list")
def list_(
    context: typer.Context,
    resolved: Annotated[bool, typer.Option(help="Also those replayed or discarded.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Parked messages with their reasons, newest first."""
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = ledger.parked_messages(resolved=resolved)
    if as_json:
        typer.echo(json.dumps([asdict(message) for message in found], default=plain))
    elif found:
        Console().print(parked_table(found))
    else:
        typer.echo("Nothing is parked.")


@app.command()
def replay(context: typer.Context, parked: str) -> None:
    """Send a message again, after what kept it from being handled was mended."""
    session: Session = context.obj()
    with session.ledger() as ledger, open_bus(session.settings) as bus:
        envelope = ledger.persist(lambda tx: _replay(tx, parked))
        bus.send([envelope])
        ledger.forget_sent([envelope.id])
    typer.echo(f"replayed {parked}")


def _replay(tx: Transaction, parked: str) -> Envelope:
    found = tx.resolve_parked(parked, "replayed", getpass.getuser())
    envelope = _envelope(_needed(found, parked))
    tx.queue([envelope])
    return envelope


@app.command()
def discard(context: typer.Context, parked: str) -> None:
    """Mark a message as never to be handled; it stays in the ledger."""
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = ledger.persist(lambda tx: tx.resolve_parked(parked, "discarded", getpass.getuser()))
    _needed(found, parked)
    typer.echo(f"discarded {parked}")


def _needed(found: ParkedMessage | None, parked: str) -> ParkedMessage:
    if found is None:
        raise Unusable(f"no message {parked!r} is parked: `signalbox parked list` shows them")
    return found


def _envelope(parked: ParkedMessage) -> Envelope:
    """The message as it came, but for its id, which duplicate detection knows already."""
    return Envelope(
        id=f"replay:{parked.message_id}:{parked.parked_at:%Y%m%dT%H%M%S%f}"[:128],
        topic=parked.topic,
        subject=parked.subscription,
        body=parked.body,
    )
