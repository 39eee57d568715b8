"""Jobs: start Pods until enough have succeeded, too many have failed, or time is up."""

import math
import time
from datetime import UTC, datetime

from infra.local.kubernetes.api import Api
from infra.local.kubernetes.conditions import condition, holds, without_zeros
from infra.local.kubernetes.kubelet import OVER
from infra.local.kubernetes.objects import Target, timestamp
from infra.local.kubernetes.pods import OwnedPods
from infra.local.kubernetes.shapes import Job, JobSpec
from infra.local.kubernetes.status import Json


class JobController:
    """A failed Pod is followed by the next after ``delay`` seconds; the real one starts at 10."""

    def __init__(self, api: Api, delay: float) -> None:
        self._api = api
        self._delay = delay
        self._failures: dict[str, tuple[int, float]] = {}

    def forget(self, job: Json) -> None:
        self._failures.pop(job["metadata"]["uid"], None)

    def reconcile(self, target: Target, job: Json) -> float | None:
        """Bring the Job one step further; returns when to look again, in seconds."""
        spec, status = Job.of(job).spec, job.get("status", {})
        if holds(status, "Complete", "Failed"):
            return self._expire(target, spec, status)
        progress = _Progress(OwnedPods(self._api, job), spec, status)
        if spec.suspend:
            progress.end_active()
            suspended = condition(status, "Suspended", True, "JobSuspended", "Job suspended")
            self._api.set_status(target, {"conditions": [suspended]})
            return None
        if verdict := progress.verdict():
            self._api.set_status(target, progress.finished(*verdict))
            return 0
        again = min(self._fill(job, progress), progress.time_left())
        self._api.set_status(target, progress.running())
        return None if again == math.inf else again

    def _expire(self, target: Target, spec: JobSpec, status: Json) -> float | None:
        if spec.ttl_seconds_after_finished is None:
            return None
        (moment,) = (
            c["lastTransitionTime"]
            for c in status["conditions"]
            if c["type"] in ("Complete", "Failed")
        )
        left = spec.ttl_seconds_after_finished - _seconds_since(moment)
        if left > 0:
            return left
        self._api.delete(target)
        return None

    def _fill(self, job: Json, progress: "_Progress") -> float:
        """Start the Pods that are missing, unless a failure is too recent."""
        uid, now = job["metadata"]["uid"], time.monotonic()
        known, due = self._failures.get(uid, (0, now))
        if progress.failed > known:
            due = now + self._delay
            self._failures[uid] = (progress.failed, due)
        if progress.missing() and due > now:
            return due - now
        for _ in range(progress.missing()):
            progress.pods.create({"generateName": job["metadata"]["name"] + "-"}, {}, {})
        return math.inf


class _Progress:
    """How far a Job's Pods have come."""

    def __init__(self, pods: OwnedPods, spec: JobSpec, status: Json) -> None:
        self.pods = pods
        self._spec = spec
        self._before = status
        self._started: str = status.get("startTime") or timestamp()
        self._count()

    def _count(self) -> None:
        found = self.pods.all()
        phases = [pod["status"]["phase"] for pod in found]
        self._active = [pod for pod in found if pod["status"]["phase"] not in OVER]
        self.succeeded, self.failed = phases.count("Succeeded"), phases.count("Failed")

    def missing(self) -> int:
        wanted = min(self._spec.parallelism, self._spec.completions - self.succeeded)
        return max(wanted - len(self._active), 0)

    def time_left(self) -> float:
        deadline = self._spec.active_deadline_seconds
        return math.inf if deadline is None else deadline - _seconds_since(self._started)

    def verdict(self) -> tuple[str, str, str] | None:
        """The condition that ends the Job: its type, reason and message."""
        if self.succeeded >= self._spec.completions:
            return ("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
        if self.failed > self._spec.backoff_limit:
            message = "Job has reached the specified backoff limit"
            return ("Failed", "BackoffLimitExceeded", message)
        if self.time_left() <= 0:
            message = "Job was active longer than specified deadline"
            return ("Failed", "DeadlineExceeded", message)
        return None

    def end_active(self) -> None:
        for pod in self._active:
            self.pods.delete(pod)

    def running(self) -> Json:
        self._count()
        ready = [pod for pod in self._active if pod["status"]["phase"] == "Running"]
        conditions = (
            [condition(self._before, "Suspended", False, "JobResumed", "Job resumed")]
            if self._before.get("conditions")
            else []
        )
        status = self._counts() | {"active": len(self._active), "ready": len(ready)}
        return without_zeros(status) | ({"conditions": conditions} if conditions else {})

    def finished(self, kind: str, reason: str, message: str) -> Json:
        self.end_active()
        status = self._counts()
        status["failed"] += len(self._active)
        if kind == "Complete":
            status["completionTime"] = timestamp()
        end = condition(self._before, kind, True, reason, message)
        return without_zeros(status) | {"conditions": [end]}

    def _counts(self) -> Json:
        return {
            "startTime": self._started,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "uncountedTerminatedPods": {},
        }


def _seconds_since(moment: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
