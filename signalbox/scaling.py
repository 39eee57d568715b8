"""The rules by which KEDA scales the app in a cluster: one for each subscription."""

from typing import Any

import yaml

CALLS = 8
"""Messages that one replica works on at a time, for each function: ``maxConcurrentCalls``."""
REPLICAS = 20
"""Eight sessions each with the ledger, of the hundreds that its smallest server has."""
HEAD = """\
# Written by `make generate` from infra/topology.json: as many replicas as the
# longest subscription needs.
# The namespace is the bus's name without its domain.
# KEDA asks the bus as the managed identity (workload identity; its operator needs a federated
# credential of it). One replica always runs: timers are not messages.
"""


def scaled_object(topology: dict[str, Any]) -> str:
    """The manifests that let KEDA look after the Deployment ``signalbox``."""
    topics = topology["UserConfig"]["Namespaces"][0]["Topics"]
    triggers = [
        _trigger(topic["Name"], subscription["Name"])
        for topic in topics
        for subscription in topic["Subscriptions"]
    ]
    spec = {
        "scaleTargetRef": {"name": "signalbox"},
        "minReplicaCount": 1,
        "maxReplicaCount": REPLICAS,
        "pollingInterval": 10,
        "cooldownPeriod": 300,
        "triggers": triggers,
    }
    documents = [
        _document("TriggerAuthentication", {"podIdentity": {"provider": "azure-workload"}}),
        _document("ScaledObject", spec),
    ]
    return HEAD + yaml.safe_dump_all(documents, sort_keys=False, width=120)


def _document(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": kind,
        "metadata": {"name": "signalbox"},
        "spec": spec,
    }


def _trigger(topic: str, subscription: str) -> dict[str, Any]:
    place = {"topicName": topic, "subscriptionName": subscription}
    return {
        "type": "azure-servicebus",
        "metadata": {"namespace": "busName", **place, "messageCount": str(CALLS)},
        "authenticationRef": {"name": "signalbox"},
    }
