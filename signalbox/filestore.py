"""``signalbox filestore``: attachments beside the database that refers to them."""

import os
from typing import Annotated

import typer
from azure.identity import DefaultAzureCredential
from rich.console import Console

from functions.filestore import RUNBOOK
from shared.blobs import AzureBlobs
from shared.cluster.secrets import open_secrets
from shared.filestore import Seen, check_files, filestore_of
from shared.postgres.databases import Databases
from shared.postgres.entra import EntraSignIn
from signalbox.options import AsJson
from signalbox.session import Session
from signalbox.trigger import command_for

app = typer.Typer(no_args_is_help=True, help="Attachments, and what the database refers to.")
app.command("sync")(command_for(RUNBOOK))


@app.command()
def check(
    context: typer.Context,
    environment: Annotated[str, typer.Option(help="The environment, as the estate names it.")],
    as_json: AsJson = False,
) -> None:
    """Prove every file that an environment's database refers to, by its SHA-1; changes nothing.

    Exit status 1 when one is missing or not whole; the first are named, with their attachments.

    Example: signalbox filestore check --environment acme-staging
    """
    seen = _look_through(context.obj(), environment)
    if as_json:
        typer.echo(seen.model_dump_json(exclude={"up_to", "copied", "copied_bytes", "finished"}))
    else:
        for named in seen.named:
            typer.echo(named)
        whole = seen.files - seen.problems
        typer.echo(f"{whole} of {seen.files} files are whole ({seen.bytes:,} bytes in all)")
    raise typer.Exit(1 if seen.problems else 0)


def _look_through(session: Session, environment: str) -> Seen:
    found = session.estate.environment(environment)
    secrets = open_secrets(os.environ, session.settings)
    address = EntraSignIn(DefaultAzureCredential()).completing(secrets.resolve)
    databases = Databases(session.estate, address)
    blobs = AzureBlobs.connect(session.settings.blobs.get_secret_value())
    database, seen = found.database, Seen()
    with (
        databases.connect(database.server, database.name) as connection,
        Console(stderr=True).status("reading files") as shown,
    ):
        while not seen.finished:
            seen = check_files(connection, blobs, filestore_of(found), seen)
            shown.update(f"reading files: {seen.files} of {seen.of}")
    return seen
