"""``signalbox events``: every event that arrived, and what became of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from shared.ledger import ReceivedEvent
from shared.ledger.records import Disposition
from signalbox.errors import Unusable
from signalbox.options import AsJson, Limit
from signalbox.session import Session
from signalbox.views import print_json, show_table

app = typer.Typer(no_args_is_help=True, help="Every event that arrived, and what became of it.")


@app.command("list")
def list_(
    context: typer.Context,
    environment: Annotated[str | None, typer.Option(help="Only events of this one.")] = None,
    became: Annotated[
        Disposition | None, typer.Option(help="Only those started, coalesced, ignored or parked.")
    ] = None,
    type: Annotated[
        str | None, typer.Option(help="Only of this type, as sent or as translated.")
    ] = None,
    before: Annotated[int | None, typer.Option(min=1, help="Below this number.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """The newest events.

    Example: signalbox events list --became ignored
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = ledger.recent_events(
            environment=environment, disposition=became, type=type, before=before, limit=limit
        )
    if as_json:
        print_json(found)
    elif found:
        columns = ("", "type", "environment", "received", "what became of it")
        show_table(columns, map(_row, found), whole=["received"])
    else:
        typer.echo("No events. `signalbox trigger --help` shows how to publish one.")


@app.command()
def show(
    context: typer.Context,
    event: Annotated[str, typer.Argument(help="Its number, or its source followed by its id.")],
    id: Annotated[str | None, typer.Argument(help="Its id, after its source.")] = None,
    as_json: AsJson = False,
) -> None:
    """One event: what it said, and what became of it.

    Example: signalbox events show 17, or signalbox events show /backup/nightly acme-prod/20261122
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = ledger.event(event, id) if id else ledger.event_by_number(_number(event))
        body = ledger.event_body(found.number) if found else {}
    if found is None:
        raise Unusable("there is no such event: `signalbox events list` shows those there are")
    if as_json:
        print_json(asdict(found) | {"body": body})
        return
    _print(found)
    typer.echo(json.dumps(body, indent=2))


def _number(event: str) -> int:
    if not (event.isascii() and event.isdigit() and len(event) <= 18):
        raise Unusable("give an event's number, or its source and then its id")
    return int(event)


def _print(event: ReceivedEvent) -> None:
    read_as = f", read as {event.read_as}" if event.read_as else ""
    typer.echo(f"{event.number}  {event.type}{read_as}, received {event.received_at:%F %T}")
    typer.echo(f"{event.source}  {event.id}")
    typer.echo(_became(event))


def _row(event: ReceivedEvent) -> tuple[str, ...]:
    kind = f"{event.type}\n= {event.read_as}" if event.read_as else event.type
    received = f"{event.received_at:%F %T}"
    return str(event.number), kind, event.environment or "", received, _became(event)


def _became(event: ReceivedEvent) -> str:
    """What an event led to, in words."""
    told = [
        f"started {_ids(event.runs)}" if event.runs else "",
        f"same as {_ids(event.coalesced_with)}" if event.coalesced_with else "",
        f"parked as {event.parked}" if event.parked else "",
    ]
    outcome = "; ".join(filter(None, told)) or event.disposition
    return f"{outcome}: {event.reason}" if event.reason else outcome


def _ids(runs: Sequence[UUID]) -> str:
    return ", ".join(map(str, runs))
