"""The estate as people look at it: what each environment serves, and how fresh what it holds is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.console.desk import Desk
from shared.capabilities import Health, health
from shared.estate import Environment
from shared.ledger import Placement, Placements
from shared.ledger.environments import EnvironmentsOnRequest
from shared.ledger.overview import EnvironmentNow, NewestLag


@dataclass(frozen=True)
class Card:
    """One environment: what the estate says, what the ledger knows."""

    name: str
    environment_class: str
    tier: int
    region: str
    database: str
    """Server and name."""
    addresses: tuple[str, ...]
    serves: str
    """What it does for whom at this moment, in a few words."""
    concern: str | None
    """Why a person should look at it."""
    refreshed_from: str | None
    """The environment whose backups refresh it."""
    refreshed: bool
    """Whether it is meant to be refreshed at all."""
    backed_up: bool
    """Whether its backups are looked after."""
    checkpoint_until: datetime | None
    """When the database before the last refresh is dropped."""
    expires_at: datetime | None
    """When it is removed, being one on request."""
    lag: NewestLag | None
    """Of the pair that it is a half of."""
    able: tuple[Health, ...]
    """How well it can do what a business needs."""
    now: EnvironmentNow


def board(desk: Desk) -> list[Card]:
    """Every environment of the estate, in the file's order; then those on request, by name."""
    on_request = EnvironmentsOnRequest(desk.ledger).current()
    environments = (*desk.estate.environments, *(each.place for each in on_request))
    ends = {each.name: each.expires_at for each in on_request}
    known = desk.overview.environments([each.name for each in environments])
    placed = _placements(desk)
    lags = desk.overview.newest_lag()
    able = health(desk.ledger, desk.estate)
    return [
        _card(
            environment,
            known[environment.name],
            placed.get(environment.name),
            lags.get(environment.standby_of or environment.name),
            able.get(environment.name, ()),
            ends.get(environment.name),
        )
        for environment in environments
    ]


def _placements(desk: Desk) -> Mapping[str, Placement]:
    """Where each production that has a standby is served from; by both sides' names."""
    placements = Placements(desk.ledger)
    found: dict[str, Placement] = {}
    for environment in desk.estate.environments:
        if environment.standby_of is not None:
            placement = placements.of(environment.standby_of)
            found |= {environment.name: placement, environment.standby_of: placement}
    return found


def _card(
    environment: Environment,
    now: EnvironmentNow,
    placement: Placement | None,
    lag: NewestLag | None,
    able: tuple[Health, ...],
    expires_at: datetime | None,
) -> Card:
    kept = now.refreshed_at if now.checkpoint else None
    return Card(
        name=environment.name,
        environment_class=environment.environment_class.value,
        tier=environment.tier,
        region=environment.region,
        database=f"{environment.database.server}/{environment.database.name}",
        addresses=tuple(endpoint.host for endpoint in environment.endpoints),
        serves="who asked for it" if expires_at else _serves(environment, placement),
        concern=_concern(environment, now, placement, lag),
        refreshed_from=environment.refresh_from,
        refreshed=environment.refresh_from is not None,
        backed_up=environment.backups is not None,
        expires_at=expires_at,
        checkpoint_until=kept + environment.checkpoint_keep if kept else None,
        lag=lag,
        able=able,
        now=now,
    )


def _serves(environment: Environment, placement: Placement | None) -> str:
    if placement is not None:
        if placement.active_side == environment.name:
            return "users: the active side"
        # Before the first failover nothing is on record, and its default would be a guess.
        recorded = f", {placement.standby_state}" if placement.run_id else ""
        return f"nobody: the standby{recorded}"
    if environment.environment_class.holds_real_data:
        return "users"
    if environment.refresh_from:
        return f"a masked copy of {environment.refresh_from}"
    return f"{environment.environment_class}, refreshed by nobody"


def _concern(
    environment: Environment,
    now: EnvironmentNow,
    placement: Placement | None,
    lag: NewestLag | None,
) -> str | None:
    if placement and placement.active_side != environment.name and not placement.promotable:
        return f"not to be promoted without consent: {placement.reason or 'no reason given'}"
    if lag and lag.silent:
        return "the lag is not known"
    if lag and lag.seconds is not None and lag.seconds > environment.rpo.total_seconds():
        return f"the standby is {lag.seconds:.0f} s behind, more than the RPO allows"
    if now.last_status == "failed" and now.held_by is None:
        return f"the last {now.last_runbook} failed"
    return None
