"""``signalbox schedule``: what environments do by the clock, and doing otherwise for once."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer

from functions.upkeep.hours import refresh_request
from shared.backups import newest_manifest
from shared.blobs import AzureBlobs
from shared.messages import CloudEvent
from shared.runs.hours import Hours, Schedules
from shared.runs.outbox import Outbox
from shared.runs.publishing import publish
from signalbox.errors import Unusable
from signalbox.options import AsJson, length_of
from signalbox.sending import open_bus
from signalbox.session import Session
from signalbox.views import print_json, show_table

app = typer.Typer(no_args_is_help=True, help="What environments do by the clock.")

Until = Annotated[
    datetime | None, typer.Option(help="Until then, in UTC: 2026-11-23T20:00.", show_default=False)
]
For = Annotated[str | None, typer.Option("--for", help="For so long: 90 minutes, 2 days.")]
Reason = Annotated[str, typer.Option(help="Why; others see it.")]


@app.command()
def show(
    context: typer.Context,
    environment: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who is asleep, who is awake, until when and why; and when the next refresh is due.

    Example: signalbox schedule show
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        schedules = Schedules(session.estate, ledger, lambda _envelopes: None)
        found = [schedules.of(environment)] if environment else schedules.all()
    if as_json:
        print_json([_facts(each) for each in found])
    elif found:
        show_table(("environment", "is", "until", "because", "next refresh"), map(_row, found))
    else:
        typer.echo("No environment has a schedule: state schedules in the estate.")


@app.command()
def wake(
    context: typer.Context,
    environment: str,
    until: Until = None,
    for_: For = None,
    reason: Reason = "woken by hand",
) -> None:
    """Wake an environment outside its hours; for four hours unless you say otherwise.

    Example: signalbox schedule wake acme-staging --for "2 hours" --reason "a demo"
    """
    end = _want(context.obj(), environment, _end(until, for_), asleep=False, reason=reason)
    typer.echo(f"{environment} wakes, and is awake until {_moment(end)}")


@app.command()
def sleep(
    context: typer.Context,
    environment: str,
    until: Until = None,
    for_: For = None,
    reason: Reason = "put to sleep by hand",
) -> None:
    """Put an environment to sleep; until its next waking hours unless you say otherwise.

    Example: signalbox schedule sleep acme-training
    """
    end = _want(context.obj(), environment, _end(until, for_), asleep=True, reason=reason)
    typer.echo(f"{environment} goes to sleep until {_moment(end) or 'further notice'}")


@app.command()
def follow(context: typer.Context, environment: str) -> None:
    """Let an environment follow its schedule again.

    Example: signalbox schedule follow acme-staging
    """
    with _schedules(context.obj()) as schedules:
        schedules.follow(environment, by=getpass.getuser())
    typer.echo(f"{environment} follows its schedule")


@app.command()
def skip(context: typer.Context, environment: str) -> None:
    """Pass the next scheduled refresh over, once.

    Example: signalbox schedule skip acme-staging
    """
    with _schedules(context.obj()) as schedules:
        due = schedules.skip_refresh(environment, by=getpass.getuser())
    typer.echo(f"{environment} is not refreshed at {due:%F %R} UTC")


@app.command()
def refresh(context: typer.Context, environment: str) -> None:
    """Refresh an environment now, from the newest backup; its schedule stays as it is.

    Example: signalbox schedule refresh acme-staging
    """
    session: Session = context.obj()
    target = session.estate.environment(environment)
    if target.refresh_from is None:
        raise Unusable(f"{environment} is never refreshed: state refresh_from in the estate")
    folder = session.estate.environment(target.refresh_from).backups
    blobs = AzureBlobs.connect(session.settings.blobs.get_secret_value())
    manifest = newest_manifest(blobs, folder) if folder else None
    if manifest is None:
        raise Unusable(f"{target.refresh_from} has no backup to refresh {environment} from")
    event = CloudEvent.of(
        refresh_request(target, manifest),
        id=str(uuid4()),
        source=f"/manual/{getpass.getuser()}",
        time=datetime.now(UTC),
    )
    with open_bus(session.settings) as bus:
        publish(bus, event)
    typer.echo(f"published {event.id}: {environment} is refreshed from {manifest}")


@contextmanager
def _schedules(session: Session) -> Iterator[Schedules]:
    with session.ledger() as ledger, open_bus(session.settings) as bus:
        yield Schedules(session.estate, ledger, Outbox(ledger, bus).post)


def _want(
    session: Session, environment: str, end: datetime | None, *, asleep: bool, reason: str
) -> datetime | None:
    """When it ends in fact."""
    with _schedules(session) as schedules:
        schedules.want(environment, asleep=asleep, until=end, by=getpass.getuser(), reason=reason)
        return schedules.of(environment).until


def _end(until: datetime | None, for_: str | None) -> datetime | None:
    now = datetime.now(UTC)
    if until and for_:
        raise Unusable("--until and --for both say when it ends: give one of them")
    if for_ is not None:
        end: datetime | None = now + length_of(for_)
    else:
        end = until.replace(tzinfo=UTC) if until else None
    if end is not None and end <= now:
        raise Unusable("that is over already: give a time to come")
    return end


def _row(each: Hours) -> tuple[str, ...]:
    return each.environment, each.state, _moment(each.until), each.because, _next(each)


def _next(hours: Hours) -> str:
    skipped = hours.record.skipped_by and hours.record.refreshed_for
    passed_over = f" ({skipped:%F} passed over by {hours.record.skipped_by})" if skipped else ""
    return _moment(hours.next_refresh) + passed_over


def _moment(at: datetime | None) -> str:
    return f"{at:%F %R} UTC" if at else ""


def _facts(hours: Hours) -> dict[str, object]:
    return {
        "environment": hours.environment,
        "asleep": hours.record.asleep,
        "wanted": "asleep" if hours.asleep else "awake",
        "until": hours.until and hours.until.isoformat(),
        "because": hours.because,
        "next_refresh": hours.next_refresh and hours.next_refresh.isoformat(),
    }
