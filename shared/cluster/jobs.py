"""The state of a Kubernetes Job, read from what the API says of it and of its pods."""

from dataclasses import dataclass
from typing import Literal

from shared.cluster.api import Json

Phase = Literal["active", "succeeded", "failed"]


@dataclass(frozen=True)
class JobState:
    """How a Job stands. A Job that waits for a pod is active."""

    phase: Phase
    exit_code: int | None = None
    """Of the last pod that ended, if one has."""
    reason: str = ""
    """Why it failed, or why its pod does not start, in the cluster's words."""


def job_state(job: Json, pods: list[Json]) -> JobState:
    """Sum up a Job and its pods."""
    codes = [code for pod in by_age(pods) if (code := _exit_code(pod)) is not None]
    exit_code = codes[-1] if codes else None
    for condition in job.get("status", {}).get("conditions", []):
        if condition["status"] == "True" and condition["type"] == "Complete":
            return JobState("succeeded", exit_code)
        if condition["status"] == "True" and condition["type"] == "Failed":
            return JobState("failed", exit_code, _said(condition))
    return JobState("active", exit_code, _waiting(pods))


def by_age(pods: list[Json]) -> list[Json]:
    """The pods, oldest first."""
    return sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")))


def _exit_code(pod: Json) -> int | None:
    for state in _container_states(pod):
        if "terminated" in state:
            return int(state["terminated"]["exitCode"])
    return None


def _waiting(pods: list[Json]) -> str:
    reasons = (
        _said(state["waiting"])
        for pod in pods
        for state in _container_states(pod)
        if "waiting" in state
    )
    return next(reasons, "")


def _container_states(pod: Json) -> list[Json]:
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return [status.get("state", {}) for status in statuses]


def _said(source: Json) -> str:
    return ": ".join(filter(None, (source.get("reason"), source.get("message"))))
