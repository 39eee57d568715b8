"""``signalbox environment``: environments on request, from asking to removing."""

import getpass
import json
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shared.ledger.environments import EnvironmentsOnRequest, OnRequest
from shared.messages.environments import EnvironmentExpired, EnvironmentRequested
from signalbox.errors import Unusable
from signalbox.session import Session
from signalbox.trigger import publish_by_hand
from signalbox.views import plain

app = typer.Typer(no_args_is_help=True, help="Environments that engineers have for a while.")

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Wait = Annotated[bool, typer.Option("--wait", help="Follow the run until it is over.")]


def time_of(text: str) -> timedelta:
    """
    >>> time_of("3d"), time_of("12h")
    (datetime.timedelta(days=3), datetime.timedelta(seconds=43200))
    """
    said = re.fullmatch(r"(\d{1,5})([smhdw])", text)
    if said is None:
        raise Unusable(f"{text!r} is no length of time: write 12h, 3d or 2w")
    return timedelta(**{UNITS[said[2]]: int(said[1])})


For = Annotated[str, typer.Option("--for", help="How long, from now: 12h, 3d, 2w.")]


@app.command()
def request(
    context: typer.Context,
    offer: str,
    name: Annotated[str, typer.Option(help="What it shall be called.")],
    lives: For = "1d",
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Ask for an environment; the same request twice makes one.

    Example: signalbox environment request qa-small --name ana-fix --for 3d --wait
    """
    facts = {"environment": name, "offer": offer, "hours": time_of(lives) / timedelta(hours=1)}
    _publish(context, EnvironmentRequested, wait, as_json, **facts, requested_by=getpass.getuser())


@app.command()
def remove(context: typer.Context, name: str, wait: Wait = False, as_json: AsJson = False) -> None:
    """Have one removed before its time is over, with all that is in it.

    Example: signalbox environment remove ana-fix --wait
    """
    facts = {"environment": name, "removed_by": getpass.getuser()}
    _publish(context, EnvironmentExpired, wait, as_json, **facts)


@app.command()
def extend(
    context: typer.Context,
    name: str,
    reason: Annotated[str, typer.Option(help="Why it is still needed.")],
    lives: For = "1d",
) -> None:
    """Let one live on, as long as its offer allows.

    Example: signalbox environment extend ana-fix --for 3d --reason "the fix is being reviewed"
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        on_request = EnvironmentsOnRequest(ledger)
        offer = session.estate.offer(on_request.named(name).offer)
        person = getpass.getuser()
        until = on_request.extend(name, offer, time_of(lives), by=person, reason=reason)
    typer.echo(f"{name} lives until {until:%F %T} UTC")


@app.command("list")
def list_(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Whose environments there are, and until when.

    Example: signalbox environment list --all
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        on_request = EnvironmentsOnRequest(ledger)
        found = on_request.newest() if every else on_request.current()
    if as_json:
        typer.echo(json.dumps([_facts(each) for each in found], default=plain))
        return
    for offer in session.estate.offers:
        days = offer.longest / timedelta(days=1)
        typer.echo(f"offered: {offer.name}, a clone of {offer.source}, for {days:g} days")
    _table(found)


@app.command()
def show(context: typer.Context, name: str, as_json: AsJson = False) -> None:
    """Where one is, who has it, how to log in, and who let it live on.

    Example: signalbox environment show ana-fix
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        on_request = EnvironmentsOnRequest(ledger)
        found = on_request.named(name)
        extensions = on_request.extensions(found.id)
    facts = _facts(found) | {"extensions": [asdict(each) for each in extensions]}
    if as_json:
        typer.echo(json.dumps(facts, default=plain))
        return
    for fact, value in facts.items():
        if fact != "extensions" and value is not None:
            typer.echo(
                f"{fact:<16}{value:%F %T} UTC"
                if isinstance(value, datetime)
                else f"{fact:<16}{value}"
            )
    for each in extensions:
        typer.echo(f"until {each.until_at:%F %T} UTC by {each.extended_by}: {each.reason}")
    secret = f"kubectl get secret -n {facts['namespace']} {found.place.database_secret}"
    typer.echo(f"passwords       {secret} -o jsonpath='{{.data.admin_password}}' | base64 -d")


def _publish(context: typer.Context, kind: Any, wait: bool, as_json: bool, **facts: Any) -> None:
    publish_by_hand(
        kind,
        context.obj(),
        id=None,
        wait=wait,
        timeout=3600,
        dry_run=False,
        as_json=as_json,
        **facts,
    )


def _facts(found: OnRequest) -> dict[str, Any]:
    facts = asdict(found)
    del facts["environment"]
    place = found.place
    database = f"{place.database.server}/{place.database.name}"
    return facts | {
        "url": place.endpoints[0].base_url,
        "namespace": place.namespace,
        "database": database,
    }


def _table(found: list[OnRequest]) -> None:
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False)
    for column in ("name", "offer", "status", "for", "until", "url"):
        table.add_column(column, no_wrap=True)
    for each in found:
        left = each.expires_at - now
        until = f"{each.expires_at:%F %R}" + (f" ({left.days} d)" if left.days > 0 else "")
        url = each.place.endpoints[0].base_url
        table.add_row(each.name, each.offer, each.status, each.requested_by, until, url)
    Console().print(table)
