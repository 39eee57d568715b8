"""The status that CloudNativePG and Argo CD would write."""

from typing import Any

from infra.local.kubernetes.api import Api
from infra.local.kubernetes.failures import failure_of
from infra.local.kubernetes.objects import Target
from infra.local.kubernetes.status import Json

_HEALTHY = "Cluster in healthy state"


class ClusterOperator:
    """A CNPG Cluster gets healthy; its primary follows ``status.targetPrimary``."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def forget(self, cluster: Json) -> None:
        """Nothing is kept beside the object."""

    def reconcile(self, target: Target, cluster: Json) -> None:
        status = _mapping(cluster.get("status"))
        if status.get("phase", _HEALTHY) != _HEALTHY:
            return  # Set by hand: someone plays an outage.
        instances = _mapping(cluster.get("spec")).get("instances", 1)
        primary = status.get("targetPrimary", f"{target.name}-1")
        healthy = {
            "phase": _HEALTHY,
            "instances": instances,
            "readyInstances": instances,
            "currentPrimary": primary,
            "targetPrimary": primary,
        }
        self._api.set_status(target, status | healthy)


class ApplicationController:
    """An Argo Application gets synced and healthy, or Degraded if annotated to fail."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def forget(self, application: Json) -> None:
        """Nothing is kept beside the object."""

    def reconcile(self, target: Target, application: Json) -> None:
        if "operationState" in _mapping(application.get("status")):
            return  # Set by hand: someone plays Argo CD.
        source = _mapping(_mapping(application.get("spec")).get("source"))
        revision = source.get("targetRevision", "HEAD")
        health = "Degraded" if failure_of({"metadata": application["metadata"]}) else "Healthy"
        synced = {
            "sync": {
                "status": "Synced",
                "revision": revision,
                "comparedTo": {"source": source},
            },
            "health": {"status": health},
        }
        self._api.set_status(target, _mapping(application.get("status")) | synced)


def _mapping(value: Any) -> Json:
    """Custom objects have no schema here: anything but an object counts as empty."""
    return value if isinstance(value, dict) else {}
