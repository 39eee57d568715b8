"""The node: runs the Pods of Jobs as local processes and lets all other Pods seem to run."""

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from infra.local.kubernetes.api import Api
from infra.local.kubernetes.containers import CannotCreate, Command, command_of
from infra.local.kubernetes.failures import Failure, failure_of
from infra.local.kubernetes.logs import PodLogs
from infra.local.kubernetes.objects import Target, timestamp
from infra.local.kubernetes.processes import ContainerProcess, still_writing
from infra.local.kubernetes.shapes import Pod
from infra.local.kubernetes.status import Json

OVER = frozenset({"Succeeded", "Failed"})
_LOOK_AGAIN = 0.25
_MESSAGE_LINES, _MESSAGE_BYTES = 80, 2048
_LOST = 137
_CRASH_LOOP = {
    "waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting the container"}
}


class Kubelet:
    """Looks after Pods; one that runs nothing gets ready, or ends, after ``delay`` seconds."""

    def __init__(
        self, api: Api, folder: Path, environment: Mapping[str, str], delay: float
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.logs = PodLogs(folder, api.store)
        self._api = api
        self._folder = folder
        self._environment = environment
        self._delay = delay
        self._processes: dict[str, ContainerProcess] = {}
        self._waiting: set[str] = set()
        self._remove_leftovers()

    def _remove_leftovers(self) -> None:
        known = {pod["metadata"]["uid"] for pod in self._api.store.find("", "pods")}
        for leftover in self._folder.iterdir():
            if leftover.name not in known:
                shutil.rmtree(leftover)

    def stop(self) -> None:
        """End every process and wait until each has been recorded."""
        processes = list(self._processes.values())
        for process in processes:
            process.kill()
        for process in processes:
            process.join()

    def reconcile(self, target: Target, pod: Json) -> float | None:
        """Bring the Pod one step further; returns when to look again, in seconds."""
        if pod["status"]["phase"] in OVER or pod["metadata"]["uid"] in self._processes:
            return None
        if _of_job(pod):
            return self._run(target, pod)
        return self._pretend(target, pod)

    def forget(self, pod: Json) -> None:
        """The Pod is deleted: end its process, then remove its output."""
        uid = pod["metadata"]["uid"]
        self._waiting.discard(uid)
        if process := self._processes.get(uid):
            process.kill()
        else:
            shutil.rmtree(self._folder / uid, ignore_errors=True)

    def _run(self, target: Target, pod: Json) -> float | None:
        if pod["status"]["phase"] == "Running":
            return self._give_up(target, pod)
        try:
            command = command_of(pod, self._api.store, self._environment)
        except CannotCreate as error:
            self._api.set_status(target, _waiting(pod, error.reason, str(error)))
            return _LOOK_AGAIN
        if command.words:
            self._start(target, pod, command)
            return None
        if self._first_sight(pod):
            return self._delay
        self._ended(target, pod["metadata"]["uid"], 0)
        return None

    def _give_up(self, target: Target, pod: Json) -> float | None:
        """Fail a Pod whose process an earlier emulator started, once that process is gone."""
        uid = pod["metadata"]["uid"]
        if still_writing(self.logs.file(uid)):
            return _LOOK_AGAIN
        self._ended(target, uid, _LOST, "the emulator ended while this container ran")
        return None

    def _start(self, target: Target, pod: Json, command: Command) -> None:
        uid = pod["metadata"]["uid"]
        self._api.set_status(target, _running(pod, ready=True))
        folder = self._folder / uid / "work"
        ended = partial(self._process_ended, target, uid)
        self._processes[uid] = ContainerProcess(command, folder, self.logs.file(uid), ended)

    def _process_ended(self, target: Target, uid: str, code: int) -> None:
        """Called by the process's own thread."""
        with self._api.store.lock:
            del self._processes[uid]
            if not self._ended(target, uid, code):
                shutil.rmtree(self._folder / uid, ignore_errors=True)

    def _ended(self, target: Target, uid: str, code: int, message: str = "") -> bool:
        """Record how the container ended; False if its Pod is gone."""
        pod = self._api.store.get(target.key)
        if pod is None or pod["metadata"]["uid"] != uid:
            return False
        self._api.set_status(target, _terminated(pod, code, message or self._last_words(pod, code)))
        return True

    def _last_words(self, pod: Json, code: int) -> str:
        policy = Pod.of(pod).spec.containers[0].termination_message_policy
        if code == 0 or policy != "FallbackToLogsOnError" or pod["status"]["phase"] == "Pending":
            return ""
        return self.logs.read(pod, _MESSAGE_LINES)[-_MESSAGE_BYTES:]

    def _pretend(self, target: Target, pod: Json) -> float | None:
        if pod["status"]["phase"] == "Running":
            return None
        if self._first_sight(pod):
            return self._delay
        self._waiting.discard(pod["metadata"]["uid"])
        self._api.set_status(target, _pretended(pod))
        return None

    def _first_sight(self, pod: Json) -> bool:
        uid = pod["metadata"]["uid"]
        seen = uid in self._waiting
        self._waiting.add(uid)
        return not seen


def _of_job(pod: Json) -> bool:
    return any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", ()))


def is_ready(pod: Json) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _pretended(pod: Json) -> Json:
    match failure_of(pod):
        case Failure.CRASH_LOOP:
            crashed = _running(pod, ready=False)
            containers = _containers(pod, _CRASH_LOOP)
            return crashed | {"containerStatuses": [c | {"restartCount": 1} for c in containers]}
        case Failure.PROGRESS_DEADLINE_EXCEEDED:
            return _waiting(pod, "ImagePullBackOff", "this Pod never starts")
    return _running(pod, ready=True)


def _waiting(pod: Json, reason: str, message: str) -> Json:
    waiting = {"waiting": {"reason": reason, "message": message}}
    return {
        "phase": "Pending",
        "conditions": _conditions(pod, ready=False, reason="ContainersNotReady"),
        "containerStatuses": _containers(pod, waiting),
    }


def _running(pod: Json, *, ready: bool) -> Json:
    now = timestamp()
    return {
        "phase": "Running",
        "startTime": now,
        "hostIP": "127.0.0.1",
        "podIP": "127.0.0.1",
        "conditions": _conditions(pod, ready=ready, reason="" if ready else "ContainersNotReady"),
        "containerStatuses": _containers(pod, {"running": {"startedAt": now}}, ready=ready),
    }


def _terminated(pod: Json, code: int, message: str) -> Json:
    now = timestamp()
    state = {
        "exitCode": code,
        "reason": "Error" if code else "Completed",
        "startedAt": pod["status"].get("startTime", now),
        "finishedAt": now,
    } | ({"message": message} if message else {})
    ended: Json = pod["status"] | {
        "phase": "Failed" if code else "Succeeded",
        "conditions": _conditions(pod, ready=False, reason="PodFailed" if code else "PodCompleted"),
        "containerStatuses": _containers(pod, {"terminated": state}),
    }
    return ended


def _containers(pod: Json, state: Json, *, ready: bool = False) -> list[Json]:
    return [
        {
            "name": container["name"],
            "image": container.get("image", ""),
            "imageID": "",
            "ready": ready,
            "restartCount": 0,
            "started": ready,
            "state": state,
        }
        for container in pod["spec"]["containers"]
    ]


def _conditions(pod: Json, *, ready: bool, reason: str) -> list[Json]:
    known = {c["type"]: c for c in pod["status"].get("conditions", ())}
    wanted = {"PodScheduled": True, "Initialized": True, "ContainersReady": ready, "Ready": ready}
    conditions = []
    for kind, value in wanted.items():
        condition = {"type": kind, "status": str(value)} | ({} if value else {"reason": reason})
        since = known.get(kind, {})
        changed = since.get("status") != condition["status"]
        moment = timestamp() if changed else since["lastTransitionTime"]
        conditions.append(condition | {"lastTransitionTime": moment})
    return conditions
