"""What the metrics say at this moment, from the ledger: every process would say the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel

from shared.capabilities import Known, judge, what_is_known
from shared.estate import Environment, Estate
from shared.ledger import FailoverHistory, Ledger
from shared.ledger.debts import Debts
from shared.ledger.history import Achieved
from shared.ledger.overview import Overview, Totals
from shared.telemetry.metrics import Reading

ACTIVE = ("waiting", "running", "undoing")


class Recovery(BaseModel):
    """What a failover or a drill came to, as far as it is measured."""

    took: timedelta
    rto: timedelta
    lost_seconds: float | None = None


def readings(ledger: Ledger, estate: Estate) -> Iterator[Reading]:
    """Everything in the table of metrics that is known; what is not known is left out."""
    yield Reading("signalbox_upkeep", 1)
    yield from _totals(Overview(ledger).totals(), ledger.clock())
    for known in what_is_known(ledger, estate):
        if known.on_request is not None:
            continue
        environment, measured = known.environment, _Measured(known)
        yield from measured.capabilities()
        yield from measured.ages(_longest_wait(environment, estate))
        yield from measured.lag()
        yield from measured.login()
        if estate.standby_for(environment.name):
            yield from measured.recovery(FailoverHistory(ledger))
            yield from measured.debts(Debts(ledger))


def _longest_wait(environment: Environment, estate: Estate) -> timedelta | None:
    """How old the data of a copy, or the newest proven backup of its source, may become."""
    allowed = [environment] if environment.refresh_from else estate.refreshed_from(environment.name)
    return min((each.oldest_backup for each in allowed), default=None)


def _totals(totals: Totals, now: datetime) -> Iterator[Reading]:
    for run in totals.runs:
        labels = {"runbook": run.runbook, "status": run.status}
        if run.status in ACTIVE:
            yield Reading("signalbox_runs_active", run.runs, labels)
        else:
            yield Reading("signalbox_run_seconds", run.seconds, labels, run.runs)
    for attempt in totals.attempts:
        yield Reading("signalbox_attempts", attempt.attempts, {"outcome": attempt.outcome})
    for event in totals.events:
        what = {"type": event.type, "disposition": event.disposition}
        yield Reading("signalbox_events", event.events, what)
    backlog = totals.backlog
    yield Reading("signalbox_parked", backlog.parked)
    yield Reading("signalbox_runs_overdue", backlog.overdue)
    yield Reading("signalbox_steps_ready", backlog.ready_steps)
    yield Reading("signalbox_unsent", backlog.unsent)
    yield Reading("signalbox_oldest_unsent_seconds", _age(backlog.oldest_unsent_at, now))
    yield Reading("signalbox_approvals_waiting", backlog.approvals)
    yield Reading("signalbox_oldest_approval_seconds", _age(backlog.oldest_approval_at, now))
    yield Reading("signalbox_oldest_evidence_seconds", _age(backlog.oldest_evidence_at, now))


def _age(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since else 0.0


@dataclass(frozen=True)
class _Measured:
    known: Known

    @property
    def environment(self) -> Environment:
        return self.known.environment

    def _say(self, metric: str, value: float) -> Reading:
        return Reading(f"signalbox_{metric}", value, {"environment": self.environment.name})

    def capabilities(self) -> Iterator[Reading]:
        for each in judge(self.known):
            labels = {"environment": self.environment.name, "capability": each.capability}
            broken = each.verdict in ("broken", "unknown")
            yield Reading("signalbox_capability_down", broken, labels)

    def ages(self, allowed: timedelta | None) -> Iterator[Reading]:
        for name, at in (
            ("data_age", self.known.now.refreshed_at),
            ("backup_verified_age", self.known.now.verified_at),
        ):
            if at is not None:
                yield self._say(f"{name}_seconds", _age(at, self.known.at))
            if at is not None and allowed:
                yield self._say(f"{name}_share", (self.known.at - at) / allowed)

    def lag(self) -> Iterator[Reading]:
        lag = self.known.lag
        if lag is None or self.environment.standby_of:
            return
        yield self._say("lag_unknown", lag.seconds is None)
        if lag.seconds is not None:
            yield self._say("lag_seconds", lag.seconds)
            allowed = max(self.environment.rpo.total_seconds(), 1.0)
            yield self._say("lag_share", lag.seconds / allowed)

    def login(self) -> Iterator[Reading]:
        rotation, login = self.environment.rotation, self.known.login
        if login is not None and rotation is not None and rotation.every is not None:
            yield self._say("login_age_share", (self.known.at - login.rotated_at) / rotation.every)

    def recovery(self, history: FailoverHistory) -> Iterator[Reading]:
        name = self.environment.name
        for newest in history.achieved(name, limit=1):
            yield from self._achieved(newest)
        last = history.last_drill(name)
        if last is not None:
            yield self._say(
                "drill_age_share", (self.known.at - last) / self.environment.drill_every
            )

    def debts(self, debts: Debts) -> Iterator[Reading]:
        yield self._say("debts", len(debts.open(self.environment.name)))

    def _achieved(self, newest: Achieved) -> Iterator[Reading]:
        yield self._say("drill_failed", not newest.passed)
        if not {"took", "rto"} <= newest.facts.keys():
            return
        recovery = Recovery.model_validate(newest.facts)
        yield self._say("recovery_seconds", recovery.took.total_seconds())
        yield self._say("recovery_share", recovery.took / recovery.rto)
        if recovery.lost_seconds is not None:
            yield self._say("recovery_loss_seconds", recovery.lost_seconds)
