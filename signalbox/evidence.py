"""``signalbox evidence``: what runs leave behind for others to check."""

import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from shared.blobs import AzureBlobs
from shared.cluster.secrets import open_secrets
from shared.evidence.checking import Verdict, examine
from shared.evidence.signing import evidence_signer
from shared.ledger import EvidenceCopies
from shared.runs.evidence import is_intact
from signalbox.errors import Unusable
from signalbox.options import AsJson
from signalbox.session import Session

app = typer.Typer(no_args_is_help=True, help="What runs leave behind for others to check.")

Keys = Annotated[
    list[str], typer.Option("--key", help="A public key to trust, in hexadecimal; may be repeated.")
]


@app.command()
def show(context: typer.Context, run: UUID) -> None:
    """Print the sealed record of a run that is over, after checking its seal.

    Example: signalbox evidence show 67e3a92d-6ac2-5770-ae85-8b98fd6dfb5a
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        found = ledger.evidence(run)
    if found is None:
        raise Unusable(f"run {run} has no evidence: it is not over, or there is no such run")
    if not is_intact(found):
        raise Unusable(f"the evidence of run {run} was changed after it was sealed")
    typer.echo(json.dumps({"sha256": found.sha256, "evidence": json.loads(found.body)}, indent=2))


@app.command()
def key(context: typer.Context) -> None:
    """Print the public key that verifies this deployment's bundles: give it to who checks them."""
    session: Session = context.obj()
    secrets = open_secrets(os.environ, session.settings)
    typer.echo(evidence_signer(secrets.resolve(session.estate.masking_key).encode()).public_key)


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(help="Bundles, pages, or folders of them.")],
    keys: Keys = [],  # noqa: B006 - how typer wants it; never changed
    as_json: AsJson = False,
) -> None:
    """Check bundles and pages, without a network: each byte, each link, who signed.

    Exit status 1 when anything is not as it was written.

    Example: signalbox evidence verify audit/acme-staging --key 3b6a27bc...
    """
    contents = {str(file): _content(file) for file in _found(files)}
    if not contents:
        raise Unusable("there is no bundle and no page in what was named")
    verdict = examine(contents, keys)
    _report(verdict, keys, as_json)
    if verdict.problems:
        raise typer.Exit(1)


@app.command()
def export(
    context: typer.Context,
    environment: Annotated[str, typer.Option(help="Whose runs.")],
    to: Annotated[Path, typer.Option(help="Folder; it is made when it is not there.")],
    keys: Keys = [],  # noqa: B006 - as above
    as_json: AsJson = False,
) -> None:
    """Fetch every bundle and page of an environment from blob storage, and check them.

    Exit status 1 when the ledger knows of a run whose bundle is not there, or another one is.

    Example: signalbox evidence export --environment acme-staging --to audit/acme-staging
    """
    session: Session = context.obj()
    with session.ledger() as ledger:
        links = EvidenceCopies(ledger).chain(environment)
    blobs = AzureBlobs.connect(session.settings.blobs.get_secret_value())
    prefix = f"{session.settings.evidence_container}/{environment}/"
    found = {Path(blob.path).name: blobs.read(blob.path) for blob in blobs.list(prefix)}
    if not links and not found:
        raise Unusable(f"there is no evidence of {environment}: no run of it has ended")
    to.mkdir(parents=True, exist_ok=True)
    for name, content in found.items():
        (to / name).write_bytes(content)
    verdict = examine(found, keys)
    missing = [link.number for link in links if link.sha256 not in verdict.records]
    _report(verdict, keys, as_json, missing)
    if verdict.problems or missing:
        raise typer.Exit(1)


def _found(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.json"))
            yield from sorted(path.rglob("*.html"))
        else:
            yield path


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}") from None


def _report(
    verdict: Verdict, trusted: Collection[str], as_json: bool, missing: Sequence[int] = ()
) -> None:
    if as_json:
        sound = not verdict.problems and not missing
        told = {"sound": sound, "keys_checked": bool(trusted), "missing": list(missing)}
        typer.echo(json.dumps(asdict(verdict) | told, indent=2))
        return
    for problem in verdict.problems:
        typer.echo(f"{problem.file}: {problem.what}", err=True)
    for number in missing:
        typer.echo(f"number {number} is in the ledger, but not in storage", err=True)
    for chain in verdict.chains:
        typer.echo(f"{chain.environment}: {chain.first} to {chain.last}, ends with {chain.newest}")
    typer.echo(f"{len(verdict.records)} bundles and {verdict.pages} pages are as they were written")
    for signer in verdict.keys if not trusted else ():
        typer.echo(f"signed with {signer}: compare it with `signalbox evidence key`, or use --key")
