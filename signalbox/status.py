"""``signalbox status``: what each environment can do now, in the words of a business."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.capabilities import Health, health
from signalbox.session import Session

app = typer.Typer()

STYLES = {
    "working": "green",
    "at risk": "yellow",
    "unknown": "yellow",
    "broken": "red",
    "idle": "dim",
}


@app.command()
def status(
    context: typer.Context,
    environment: Annotated[str | None, typer.Option(help="Only this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Whether each environment can capture orders, run the warehouse, invoice, and integrate.

    Exit status 1 when something is broken.

    Example: signalbox status --environment acme-prod
    """
    session: Session = context.obj()
    if environment is not None:
        session.estate.environment(environment)
    with session.ledger() as ledger:
        found = health(ledger, session.estate)
    chosen = {name: able for name, able in found.items() if environment in (None, name)}
    if as_json:
        typer.echo(json.dumps({name: [asdict(e) for e in able] for name, able in chosen.items()}))
    else:
        Console().print(_table(chosen))
    if any(each.verdict == "broken" for able in chosen.values() for each in able):
        raise typer.Exit(1)


def _table(found: dict[str, tuple[Health, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("environment", "can do", "", "because"):
        table.add_column(column)
    for name, able in found.items():
        for each in able:
            verdict = Text(each.verdict, STYLES[each.verdict])
            table.add_row(name, each.capability, verdict, each.because)
            name = ""
    return table
