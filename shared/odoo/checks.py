"""The shape of a check: what it may know, and what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from psycopg import sql

from shared.masking.plan import MaskingPlan
from shared.odoo.clone import Clone
from shared.postgres.asking import Database, value

SHOWN = 5
"""Examples in a check's detail; the counts are complete."""


@dataclass(frozen=True)
class Expected:
    """What a verified clone is compared with.

    ``rows`` and ``modules`` come from the backup's manifest, ``foreign_keys`` from
    ``count_foreign_keys`` right after the restore, ``plan`` from the masking.
    """

    clone: Clone
    rows: Mapping[str, int]
    modules: Mapping[str, str]
    foreign_keys: int
    plan: MaskingPlan


@dataclass(frozen=True)
class CheckResult:
    """The verdict of one check. ``counts`` are facts for the evidence, never values of rows."""

    name: str
    passed: bool
    detail: str
    counts: Mapping[str, int] = field(default_factory=dict)
    applicable: bool = True


Outcome = tuple[bool, str, Mapping[str, int]]
"""Passed, detail, counts."""


@dataclass(frozen=True)
class Check:
    """A named question about a clone. It applies when ``module`` is installed, or always."""

    name: str
    ask: Callable[[Database, Expected], Outcome]
    module: str | None = None


def verdict(wrong: list[str], right: str, **counts: int) -> Outcome:
    """Passed with ``right`` if nothing is wrong; else the first few things that are."""
    if not wrong:
        return True, right, counts
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return False, "; ".join(wrong[:SHOWN]) + more, {**counts, "wrong": len(wrong)}


def number(connection: Database, query: sql.Composed | sql.SQL) -> int:
    """The single number that a query gives; nothing counts as 0."""
    return int(value(connection, query) or 0)
