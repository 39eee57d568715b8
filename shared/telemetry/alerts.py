"""What Azure Monitor tells people of, from the table of metrics: ``infra/azure`` deploys it."""

from dataclasses import dataclass
from typing import Any

from shared.telemetry.metrics import METRICS


@dataclass(frozen=True)
class Rule:
    """Fires while a metric has been above a number for all of the last minutes."""

    name: str
    metric: str
    above: int | None
    """None: while it is missing."""
    severity: int
    """1 error that users feel or soon will, 2 warning, 3 for office hours."""
    says: str
    minutes: int = 15


RULES = (
    Rule("upkeep-silent", "signalbox_upkeep", None, 1, "Nothing is watched: no timer has run."),
    Rule("capability-down", "signalbox_capability_down", 0, 1, "A business cannot do its work."),
    Rule("lag-beyond-rpo", "signalbox_lag_share", 1, 1, "A failover now loses more than promised."),
    Rule("lag-unknown", "signalbox_lag_unknown", 0, 2, "A primary or a standby does not answer."),
    Rule("runs-overdue", "signalbox_runs_overdue", 0, 2, "A run takes longer than expected."),
    Rule("messages-parked", "signalbox_parked", 0, 3, "A message waits for a person."),
    Rule("messages-not-sent", "signalbox_oldest_unsent_seconds", 300, 2, "The bus takes nothing."),
    Rule(
        "approval-not-decided",
        "signalbox_oldest_approval_seconds",
        1800,
        2,
        "A run has waited for people for half an hour.",
    ),
    Rule(
        "evidence-not-kept",
        "signalbox_oldest_evidence_seconds",
        60,
        2,
        "A run has left no evidence in storage: it is refused, or somebody changed the record.",
    ),
    Rule(
        "backup-not-verified",
        "signalbox_backup_verified_age_share",
        1,
        2,
        "No backup was restored and found whole for too long.",
        60,
    ),
    Rule(
        "copy-not-fresh",
        "signalbox_data_age_share",
        1,
        3,
        "A copy of production is older than a backup for it may be.",
        60,
    ),
    Rule("login-too-old", "signalbox_login_age_share", 1, 2, "No new login got through.", 60),
    Rule("drill-failed", "signalbox_drill_failed", 0, 2, "The newest drill did not pass.", 60),
    Rule("drill-overdue", "signalbox_drill_age_share", 1, 3, "No drill passed for too long.", 60),
    Rule("recovery-too-slow", "signalbox_recovery_share", 1, 2, "It took longer than the RTO.", 60),
    Rule("debts-open", "signalbox_debts", 0, 2, "A failover left something to be repaired.", 60),
)


def alert_rules() -> list[dict[str, Any]]:
    """The rules as ``alerts.bicep`` reads them: queries of the workspace's table of metrics."""
    labels = {each.name: each.labels for each in METRICS}
    return [_spelled(rule, labels[rule.metric]) for rule in RULES]


def _spelled(rule: Rule, labels: tuple[str, ...]) -> dict[str, Any]:
    columns = ["TimeGenerated", "value = Sum / ItemCount"]
    columns += [f"{name} = tostring(Properties.{name})" for name in labels]
    return {
        "name": rule.name,
        "description": rule.says,
        "severity": rule.severity,
        "query": f"AppMetrics | where Name == '{rule.metric}' | project {', '.join(columns)}",
        "window": f"PT{rule.minutes}M",
        "measure": [] if rule.above is None else ["value"],
        "aggregation": "Count" if rule.above is None else "Minimum",
        "operator": "LessThan" if rule.above is None else "GreaterThan",
        "threshold": 1 if rule.above is None else rule.above,
        "dimensions": list(labels),
    }
