"""``signalbox mask``: the sanitizer on its own, on any copy of a PostgreSQL database."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console

from shared.estate import Secrets
from shared.estate.references import parse_reference
from shared.masking import MaskingPlan, load_policy, mask_tables, plan_masking, settle
from shared.masking.coverage import refuse_gaps
from shared.masking.proof import LeaksFound, ProofProgress, SignedCertificate, prove, remember
from shared.odoo.clone import Clone
from shared.odoo.documents import real_documents, replace_contents
from shared.odoo.neutralize import neutralize
from shared.odoo.remap import remap_settings
from shared.postgres.marker import CloneMarker, Database, read_marker, write_marker
from signalbox.discovery import propose_rules, proposed_policy
from signalbox.errors import Unusable
from signalbox.masking_views import described, require_room, show, so_far, summary
from signalbox.options import AsJson

app = typer.Typer(
    no_args_is_help=True,
    help="Mask a copy of a database, and prove that nothing of the original is left.",
    epilog="Example: signalbox mask plan --dsn postgresql://localhost/copy",
)

Dsn = Annotated[str, typer.Option(help="Connection URL of the copy.", envvar="SIGNALBOX_MASK_DSN")]
Policy = Annotated[
    Path | None, typer.Option(help="Policy file. Default: the one for Odoo that comes with us.")
]
Key = Annotated[str, typer.Option(help="Where the masking key is: env:NAME or file:/path.")]
Owned = Annotated[
    str | None,
    typer.Option(
        "--i-own-this-database",
        metavar="NAME",
        help="Without a clone marker: the database's name, typed in full. It will be changed.",
    ),
]
DiskFree = Annotated[
    str | None,
    typer.Option(
        help="Room on the database's disk, such as 20GB, which PostgreSQL cannot see: nothing is "
        "begun when the largest table needs more."
    ),
]

_KEY = "env:SIGNALBOX_MASKING_KEY"
_TURN = timedelta(seconds=5)
_RUN = "signalbox-mask"


@app.command()
def plan(
    dsn: Dsn, policy: Policy = None, as_json: AsJson = False, disk_free: DiskFree = None
) -> None:
    """Show what masking would change, with counts and the room it takes. Changes nothing.

    Exit status 1 when a column or a module has no verdict.

    Example: signalbox mask plan --dsn postgresql://localhost/copy --json
    """
    with _connect(dsn, read_only=True) as connection:
        found = plan_masking(connection, load_policy(policy))
    if as_json:
        typer.echo(json.dumps(described(found), indent=2))
    else:
        show(found)
    require_room(found, disk_free)
    if found.gaps:
        raise typer.Exit(1)


@app.command()
def propose(
    dsn: Dsn,
    policy: Policy = None,
    output: Annotated[Path | None, typer.Option(help="File to write. Default: print.")] = None,
) -> None:
    """Propose rules for columns and modules that have none: a policy, for a person to judge.

    Looks at names, at Odoo's own description and at a sample of the contents; changes nothing in
    the database. What a rule rests on is said in its reason, never with a value.

    Example: signalbox mask propose --dsn postgresql://localhost/copy --output acme.yaml
    """
    with _connect(dsn, read_only=True) as connection:
        known = load_policy(policy)
        found = plan_masking(connection, known)
        rules = propose_rules(connection, found, known)
    text = proposed_policy(rules, policy)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        typer.echo(f"{len(found.gaps)} proposals in {output}: judge each, then --policy {output}")


@app.command()
def run(
    dsn: Dsn,
    policy: Policy = None,
    key: Key = _KEY,
    owned: Owned = None,
    as_json: AsJson = False,
    disk_free: DiskFree = None,
    base_url: Annotated[
        str, typer.Option(help="Address that a copy of Odoo gets for its links and mails.")
    ] = "https://disabled.invalid",
) -> None:
    """Mask a copy, table by table; after a crash it goes on where it was.

    A copy of Odoo is neutralized, too: nothing in it reaches out, and nobody logs in. Documents in
    the database are replaced; those in files are out of reach and counted.

    Example: signalbox mask run --dsn postgresql://localhost/copy --i-own-this-database copy
    """
    secret = _secret(key)
    with _connect(dsn) as connection:
        decided = plan_masking(connection, load_policy(policy))
        refuse_gaps(decided.gaps)
        require_room(decided, disk_free)
        marker = _claim(connection, owned)
        remember(connection, decided, secret, run_id=marker.run_id, epoch=marker.epoch)
        with _progress(as_json) as status:
            progress = mask_tables(
                connection,
                decided,
                secret,
                run_id=marker.run_id,
                epoch=marker.epoch,
                budget=timedelta(days=1),
                on_progress=lambda p: status(so_far(p)),
            )
        quiet = _make_quiet(connection, decided, marker, base_url)
    if as_json:
        typer.echo(json.dumps(asdict(progress) | asdict(quiet)))
    else:
        typer.echo(f"{progress.rows:,} rows in {progress.done} tables are masked{quiet}; prove it.")


@app.command("prove")
def prove_(dsn: Dsn, policy: Policy = None, key: Key = _KEY, as_json: AsJson = False) -> None:
    """Search a masked copy for what was masked, and print the signed certificate.

    Exit status 1 when something is left: its table, column and rows are named, never its value.

    Example: signalbox mask prove --dsn postgresql://localhost/copy --json > certificate.json
    """
    secret = _secret(key)
    with _connect(dsn) as connection:
        marker = _claim(connection, None)
        decided = plan_masking(connection, load_policy(policy))
        settle(connection)
        try:
            signed = _prove(connection, decided, secret, marker, as_json=as_json)
        except LeaksFound as leaks:
            typer.echo(str(leaks), err=True)
            raise typer.Exit(1) from None
    typer.echo(signed.model_dump_json(indent=2) if as_json else summary(signed))


@dataclass(frozen=True)
class _Quiet:
    """What was done to a copy of Odoo beyond masking; nothing where there is no Odoo."""

    neutralized: Mapping[str, int] = field(default_factory=dict)
    """Rows by table."""
    documents: int = 0
    """Replaced in the database."""
    documents_out_of_reach: int = 0
    """In files of the filestore, which this command does not see."""

    def __str__(self) -> str:
        if self == _Quiet():
            return ""
        rows = f"{sum(self.neutralized.values()):,} rows neutralized"
        return (
            f", {rows}, {self.documents:,} documents replaced "
            f"({self.documents_out_of_reach:,} more are files: give the copy an empty filestore)"
        )


def _make_quiet(
    connection: Database, plan: MaskingPlan, marker: CloneMarker, base_url: str
) -> _Quiet:
    """Links and mails get another address, so that they do not lead to production."""
    if not plan.verdicts:
        return _Quiet()
    clone = Clone(marker.run_id, marker.epoch, base_url, hostnames={})
    documents = replace_contents(connection, clone, plan.attachments)
    changed = neutralize(connection, clone, plan.neutralization).changed
    remap_settings(connection, clone)
    return _Quiet(changed, documents, len(real_documents(connection, plan.attachments)))


def _prove(
    connection: Database, plan: MaskingPlan, key: bytes, marker: CloneMarker, *, as_json: bool
) -> SignedCertificate:
    with _progress(as_json) as status:
        while True:
            found = prove(
                connection,
                plan,
                key,
                run_id=marker.run_id,
                epoch=marker.epoch,
                budget=_TURN,
                on_progress=lambda p: status(f"read {p.done} of {p.of} tables"),
            )
            if not isinstance(found, ProofProgress):
                return found


@contextmanager
def _connect(dsn: str, *, read_only: bool = False) -> Iterator[Database]:
    try:
        connection = psycopg.connect(dsn, autocommit=True)
    except psycopg.Error as error:
        reason = str(error).splitlines()[0].rsplit(": ", 1)[-1]
        raise Unusable(f"the database cannot be reached: {reason}") from None
    with connection:
        if read_only:
            connection.execute("set default_transaction_read_only = on")
        yield connection


def _secret(reference: str) -> bytes:
    try:
        where = parse_reference(reference)
    except ValueError as error:
        raise Unusable(f"--key: {error}") from None
    return Secrets(os.environ).resolve(where).encode()


def _claim(connection: Database, owned: str | None) -> CloneMarker:
    """The database's clone marker; a new one for a database whose name was typed in full."""
    name = connection.info.dbname
    if marker := read_marker(connection):
        return marker
    if owned != name:
        raise Unusable(
            f"database {name} has no clone marker: it may be production. If it is a copy of yours, "
            f"say so with: signalbox mask run --i-own-this-database {name}"
        )
    marker = CloneMarker.new(_RUN, "", name, 0)
    write_marker(connection, marker)
    return marker


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    console = Console(stderr=True, quiet=quiet)
    with console.status("") as status:
        yield status.update
