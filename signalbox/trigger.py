"""``signalbox trigger``: publish an event by hand. One command per event, made from its model."""

import getpass
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from inspect import Parameter, Signature, signature
from typing import Annotated, Any
from uuid import uuid4

import typer
from pydantic import ValidationError
from rich.console import Console

from functions.runbooks import RUNBOOKS
from shared.errors import explain
from shared.messages import CloudEvent, Event
from shared.runs import Runbook
from shared.runs.intake import Intake
from shared.runs.publishing import publish
from shared.runs.reading import Unacceptable
from signalbox.errors import Unusable
from signalbox.options import AsJson
from signalbox.sending import open_bus
from signalbox.session import Session
from signalbox.watching import wait_for_event, watch

app = typer.Typer(no_args_is_help=True, help="Publish an event by hand.")


def _add_commands() -> None:
    """A command for every event that a runbook answers, with an option for each of its fields."""
    for runbook in RUNBOOKS:
        app.command(runbook.on.type)(command_for(runbook))


def command_for(runbook: Runbook) -> Callable[..., None]:
    """A command that publishes the runbook's event."""
    kind = runbook.on

    def command(**given: Any) -> None:
        context: typer.Context = given.pop("context")
        publish_by_hand(kind, context.obj(), **given)

    fields = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.is_required() else None,
            annotation=Annotated[str | None, typer.Option(help=field.description)],
        )
        for name, field in kind.model_fields.items()
    ]
    own = list(signature(_options).parameters.values())
    command.__signature__ = Signature([*own[:1], *fields, *own[1:]])  # type: ignore[attr-defined]
    command.__doc__ = (
        f"{kind.__doc__}\n\nStarts a {runbook.name}. The JSON that --dry-run prints can be"
        " pasted into any Service Bus client."
    )
    command.__annotations__ = {each.name: each.annotation for each in [*own, *fields]}
    return command


def _options(
    *,
    context: typer.Context,
    id: Annotated[
        str | None, typer.Option(help="The event's id; the same id is the same event.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the runs until they are over.")
    ] = False,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds to wait at most.")] = 3600,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the message, publish nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What every trigger has beside the fields of its event."""


def publish_by_hand(
    kind: type[Event],
    session: Session,
    *,
    wait: bool,
    as_json: bool,
    id: str | None = None,
    timeout: int = 3600,
    dry_run: bool = False,
    **facts: Any,
) -> None:
    """Check an event as intake will, publish it, and follow its runs if ``wait``."""
    event = _event(kind, id, {name: fact for name, fact in facts.items() if fact is not None})
    try:
        environments = Intake(RUNBOOKS, session.estate).understand(event).environments
    except Unacceptable as refused:
        raise Unusable(str(refused)) from None
    if dry_run:
        typer.echo(event.model_dump_json(exclude_none=True, indent=2))
        typer.echo(f"would start one run each for: {', '.join(environments) or 'none'}", err=True)
        return
    with open_bus(session.settings) as bus:
        publish(bus, event)
    published = {"source": event.source, "id": event.id}
    if not wait:
        typer.echo(json.dumps(published) if as_json else f"published {event.id}")
        return
    _wait(session, event, timedelta(seconds=timeout), published, as_json=as_json)


def _event(kind: type[Event], id: str | None, facts: dict[str, Any]) -> CloudEvent:
    try:
        event = kind.model_validate(facts)
    except ValidationError as error:
        raise Unusable(f"{kind.type}: {explain(error)}") from None
    source = f"/manual/{getpass.getuser()}"
    return CloudEvent.of(event, id=id or str(uuid4()), source=source, time=datetime.now(UTC))


def _wait(
    session: Session,
    event: CloudEvent,
    patience: timedelta,
    published: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    with session.ledger() as ledger:
        runs = wait_for_event(ledger, event.source, event.id, patience)
        statuses = watch(ledger, runs, Console(stderr=as_json), patience)
    if as_json:
        found = {str(run): status for run, status in statuses.items()}
        typer.echo(json.dumps(published | {"runs": found}))
    if any(status != "succeeded" for status in statuses.values()):
        raise typer.Exit(1)


_add_commands()
