"""What a promoted Flexible Server lacks that the former primary had: debts, open until repaired.

Azure does not carry these over to a promoted replica; until they are paid, the new primary is less
protected, or behaves otherwise, than the one that it replaced.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "high-availability", "pgbouncer", "entra-login", "parameters", "geo-backup", "backup"
]

_POOLER = "pgbouncer"
_FIXED_AT_CREATION = "is decided when a server is made: make a new replica with it, and switch over"


@dataclass(frozen=True)
class ServerFacts:
    """What a Flexible Server is set to, as far as promotions forget it."""

    name: str
    high_availability: str
    """``Disabled``, ``SameZone`` or ``ZoneRedundant``."""
    entra_login: str
    geo_backup: str
    backup_days: int
    parameters: Mapping[str, str]
    """Only what somebody has set."""


@dataclass(frozen=True)
class PromotionDebt:
    """One thing that the new primary owes."""

    kind: Kind
    what: str
    wanted: str
    found: str
    repair: str
    """What a person, or the agent, has to do."""


def debts(former: ServerFacts, successor: ServerFacts) -> tuple[PromotionDebt, ...]:
    """What the successor lacks; nothing once all is repaired."""
    return tuple(
        debt
        for compare in (_availability, _entra_login, _geo_backup, _retention, _parameters)
        for debt in compare(former, successor)
    )


def _availability(former: ServerFacts, successor: ServerFacts) -> Iterator[PromotionDebt]:
    wanted, found = former.high_availability, successor.high_availability
    if wanted not in ("Disabled", found):
        repair = f"enable high availability ({wanted}) on {successor.name}"
        yield PromotionDebt("high-availability", "high availability", wanted, found, repair)


def _entra_login(former: ServerFacts, successor: ServerFacts) -> Iterator[PromotionDebt]:
    wanted, found = former.entra_login, successor.entra_login
    if wanted not in ("Disabled", found):
        repair = (
            f"enable Microsoft Entra authentication on {successor.name}, name its administrators"
        )
        yield PromotionDebt("entra-login", "Microsoft Entra authentication", wanted, found, repair)


def _geo_backup(former: ServerFacts, successor: ServerFacts) -> Iterator[PromotionDebt]:
    wanted, found = former.geo_backup, successor.geo_backup
    if wanted not in ("Disabled", found):
        repair = f"geo-redundant backup {_FIXED_AT_CREATION}"
        yield PromotionDebt("geo-backup", "geo-redundant backup", wanted, found, repair)


def _retention(former: ServerFacts, successor: ServerFacts) -> Iterator[PromotionDebt]:
    wanted, found = former.backup_days, successor.backup_days
    if found < wanted:
        repair = f"keep backups of {successor.name} for {wanted} days; take one on demand now"
        yield PromotionDebt("backup", "days of backups", str(wanted), str(found), repair)


def _parameters(former: ServerFacts, successor: ServerFacts) -> Iterator[PromotionDebt]:
    for name, wanted in sorted(former.parameters.items()):
        found = successor.parameters.get(name)
        if found != wanted:
            kind: Kind = "pgbouncer" if name.startswith(_POOLER) else "parameters"
            repair = f"set {name} to {wanted} on {successor.name}"
            yield PromotionDebt(kind, name, wanted, found or "the default", repair)
