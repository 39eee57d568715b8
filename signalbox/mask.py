"""``signalbox mask``: the sanitizer on its own, on any copy of a PostgreSQL database."""

import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from shared.estate import Secrets
from shared.estate.references import parse_reference
from shared.masking import MaskingPlan, MaskingProgress, load_policy, mask_tables, plan_masking
from shared.masking.coverage import refuse_gaps
from shared.masking.proof import (
    LeaksFound,
    ProofProgress,
    SignedCertificate,
    prove,
    remember,
)
from shared.odoo.clone import Clone
from shared.odoo.neutralize import neutralize
from shared.odoo.remap import remap_settings
from shared.postgres.marker import CloneMarker, Database, read_marker, write_marker
from signalbox.discovery import propose_rules, proposed_policy
from signalbox.errors import Unusable

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
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]

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
        typer.echo(json.dumps(_described(found), indent=2))
    else:
        _show(found)
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

    A copy of Odoo is neutralized, too: nothing in it reaches out, and nobody logs in.

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
                on_progress=lambda p: status(_so_far(p)),
            )
        changed = _neutralize(connection, decided, marker, base_url)
    if as_json:
        typer.echo(json.dumps(asdict(progress) | {"neutralized": changed}))
    else:
        off = f", {sum(changed.values()):,} rows neutralized" if changed else ""
        typer.echo(f"{progress.rows:,} rows in {progress.done} tables are masked{off}; prove it.")


@app.command("prove")
def prove_(
    dsn: Dsn,
    policy: Policy = None,
    key: Key = _KEY,
    as_json: AsJson = False,
) -> None:
    """Search a masked copy for what was masked, and print the signed certificate.

    Exit status 1 when something is left: its table, column and rows are named, never its value.

    Example: signalbox mask prove --dsn postgresql://localhost/copy --json > certificate.json
    """
    secret = _secret(key)
    with _connect(dsn) as connection:
        marker = _claim(connection, None)
        decided = plan_masking(connection, load_policy(policy))
        try:
            signed = _prove(connection, decided, secret, marker, as_json=as_json)
        except LeaksFound as leaks:
            typer.echo(str(leaks), err=True)
            raise typer.Exit(1) from None
    typer.echo(signed.model_dump_json(indent=2) if as_json else _summary(signed))


def _neutralize(
    connection: Database, plan: MaskingPlan, marker: CloneMarker, base_url: str
) -> dict[str, int]:
    """Rows that were changed by table; none where there is no Odoo.

    Links and mails get another address, so that they do not lead to production.
    """
    if not plan.verdicts:
        return {}
    clone = Clone(marker.run_id, marker.epoch, base_url, hostnames={})
    changed = neutralize(connection, clone, plan.neutralization).changed
    remap_settings(connection, clone)
    return changed


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


def require_room(plan: MaskingPlan, disk_free: str | None) -> None:
    """Refuse to begin what would fill the disk, as far as somebody said how much is free."""
    if disk_free is None or plan.largest is None:
        return
    said = re.fullmatch(r"(\d+) ?([kMGT]?)B", disk_free)
    if said is None:
        raise Unusable(f"--disk-free {disk_free}: write a whole number and kB, MB, GB or TB")
    free = int(said[1]) * 1000 ** " kMGT".index(said[2] or " ")
    if plan.largest.room > free:
        raise Unusable(
            f"table {plan.largest.table.path} needs about {_size(plan.largest.room)} on the disk "
            f"while it is masked, and {disk_free} are free: make room on the server first"
        )


def _so_far(progress: MaskingProgress) -> str:
    left = progress.seconds_left
    about = "" if left is None else f", about {left:,.0f} s"
    return f"{progress.rows:,} rows masked, {progress.remaining} tables left{about}"


def _size(size: float) -> str:
    units = ("B", "kB", "MB", "GB", "TB")
    power = min(int(math.log(max(size, 1), 1000)), len(units) - 1)
    return f"{size / 1000**power:,.{1 if power else 0}f} {units[power]}"


def _show(plan: MaskingPlan) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("table", "rows (about)", "changes"):
        table.add_column(heading)
    for each in plan.tables:
        changes = (
            "rows go"
            if each.drop_rows
            else ", ".join(
                f"{column.column.name} ({column.masker or 'clear'})" for column in each.columns
            )
        )
        table.add_row(each.table.path, f"{each.table.rows:,}", changes)
    Console().print(table)
    if plan.largest is not None:
        typer.echo(
            f"{plan.largest.table.path} takes the most room on the disk: about "
            f"{_size(plan.largest.room)} while it is masked, and as much of WAL"
        )
    for gap in plan.gaps:
        typer.echo(f"no verdict: {gap}", err=True)


def _described(plan: MaskingPlan) -> dict[str, object]:
    return {
        "policy_sha256": plan.policy_hash,
        "rows": plan.rows,
        "room": plan.largest.room if plan.largest else 0,
        "tables": [
            {
                "table": each.table.path,
                "rows": each.table.rows,
                "room": each.room,
                "drop_rows": each.drop_rows,
                "columns": {c.column.name: c.masker or "clear" for c in each.columns},
            }
            for each in plan.tables
        ],
        "gaps": [str(gap) for gap in plan.gaps],
    }


def _summary(signed: SignedCertificate) -> str:
    found = signed.certificate
    originals = found.looked_for_inside + found.looked_for_whole
    lines = {
        "nothing left of": f"{originals:,} originals; {found.too_short:,} were too short to look "
        f"for, {found.ambiguous:,} equal an invented value",
        "read": f"{found.rows:,} rows of {found.tables} tables, {found.bytes / 1e6:,.1f} MB "
        f"in {found.seconds:.1f} s",
        "documents read": _counts(found.documents),
        "not read as text": _counts(found.documents_not_read),
        "not read": ", ".join(found.not_read) or "nothing else",
        "canaries": f"{found.canaries_found} of {found.canaries_planted} found",
        "rules": _counts({rule.verdict: rule.columns for rule in found.rules}),
        "modules": f"{len(found.modules)} installed"
        + (f": {_counts(Counter(found.verdicts.values()))}" if found.verdicts else ""),
        "policy": found.policy_sha256,
        "content": found.content,
        "signed with": signed.public_key,
    }
    width = max(map(len, lines)) + 2
    facts = (f"{name + ':':<{width}}{value}" for name, value in lines.items())
    return "\n".join([f"{found.database} is certified.", *facts])


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
