"""The estate as people look at it: what each environment serves, and how fresh what it holds is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from functions.console.desk import Desk
from functions.console.schedules import schedules_of
from shared.capabilities import Health, Known, judge, what_is_known
from shared.ledger.certificates import CertificateSeen
from shared.ledger.environments import EnvironmentsOnRequest, FailedRemoval
from shared.ledger.overview import EnvironmentNow, NewestLag
from shared.ledger.workloads import Verification
from shared.runs.hours import Hours


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
    failed_run: UUID | None
    """The one to look at."""
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
    hours: Hours | None
    """Whether it is asleep, if it ever is."""
    rotated: bool
    """Whether its login is exchanged by Signalbox."""
    login_since: datetime | None
    """When it was exchanged last."""
    certificate: CertificateSeen | None
    """What its users see, where that is looked after."""
    verified: Verification | None
    """The newest run that verified it, or that it was cloned in."""
    lag: NewestLag | None
    """Of the pair that it is a half of."""
    able: tuple[Health, ...]
    """How well it can do what a business needs."""
    now: EnvironmentNow


def board(desk: Desk) -> list[Card]:
    """Every environment of the estate, in the file's order; then those on request, by name."""
    failed = EnvironmentsOnRequest(desk.ledger).failed_removals()
    hours = {each.environment: each for each in schedules_of(desk).all()}
    return [
        _card(each, hours.get(each.environment.name), failed.get(each.environment.name))
        for each in what_is_known(desk.ledger, desk.estate)
    ]


def _card(known: Known, hours: Hours | None, failed: FailedRemoval | None) -> Card:
    environment, now = known.environment, known.now
    kept = now.refreshed_at if now.checkpoint else None
    return Card(
        name=environment.name,
        environment_class=environment.environment_class.value,
        tier=environment.tier,
        region=environment.region,
        database=f"{environment.database.server}/{environment.database.name}",
        addresses=tuple(endpoint.host for endpoint in environment.endpoints),
        serves=_serves(known),
        concern=failed.outlook if failed else _concern(known),
        failed_run=failed.run if failed else now.last_run if known.failed else None,
        refreshed_from=environment.refresh_from,
        refreshed=environment.refresh_from is not None,
        backed_up=environment.backups is not None,
        expires_at=known.on_request.expires_at if known.on_request else None,
        hours=hours,
        rotated=environment.rotation is not None,
        login_since=known.login.rotated_at if known.login else None,
        certificate=known.certificate if environment.certificate else None,
        verified=known.verification,
        checkpoint_until=kept + environment.checkpoint_keep if kept else None,
        lag=known.lag,
        able=judge(known),
        now=now,
    )


def _serves(known: Known) -> str:
    environment, placement, asked = known.environment, known.placement, known.on_request
    if asked is not None:
        return asked.requested_by if known.is_complete else f"nobody: {asked.status}"
    if placement is not None:
        if known.serves:
            return "users: the active side"
        # Before the first failover nothing is on record, and its default would be a guess.
        recorded = f", {placement.standby_state}" if placement.run_id else ""
        return f"nobody: the standby{recorded}"
    if environment.environment_class.holds_real_data:
        return "users"
    if environment.refresh_from:
        return f"a masked copy of {environment.refresh_from}"
    return f"{environment.environment_class}, refreshed by nobody"


def _concern(known: Known) -> str | None:
    placement, lag = known.placement, known.lag
    if placement and not known.serves and not placement.promotable:
        return f"not to be promoted without consent: {placement.reason or 'no reason given'}"
    if lag and lag.silent:
        return "the lag is not known"
    if lag and lag.seconds is not None and lag.seconds > known.environment.rpo.total_seconds():
        return f"the standby is {lag.seconds:.0f} s behind, more than the RPO allows"
    return f"the last {known.failed} failed" if known.failed else None
