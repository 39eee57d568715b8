"""``signalbox status``: what each environment can do now, in the words of a business."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from shared.capabilities import Health, health
from signalbox.options import AsJson
from signalbox.session import Session
from signalbox.views import print_json, show_table

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
    as_json: AsJson = False,
) -> None:
    """Whether each environment can capture orders, run the warehouse, invoice, and integrate.

    Exit status 1 when something is broken.

    Example: signalbox status --environment acme-prod
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = health(ledger, session.estate)
    if environment is not None and environment not in found:
        session.estate.environment(environment)  # raises, and says which there are
    chosen = {name: able for name, able in found.items() if environment in (None, name)}
    if as_json:
        print_json(chosen)
    else:
        show_table(("environment", "can do", "", "because"), _rows(chosen))
    if any(each.verdict == "broken" for able in chosen.values() for each in able):
        raise typer.Exit(1)


def _rows(found: dict[str, tuple[Health, ...]]) -> Iterator[tuple[str | Text, ...]]:
    for name, able in found.items():
        for number, each in enumerate(able):
            verdict = Text(each.verdict, STYLES[each.verdict])
            yield "" if number else name, each.capability, verdict, each.because
