"""Deployments and StatefulSets: Pods appear, get ready, replace the old ones."""

import hashlib
import json
import time

from infra.local.kubernetes.api import Api
from infra.local.kubernetes.conditions import condition, without_zeros
from infra.local.kubernetes.failures import ANNOTATION, Failure, failure_of
from infra.local.kubernetes.kubelet import is_ready
from infra.local.kubernetes.objects import Target
from infra.local.kubernetes.pods import OwnedPods
from infra.local.kubernetes.shapes import Workload, WorkloadSpec
from infra.local.kubernetes.status import Json

_REVISION_LABELS = {
    "Deployment": "pod-template-hash",
    "StatefulSet": "controller-revision-hash",
}


class WorkloadController:
    """Owns Pods directly, without ReplicaSets between.

    A Deployment keeps old Pods until new ones are ready; a StatefulSet replaces all at once.
    """

    def __init__(self, api: Api, delay: float) -> None:
        self._api = api
        self._delay = delay
        self._rollouts: dict[str, tuple[str, float]] = {}

    def reconcile(self, target: Target, workload: Json) -> float | None:
        spec = Workload.of(workload).spec
        revision = _revision(workload)
        pods = OwnedPods(self._api, workload)
        self._adjust(workload, spec.replicas, revision, pods)
        current, old = _split(pods.all(), workload, revision)
        counts = _counts(current, old)
        left = self._time_left(workload, spec, revision)
        done = counts["replicas"] == counts["updatedReplicas"] == spec.replicas and (
            counts["readyReplicas"] == spec.replicas
        )
        status = _status(workload, spec, counts, revision, done=done, late=left <= 0)
        self._api.set_status(target, status)
        return None if done or left <= 0 else left

    def forget(self, workload: Json) -> None:
        self._rollouts.pop(workload["metadata"]["uid"], None)

    def _time_left(self, workload: Json, spec: WorkloadSpec, revision: str) -> float:
        """Seconds until the rollout of this revision counts as failed."""
        uid, now = workload["metadata"]["uid"], time.monotonic()
        known, started = self._rollouts.get(uid, ("", now))
        if known != revision:
            started = now
            self._rollouts[uid] = (revision, now)
        hopeless = failure_of(workload) == Failure.PROGRESS_DEADLINE_EXCEEDED
        return started + (self._delay if hopeless else spec.progress_deadline_seconds) - now

    def _adjust(self, workload: Json, replicas: int, revision: str, pods: OwnedPods) -> None:
        current, old = _split(pods.all(), workload, revision)
        if workload["kind"] == "StatefulSet":
            wanted = [f"{workload['metadata']['name']}-{i}" for i in range(replicas)]
            have = {pod["metadata"]["name"] for pod in current}
            surplus = old + [pod for pod in current if pod["metadata"]["name"] not in wanted]
            missing = [{"name": name} for name in wanted if name not in have]
        else:
            ready = sum(map(is_ready, current))
            surplus = current[replicas:] + old[max(replicas - ready, 0) :]
            prefix = f"{workload['metadata']['name']}-{revision}-"
            missing = [{"generateName": prefix}] * (replicas - len(current))
        for pod in surplus:
            pods.delete(pod)
        failure = failure_of(workload)
        for name in missing:
            label = {_REVISION_LABELS[workload["kind"]]: revision}
            pods.create(name, label, {ANNOTATION: failure} if failure else {})


def _revision(workload: Json) -> str:
    template = json.dumps(workload["spec"]["template"], sort_keys=True)
    return hashlib.sha256(template.encode()).hexdigest()[:10]


def _split(pods: list[Json], workload: Json, revision: str) -> tuple[list[Json], list[Json]]:
    """Pods of this revision, and of earlier ones."""
    label = _REVISION_LABELS[workload["kind"]]
    current = [pod for pod in pods if pod["metadata"].get("labels", {}).get(label) == revision]
    return current, [pod for pod in pods if pod not in current]


def _counts(current: list[Json], old: list[Json]) -> dict[str, int]:
    ready = sum(map(is_ready, current + old))
    return {
        "replicas": len(current) + len(old),
        "updatedReplicas": len(current),
        "readyReplicas": ready,
        "availableReplicas": ready,
    }


def _status(
    workload: Json,
    spec: WorkloadSpec,
    counts: dict[str, int],
    revision: str,
    *,
    done: bool,
    late: bool,
) -> Json:
    status = {"observedGeneration": workload["metadata"]["generation"]} | counts
    if workload["kind"] == "StatefulSet":
        before = workload.get("status", {}).get("currentRevision", revision)
        revisions = {"updateRevision": revision, "currentRevision": revision if done else before}
        # Clients want this one even when it is zero.
        return without_zeros(status | {"currentReplicas": counts["updatedReplicas"]}) | (
            revisions | {"replicas": counts["replicas"]}
        )
    status["unavailableReplicas"] = max(spec.replicas - counts["availableReplicas"], 0)
    conditions = _deployment_conditions(workload, spec, counts, done=done, late=late)
    return without_zeros(status) | {"conditions": conditions}


def _deployment_conditions(
    workload: Json, spec: WorkloadSpec, counts: dict[str, int], *, done: bool, late: bool
) -> list[Json]:
    before, name = workload.get("status", {}), workload["metadata"]["name"]
    enough = counts["availableReplicas"] >= spec.replicas
    available = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
    if done:
        progress = (True, "NewReplicaSetAvailable", f'"{name}" has successfully progressed.')
    elif late:
        progress = (False, "ProgressDeadlineExceeded", f'"{name}" has timed out progressing.')
    else:
        progress = (True, "ReplicaSetUpdated", f'"{name}" is progressing.')
    return [
        condition(before, "Available", enough, available),
        condition(before, "Progressing", *progress),
    ]
