"""Kubernetes Jobs: how one is made from a template, and how it stands."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

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


def job_from(package: str, template: str, name: str, image: str) -> Json:
    """The manifest of a Job: a template beside a module, and what each run fills in. Its settings
    come from the Secret of its name."""
    job: Json = yaml.safe_load(_text(package, template))
    job["metadata"]["name"] = name
    (container,) = job["spec"]["template"]["spec"]["containers"]
    container["image"] = image
    container["envFrom"] = [{"secretRef": {"name": name}}]
    return job


@cache
def _text(package: str, template: str) -> str:
    return files(package).joinpath(template).read_text()


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
