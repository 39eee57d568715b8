"""``signalbox environment``: environments on request, from asking to removing."""

import getpass
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from shared.ledger.environments import EnvironmentsOnRequest, FailedRemoval, OnRequest
from shared.messages.environments import EnvironmentExpired, EnvironmentRequested
from signalbox.options import AsJson, length_of
from signalbox.session import Session
from signalbox.trigger import publish_by_hand
from signalbox.views import print_json, show_table

app = typer.Typer(no_args_is_help=True, help="Environments that engineers have for a while.")

Wait = Annotated[bool, typer.Option("--wait", help="Follow the run until it is over.")]
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
    publish_by_hand(
        EnvironmentRequested,
        context.obj(),
        wait=wait,
        as_json=as_json,
        environment=name,
        offer=offer,
        hours=length_of(lives) / timedelta(hours=1),
        requested_by=getpass.getuser(),
    )


@app.command()
def remove(context: typer.Context, name: str, wait: Wait = False, as_json: AsJson = False) -> None:
    """Have one removed before its time is over, with all that is in it.

    Example: signalbox environment remove ana-fix --wait
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        EnvironmentsOnRequest(ledger).named(name)
    publish_by_hand(
        EnvironmentExpired,
        session,
        wait=wait,
        as_json=as_json,
        environment=name,
        removed_by=getpass.getuser(),
    )


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
        until = on_request.extend(name, offer, length_of(lives), by=person, reason=reason)
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
        failed = on_request.failed_removals()
    if as_json:
        print_json([_facts(each, failed) for each in found])
        return
    for offer in session.estate.offers:
        days = offer.longest / timedelta(days=1)
        typer.echo(f"offered: {offer.name}, a clone of {offer.source}, for {days:g} days")
    columns = ("name", "offer", "status", "for", "until", "url")
    now = datetime.now(UTC)
    show_table(columns, (_row(each, now) for each in found), whole=columns)
    for name, removal in failed.items():
        typer.echo(f"{name}: {removal.outlook}")


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
        failed = on_request.failed_removals()
    facts = _facts(found, failed) | {"extensions": [asdict(each) for each in extensions]}
    if as_json:
        print_json(facts)
        return
    for fact, value in facts.items():
        if fact != "extensions" and value is not None:
            said = f"{value:%F %T} UTC" if isinstance(value, datetime) else value
            typer.echo(f"{fact:<16}{said}")
    for each in extensions:
        typer.echo(f"until {each.until_at:%F %T} UTC by {each.extended_by}: {each.reason}")
    secret = f"kubectl get secret -n {facts['namespace']} {found.place.database_secret}"
    typer.echo(f"passwords       {secret} -o jsonpath='{{.data.admin_password}}' | base64 -d")


def _facts(found: OnRequest, failed: Mapping[str, FailedRemoval]) -> dict[str, Any]:
    facts = asdict(found)
    del facts["environment"]
    place, removal = found.place, failed.get(found.name)
    return facts | {
        "removal": removal.outlook if removal and removal.id == found.id else None,
        "url": place.endpoints[0].base_url,
        "namespace": place.namespace,
        "database": f"{place.database.server}/{place.database.name}",
    }


def _row(each: OnRequest, now: datetime) -> tuple[str, ...]:
    left = each.expires_at - now
    until = f"{each.expires_at:%F %R}" + (f" ({left.days} d)" if left.days > 0 else "")
    url = each.place.endpoints[0].base_url
    return each.name, each.offer, each.status, each.requested_by, until, url
