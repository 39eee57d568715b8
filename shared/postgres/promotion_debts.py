"""What a promoted Flexible Server lacks that the former primary had: debts, open until repaired.

Azure does not carry these over to a promoted replica; until they are paid, the new primary is less
protected, or behaves otherwise, than the one that it replaced.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "high-availability",
    "pgbouncer",
    "entra-login",
    "entra-administrator",
    "parameters",
    "geo-backup",
    "backup",
]

Item = tuple[Kind, str]
"""One thing that a server is set to: its kind, and what it is called."""

AFTER_RESTART = ", after a restart"

_NOTHING: Mapping[Kind, str] = {
    "pgbouncer": "the default",
    "parameters": "the default",
    "entra-administrator": "none",
}
_REPAIRS: Mapping[Kind, str] = {
    "high-availability": "enable high availability ({wanted}) on {server}",
    "pgbouncer": "set {what} to {wanted} on {server}",
    "entra-login": "enable Microsoft Entra authentication on {server}, name its administrators",
    "entra-administrator": "make {wanted} a Microsoft Entra administrator of {server}",
    "parameters": "set {what} to {wanted} on {server}",
    "geo-backup": (
        "geo-redundant backup is decided when a server is made: make a new replica with it, and "
        "switch over"
    ),
    "backup": "keep backups of {server} for {wanted} days; take one on demand now",
}


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
    """Only what somebody has set; with ``AFTER_RESTART`` where it does not hold before one."""
    entra_administrators: Mapping[str, str]
    """Type and name by object id: ``Group erp-admins``."""

    def items(self) -> Mapping[Item, str]:
        """Everything, by kind and name."""
        return {
            ("high-availability", "high availability"): self.high_availability,
            ("entra-login", "Microsoft Entra authentication"): self.entra_login,
            ("geo-backup", "geo-redundant backup"): self.geo_backup,
            ("backup", "days of backups"): str(self.backup_days),
            **{_parameter(name): value for name, value in sorted(self.parameters.items())},
            **{("entra-administrator", id): who for id, who in self.entra_administrators.items()},
        }


@dataclass(frozen=True)
class PromotionDebt:
    """One thing that the new primary owes."""

    kind: Kind
    what: str
    wanted: str
    found: str
    repair: str
    """What a person, or the agent, has to do."""

    @property
    def repairable(self) -> bool:
        """Whether something can be ordered about it: neither a new server nor a restart."""
        return self.kind != "geo-backup" and not self.found.endswith(AFTER_RESTART)


def debts(former: ServerFacts, successor: ServerFacts) -> tuple[PromotionDebt, ...]:
    """What the successor lacks; nothing once all is repaired."""
    return tuple(owed(former.items(), successor))


def owed(wanted: Mapping[Item, str], successor: ServerFacts) -> Iterator[PromotionDebt]:
    """Which of the wanted things the successor has not, or not so."""
    found = successor.items()
    for (kind, what), stated in wanted.items():
        value = stated.removesuffix(AFTER_RESTART)
        has = found.get((kind, what), _NOTHING.get(kind, "Disabled"))
        if not _enough(kind, value, has):
            yield _debt(kind, what, value, has, successor.name)


def _enough(kind: Kind, wanted: str, found: str) -> bool:
    if kind == "backup":
        return int(found) >= int(wanted)
    return wanted == found or (wanted == "Disabled" and kind not in _NOTHING)


def _debt(kind: Kind, what: str, wanted: str, found: str, server: str) -> PromotionDebt:
    repair = _REPAIRS[kind].format(what=what, wanted=wanted, server=server)
    if found == wanted + AFTER_RESTART:
        repair = f"restart {server} in a quiet hour: {what} does not hold before that"
    return PromotionDebt(kind, what, wanted, found, repair)


def _parameter(name: str) -> Item:
    return ("pgbouncer" if name.startswith("pgbouncer") else "parameters", name)
