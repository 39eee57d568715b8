"""The one table of metrics: what Prometheus is answered, what is exported and what alert rules ask
for bear the same names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Metric:
    name: str
    says: str
    labels: tuple[str, ...] = ()
    unit: str = "1"
    kind: Literal["gauge", "counter", "summary"] = "gauge"
    """Counters and summaries are kept by the ledger: only Prometheus is told them. Elsewhere the
    histograms of ``LIVE`` count the same."""


@dataclass(frozen=True)
class Reading:
    """The value of a metric at this moment."""

    metric: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    count: int = 0
    """Of a summary, whose sum is the value."""


def _each(name: str, says: str, unit: str = "1") -> Metric:
    return Metric(name, says, ("environment",), unit)


METRICS = (
    Metric("signalbox_upkeep", "1 whenever upkeep has looked; when it is missing, nobody looks."),
    Metric("signalbox_runs_active", "Runs that are not over.", ("runbook", "status")),
    Metric("signalbox_runs_overdue", "Runs that take longer than their runbook expects."),
    Metric("signalbox_steps_ready", "Steps at work."),
    Metric("signalbox_parked", "Parked messages."),
    Metric("signalbox_unsent", "Messages to send."),
    Metric("signalbox_oldest_unsent_seconds", "Age of the oldest.", unit="s"),
    Metric("signalbox_approvals_waiting", "Approvals that people have not decided."),
    Metric("signalbox_oldest_approval_seconds", "How long the oldest waits.", unit="s"),
    Metric("signalbox_oldest_evidence_seconds", "Since a run ended without its files.", unit="s"),
    Metric(
        "signalbox_capability_down",
        "1 while the environment cannot do it, or nobody knows.",
        ("environment", "capability"),
    ),
    _each("signalbox_data_age_seconds", "Since the last refresh.", "s"),
    _each("signalbox_data_age_share", "Of the age that a backup for it may have."),
    _each(
        "signalbox_backup_verified_age_seconds",
        "Since a backup was last restored and found whole.",
        "s",
    ),
    _each("signalbox_backup_verified_age_share", "Of the age that its copies allow a backup."),
    _each("signalbox_lag_seconds", "Of the standby, as last measured.", "s"),
    _each("signalbox_lag_share", "Of the RPO that the standby's lag uses up."),
    _each("signalbox_lag_unknown", "1 when the last measurement got no answer."),
    _each("signalbox_recovery_seconds", "What the newest failover or drill took.", "s"),
    _each("signalbox_recovery_share", "Of the RTO that it took."),
    _each("signalbox_recovery_loss_seconds", "What it lost, in time.", "s"),
    _each("signalbox_drill_failed", "1 when the newest drill did not pass."),
    _each("signalbox_drill_age_share", "Of the time that may pass between two drills."),
    _each("signalbox_debts", "What failovers left to be repaired, and nobody has."),
    _each("signalbox_login_age_share", "Of the age at which its login is exchanged."),
    Metric("signalbox_attempts", "Attempts by how they ended.", ("outcome",), kind="counter"),
    Metric("signalbox_events", "By what became of them.", ("type", "disposition"), kind="counter"),
    Metric(
        "signalbox_run_seconds", "How long runs took.", ("runbook", "status"), "s", kind="summary"
    ),
)

LIVE = (
    Metric("signalbox_run_seconds", "How long runs took.", ("runbook", "status"), "s"),
    Metric(
        "signalbox_step_seconds",
        "From a step's first attempt to its end.",
        ("runbook", "step", "status"),
        "s",
    ),
    Metric(
        "signalbox_attempt_seconds",
        "How long attempts worked.",
        ("runbook", "step", "outcome"),
        "s",
    ),
)
"""Measured when it happens, by the process in which it happens."""
