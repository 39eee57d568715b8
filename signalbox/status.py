"""``signalbox status``: what each environment can do now, in the words of a business."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from shared.capabilities import Health, Known, judge, what_is_known
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

    Then when logins were exchanged and certificates end, where they are looked after. Exit status 1
    when something is broken.

    Example: signalbox status --environment acme-prod
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = {each.environment.name: each for each in what_is_known(ledger, session.estate)}
    if environment is not None and environment not in found:
        session.estate.environment(environment)  # raises, and says which there are
    chosen = [each for name, each in found.items() if environment in (None, name)]
    able = {each.environment.name: judge(each) for each in chosen}
    if as_json:
        print_json(able)
    else:
        show_table(("environment", "can do", "", "because"), _rows(able))
        if kept := list(_kept(chosen)):
            show_table(("environment", "login exchanged", "certificate ends"), kept)
    if any(each.verdict == "broken" for signs in able.values() for each in signs):
        raise typer.Exit(1)


def _rows(found: dict[str, tuple[Health, ...]]) -> Iterator[tuple[str | Text, ...]]:
    for name, able in found.items():
        for number, each in enumerate(able):
            verdict = Text(each.verdict, STYLES[each.verdict])
            yield "" if number else name, each.capability, verdict, each.because


def _kept(known: Iterable[Known]) -> Iterator[tuple[str, ...]]:
    """When logins were exchanged and certificates end, where Signalbox looks after them."""
    for each in known:
        rotation, certificate = each.environment.rotation, each.environment.certificate
        since = each.login.rotated_at if each.login else None
        until = each.certificate.ends_at if each.certificate else None
        if rotation or certificate:
            said = _day(since) if rotation else "", _day(until) if certificate else ""
            yield each.environment.name, *said


def _day(at: datetime | None) -> str:
    return f"{at:%F %R}" if at else "unknown"
