"""The two topics that the benchmark compares, and the one for announcements."""

from typing import Any

from benchmarks.track.runbook import RUNBOOK
from shared.runs.commands import ANNOUNCEMENTS

RAW = "raw"
"""The topic of the hops without an engine; its subscriptions are named as the engine's are."""


def topology() -> dict[str, Any]:
    """The namespace, with the properties that the project's own topics have."""
    names = [action.subscription for action in RUNBOOK.actions()]
    topics = [_topic(RUNBOOK.name, names), _topic(RAW, names), _topic(ANNOUNCEMENTS, [])]
    namespace = {"Name": "sbemulatorns", "Queues": [], "Topics": topics}
    return {"UserConfig": {"Namespaces": [namespace], "Logging": {"Type": "File"}}}


def _topic(name: str, subscriptions: list[str]) -> dict[str, Any]:
    return {
        "Name": name,
        "Properties": {
            "DuplicateDetectionHistoryTimeWindow": "PT5M",
            "RequiresDuplicateDetection": True,
        },
        "Subscriptions": [_subscription(subject) for subject in subscriptions],
    }


def _subscription(subject: str) -> dict[str, Any]:
    correlation = {"FilterType": "Correlation", "CorrelationFilter": {"Label": subject}}
    return {
        "Name": subject,
        "Properties": {"LockDuration": "PT1M", "MaxDeliveryCount": 10},
        "Rules": [{"Name": "subject", "Properties": correlation}],
    }
