"""``signalbox debts``: what promoted servers still lack."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared.ledger.debts import Debts, OpenDebt
from signalbox.session import Session
from signalbox.views import plain

app = typer.Typer()


@app.command("debts")
def debts(
    context: typer.Context,
    environment: Annotated[str | None, typer.Option(help="Only of this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """What promoted servers still lack that the ones before them had, and what to do about it.

    Example: signalbox debts --environment acme-prod
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = Debts(ledger).open(environment)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], default=plain))
    elif found:
        Console().print(_table(found))
    else:
        typer.echo("No debts: no promoted server lacks anything that the one before it had.")


def _table(found: list[OpenDebt]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("environment", "server", "what", "wanted", "found", "since", "to do"):
        table.add_column(column)
    for debt in found:
        todo = "; ".join(filter(None, (debt.repair, debt.problem)))
        since = f"{debt.opened_at:%F %R}"
        table.add_row(
            debt.environment, debt.server, debt.what, debt.wanted, debt.found, since, todo
        )
    return table
