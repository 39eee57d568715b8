"""What Argo CD and Flux say of what they were told, and not of what was before."""

from collections.abc import Mapping
from typing import Any

from shared.errors import PermanentError
from shared.estate.deployments import ByArgoCd, ByFlux

_UNDER_WAY = ("Progressing", "DependencyNotReady", "ProgressingWithRetry")
"""Reasons of Flux for which not being ready is no failure."""


class NotDeployed(PermanentError):
    """Argo CD or Flux could not apply the released image; what was before is set again."""


def waits(found: Mapping[str, Any], deploy: ByArgoCd | ByFlux) -> str | None:
    """What an object still waits for; None when it is applied and healthy as it is stated now.

    Raises NotDeployed when that failed, or what it brought is not healthy.
    """
    return _argo_waits(found) if isinstance(deploy, ByArgoCd) else _flux_waits(found)


def _argo_waits(found: Mapping[str, Any]) -> str | None:
    """The status says which source it is about: one of an earlier source says nothing."""
    source, status = found["spec"]["source"], found.get("status") or {}
    sync, health = status.get("sync") or {}, (status.get("health") or {}).get("status")
    operation = status.get("operationState") or {}
    if operation.get("phase") in ("Failed", "Error") and _about(operation, "syncResult") == source:
        raise NotDeployed(f"Argo CD could not sync: {operation.get('message', 'no reason given')}")
    if _about(sync, "comparedTo") != source or sync.get("status") != "Synced":
        return "waits until Argo CD has synced it"
    if health == "Degraded":
        raise NotDeployed("Argo CD has synced it, and it is degraded")
    return None if health == "Healthy" else f"Argo CD says that it is {health or 'not known'}"


def _flux_waits(found: Mapping[str, Any]) -> str | None:
    """A condition says which generation it is about."""
    if found["spec"].get("suspend"):
        raise NotDeployed("Flux is suspended: resume it, then promote the release again")
    status = found.get("status") or {}
    conditions: Mapping[str, Any] = {c["type"]: c for c in status.get("conditions") or ()}
    ready = conditions.get("Ready", {})
    generation = ready.get("observedGeneration", status.get("observedGeneration"))
    if generation != found["metadata"].get("generation"):
        return "waits until Flux has seen it"
    if ready.get("status") == "False" and ready.get("reason") not in _UNDER_WAY:
        raise NotDeployed(f"Flux failed: {ready.get('reason')}: {ready.get('message', '')}")
    return None if ready.get("status") == "True" else "waits until Flux is ready"


def _about(said: Mapping[str, Any], part: str) -> Any:
    return (said.get(part) or {}).get("source")
