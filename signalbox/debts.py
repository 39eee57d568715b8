"""``signalbox debts``: what promoted servers still lack."""

from typing import Annotated

import typer

from shared.ledger.debts import Debts, OpenDebt
from signalbox.options import AsJson
from signalbox.session import Session
from signalbox.views import print_json, show_table

app = typer.Typer()


@app.command("debts")
def debts(
    context: typer.Context,
    environment: Annotated[str | None, typer.Option(help="Only of this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """What promoted servers still lack that the ones before them had, and what to do about it.

    Example: signalbox debts --environment acme-prod
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = Debts(ledger).open(environment)
    if as_json:
        print_json(found)
    elif found:
        columns = ("environment", "server", "what", "wanted", "found", "since", "to do")
        show_table(columns, map(_row, found))
    else:
        typer.echo("No debts: no promoted server lacks anything that the one before it had.")


def _row(debt: OpenDebt) -> tuple[str, ...]:
    todo = "; ".join(filter(None, (debt.repair, debt.problem)))
    since = f"{debt.opened_at:%F %R}"
    return debt.environment, debt.server, debt.what, debt.wanted, debt.found, since, todo
