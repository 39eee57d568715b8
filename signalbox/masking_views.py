"""How a masking plan, its progress and its certificate look on a terminal."""

import math
import re
from collections import Counter
from collections.abc import Mapping

import typer

from shared.masking import MaskingPlan, MaskingProgress
from shared.masking.plan import TablePlan
from shared.masking.proof import SignedCertificate
from signalbox.errors import Unusable
from signalbox.views import show_table


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


def so_far(progress: MaskingProgress) -> str:
    """Rows that are masked, what is left, and for about how long."""
    left = progress.seconds_left
    about = "" if left is None else f", about {left:,.0f} s"
    return f"{progress.rows:,} rows masked, {progress.remaining} tables left{about}"


def _size(size: float) -> str:
    units = ("B", "kB", "MB", "GB", "TB")
    power = min(int(math.log(max(size, 1), 1000)), len(units) - 1)
    return f"{size / 1000**power:,.{1 if power else 0}f} {units[power]}"


def show(plan: MaskingPlan) -> None:
    """Print the tables that change, the room that this takes, and the gaps."""
    show_table(("table", "rows (about)", "changes"), map(_row, plan.tables))
    if plan.largest is not None:
        typer.echo(
            f"{plan.largest.table.path} takes the most room on the disk: about "
            f"{_size(plan.largest.room)} while it is masked, and as much of WAL"
        )
    for gap in plan.gaps:
        typer.echo(f"no verdict: {gap}", err=True)


def _row(each: TablePlan) -> tuple[str, ...]:
    masked = (f"{column.column.name} ({column.masker or 'clear'})" for column in each.columns)
    changes = "rows go" if each.drop_rows else ", ".join(masked)
    return each.table.path, f"{each.table.rows:,}", changes


def described(plan: MaskingPlan) -> dict[str, object]:
    """The plan as JSON."""
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


def summary(signed: SignedCertificate) -> str:
    """What the certificate says, in a few lines."""
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
