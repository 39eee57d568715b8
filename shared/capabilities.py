"""What a business can do with an environment now, derived from all that is known of it.

``NEEDS`` is the whole mapping. A capability is as well as the worst of its signs; what is not known
is said to be unknown, and only what was seen is said to work.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from shared.estate import Environment, Estate, Integration, Service, Workload
from shared.ledger import Ledger, Placement, Placements
from shared.ledger.certificates import CertificateSeen, certificates
from shared.ledger.debts import Debts
from shared.ledger.environments import EnvironmentsOnRequest, OnRequest
from shared.ledger.logins import LoginRecord, Logins
from shared.ledger.overview import EnvironmentNow, NewestLag, Overview
from shared.ledger.workloads import State, Verification, Workloads, WorkloadSeen

Verdict = Literal["working", "at risk", "unknown", "broken", "idle"]
WORST: tuple[Verdict, ...] = ("working", "at risk", "unknown", "broken")

SEEN_WITHIN = timedelta(minutes=5)
"""What upkeep has not looked at for this long is not known."""


class Capability(StrEnum):
    ORDER_CAPTURE = "order capture"
    WAREHOUSE = "warehouse"
    INVOICING = "invoicing"
    INTEGRATIONS = "integrations"


NEEDS: Mapping[Capability, tuple[str, ...]] = {
    Capability.ORDER_CAPTURE: ("application", "orders", "sequences-ahead"),
    Capability.WAREHOUSE: ("application", "orders", "carriers", "stock-matches-moves"),
    Capability.INVOICING: ("application", "scheduled-actions", "mail", "posted-entries-balance"),
    Capability.INTEGRATIONS: ("scheduled-actions", *Service),
}
"""By sign: ``application`` and ``scheduled-actions`` are workloads, the services are those of the
estate's integrations, the others are checks of a verification. What an environment does not have
is not asked for."""

CHECKS = ("sequences-ahead", "posted-entries-balance", "stock-matches-moves")

VERDICTS: Mapping[State, Verdict] = {
    "ready": "working",
    "starting": "broken",
    "stopped": "broken",
    "eased": "at risk",
    "asleep": "idle",
    "unknown": "unknown",
}


@dataclass(frozen=True)
class Sign:
    name: str
    verdict: Verdict
    says: str
    """Why, if it is not working."""


@dataclass(frozen=True)
class Health:
    """How well an environment can do one thing."""

    capability: Capability
    verdict: Verdict
    because: str
    """Empty while it works."""


@dataclass(frozen=True)
class Known:
    """Everything that is known of an environment, as far as its health follows from it."""

    at: datetime
    """When."""
    environment: Environment
    integrations: tuple[Integration, ...]
    now: EnvironmentNow
    on_request: OnRequest | None = None
    """Who has it until when, if it is one on request."""
    placement: Placement | None = None
    """Of the pair that it is a half of."""
    workloads: Mapping[tuple[str, str], WorkloadSeen] = field(default_factory=dict)
    """By kind and name."""
    verification: Verification | None = None
    lag: NewestLag | None = None
    backup_age: timedelta | None = None
    """Of the newest that was restored and found whole; None when there was none."""
    backup_may_be: timedelta | None = None
    """None where nobody looks after backups."""
    login: LoginRecord | None = None
    """The newest that it was given; None: none was."""
    certificate: CertificateSeen | None = None
    """What its users see; None where nobody has looked."""
    parked: int = 0
    debts: int = 0
    """What a failover left to be repaired."""

    @property
    def serves(self) -> bool:
        return self.placement is None or self.placement.active_side == self.environment.name

    @property
    def failed(self) -> str | None:
        """Which runbook failed last, with nothing at work since. That somebody else was refused a
        name that is taken says nothing of who has it."""
        if self.on_request is not None and self.now.last_runbook == "environments":
            return None
        failed = self.now.last_status == "failed" and self.now.held_by is None
        return self.now.last_runbook if failed else None

    @property
    def is_complete(self) -> bool:
        """Whether it is not just being made or removed."""
        return self.on_request is None or self.on_request.status == "open"


def health(ledger: Ledger, estate: Estate) -> dict[str, tuple[Health, ...]]:
    """What each environment can do now, by name."""
    return {each.environment.name: judge(each) for each in what_is_known(ledger, estate)}


def judge(known: Known) -> tuple[Health, ...]:
    """A verdict on each capability that the environment has anything for."""
    if not known.is_complete:
        return ()
    signs, protection = list(_signs(known)), list(_protection(known))
    return tuple(
        _health(capability, known, needed + protection)
        for capability, names in NEEDS.items()
        if (needed := [each for each in signs if each.name in names])
    )


def _health(capability: Capability, known: Known, signs: list[Sign]) -> Health:
    if not known.serves:
        return Health(capability, "idle", "the other side of the pair serves")
    asleep = [each.says for each in signs if each.verdict == "idle"]
    if asleep:
        return Health(capability, "idle", "; ".join(asleep))
    worst = max((each.verdict for each in signs), key=WORST.index)
    reasons = [each.says for each in signs if each.verdict == worst and worst != "working"]
    return Health(capability, worst, "; ".join(reasons))


def _signs(known: Known) -> Iterator[Sign]:
    for workload in known.environment.workloads:
        name = "scheduled-actions" if workload.scheduled else "application"
        yield _pods(name, workload, known)
    for integration in known.integrations:
        yield _pods(integration.service, integration.workload, known)
    for check in CHECKS:
        yield _checked(check, known)


def _pods(name: str, workload: Workload, known: Known) -> Sign:
    seen = known.workloads.get((workload.kind, workload.name))
    if seen is None:
        return Sign(name, "unknown", f"nobody has looked at {workload.name} lately")
    because = f": {seen.reason}" if seen.reason else ""
    return Sign(name, VERDICTS[seen.state], f"{workload.name} is {seen.state}{because}")


def _checked(check: str, known: Known) -> Sign:
    """The newest word: of a run that verified the environment, or its backup."""
    verified = known.verification
    if verified is not None:
        for finding in verified.findings:
            if finding["check"] == check and not finding["passed"]:
                return Sign(check, "broken", f"{check}: {finding['detail']}")
    if verified is None and known.backup_age is None:
        return Sign(check, "unknown", f"{check} was never checked")
    return Sign(check, "working", "")


def _protection(known: Known) -> Iterator[Sign]:
    """What puts every capability at risk, but breaks none."""
    lag, rpo = known.lag, known.environment.rpo.total_seconds()
    if lag is not None and lag.seconds is None:
        yield Sign("lag", "at risk", "the lag is not known")
    elif lag is not None and lag.seconds is not None and lag.seconds > rpo:
        yield Sign("lag", "at risk", f"the standby is {lag.seconds:.0f} s behind")
    if known.backup_may_be is not None and (
        known.backup_age is None or known.backup_age > known.backup_may_be
    ):
        yield Sign("backup", "at risk", "no backup was restored and found whole lately")
    yield from _credentials(known)
    if known.failed:
        yield Sign("automation", "at risk", f"the last {known.failed} failed")
    if known.parked:
        yield Sign("automation", "at risk", f"{known.parked} of its events are parked")
    if known.debts:
        yield Sign("debts", "at risk", f"a failover left {known.debts} things to be repaired")


def _credentials(known: Known) -> Iterator[Sign]:
    """What was to be renewed by now, and was not."""
    rotation, login = known.environment.rotation, known.login
    if rotation and rotation.every and login and known.at - login.rotated_at > rotation.every:
        says = f"the login of {login.rotated_at:%F} was to be exchanged by now"
        yield Sign("login", "at risk", says)
    stated, seen = known.environment.certificate, known.certificate
    if stated is None or seen is None:
        return
    if seen.ends_at is not None and seen.ends_at - known.at < stated.renew_before:
        says = f"the certificate ends at {seen.ends_at:%F %R} UTC and is not renewed"
        yield Sign("certificate", "at risk", says)
    if seen.is_missed(known.at):
        yield Sign("certificate", "at risk", f"no certificate is seen: {seen.reason}")


def what_is_known(ledger: Ledger, estate: Estate) -> Iterator[Known]:
    """Of the estate's environments, in the file's order; then of those on request, by name."""
    overview, workloads = Overview(ledger), Workloads(ledger)
    on_request = {each.name: each for each in EnvironmentsOnRequest(ledger).current()}
    environments = (*estate.environments, *(each.place for each in on_request.values()))
    names = [each.name for each in environments]
    nows, lags, parked = overview.environments(names), overview.newest_lag(), workloads.parked()
    verified = workloads.verifications(names)
    debts = Counter(each.environment for each in Debts(ledger).open())
    seen: dict[str, dict[tuple[str, str], WorkloadSeen]] = {}
    for each in workloads.states(seen_within=SEEN_WITHIN):
        seen.setdefault(each.environment, {})[each.kind, each.name] = each
    placements, at = _placements(ledger, estate), ledger.clock()
    logins, served = Logins(ledger).all(), certificates(ledger)
    for environment in environments:
        production = environment.standby_of or environment.name
        proven = nows[production].verified_at
        may_be = (each.oldest_backup for each in estate.refreshed_from(environment.name))
        yield Known(
            at=at,
            environment=environment,
            integrations=estate.integrations_of(environment),
            now=nows[environment.name],
            on_request=on_request.get(environment.name),
            placement=placements.get(production),
            workloads=seen.get(environment.name, {}),
            verification=verified.get(production),
            lag=lags.get(production) if production in placements else None,
            backup_age=at - proven if proven else None,
            backup_may_be=min(may_be, default=None),
            login=logins.get(environment.name),
            certificate=served.get(environment.name),
            parked=parked.get(environment.name, 0),
            debts=debts[production],
        )


def _placements(ledger: Ledger, estate: Estate) -> dict[str, Placement]:
    """Where each production that has a standby is served from."""
    placements = Placements(ledger)
    pairs = (each.standby_of for each in estate.environments if each.standby_of)
    return {production: placements.of(production) for production in pairs}
