"""``signalbox estate``: the file that describes everything Signalbox looks after."""

import json
from pathlib import Path
from typing import Annotated

import typer

from shared.estate import Environment, Estate, EstateInvalid, load_estate
from signalbox.options import AsJson
from signalbox.session import Session
from signalbox.views import show_table

app = typer.Typer(no_args_is_help=True, help="The file that describes what is looked after.")


@app.command()
def check(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Default: the deployment's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check an estate file; every problem is named with its line and what to do.

    Exit status 1 when there is one.

    Example: signalbox estate check infra/local/estate.yaml
    """
    try:
        found = load_estate(file or context.obj().settings.estate)
    except EstateInvalid as invalid:
        typer.echo(json.dumps({"problems": str(invalid)}) if as_json else str(invalid), err=True)
        raise typer.Exit(1) from None
    count = len(found.environments)
    typer.echo(json.dumps({"environments": count}) if as_json else f"{count} environments: fine")


@app.command()
def show(
    context: typer.Context,
    environment: Annotated[str | None, typer.Argument(help="Only this one, whole.")] = None,
    as_json: AsJson = False,
) -> None:
    """The environments, or everything about one; references to secrets, never their values.

    Example: signalbox estate show acme-staging --json
    """
    session: Session = context.obj()
    if environment is not None:
        one = session.estate.environment(environment)
        typer.echo(one.model_dump_json(indent=2, by_alias=True))
    elif as_json:
        typer.echo(session.estate.model_dump_json(indent=2, by_alias=True))
    else:
        columns = ("environment", "class", "tier", "region", "database", "refreshed from")
        show_table(columns, map(_row, session.estate.environments))


def _row(each: Environment) -> tuple[str, ...]:
    database = f"{each.database.server}/{each.database.name}"
    kind = each.environment_class.value
    return each.name, kind, str(each.tier), each.region, database, each.refresh_from or ""


@app.command()
def schema() -> None:
    """The JSON Schema of the file, for an editor that checks while you type.

    Example: signalbox estate schema > estate.schema.json
    """
    typer.echo(json.dumps(Estate.model_json_schema(), indent=2))
