"""The resource that steps ask for."""

import base64
import copy
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Self

from azure.identity import DefaultAzureCredential

from shared.cluster import certmanager
from shared.cluster.api import Api, Conflict, Json
from shared.cluster.errors import NamespaceTaken, ObjectMissing, StaleEpoch
from shared.cluster.jobs import JobState, by_age, job_state
from shared.cluster.permissions import Permission
from shared.estate import Workload

EPOCH = "signalbox.dev/epoch"
BEFORE = "signalbox.dev/replicas-before"
RUN = "signalbox.dev/run"
EASED = "signalbox.dev/eased"
ASLEEP = "signalbox.dev/asleep"
RESTARTED = "signalbox.dev/restarted-for"
OWNER = "signalbox.dev/on-request"

_CONFLICTS = 5
"""How often a change is tried while controllers write the same object's status."""

_SAVED = {"ConfigMap": "data", "Secret": "data", "IngressRoute": "spec"}
"""What a snapshot keeps of an object."""


class Cluster:
    """Everything is by namespace and name; connects when first used."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @classmethod
    def connect(cls, url: str | None, ca: str | None = None) -> Self:
        """Use this API server; None means the cluster that we run in, else kubectl's context.

        ``https`` is AKS, signed in to as this app's own identity; ``ca`` is its certificate
        authority in base64.
        """
        if url and url.startswith("https://"):
            return cls(Api(url, ca=ca, credential=DefaultAzureCredential()))
        return cls(Api(url))

    def greet(self) -> None:
        """Raises TemporaryError when the cluster does not answer at once."""
        self._api.greet()

    def may(self, namespace: str, permission: Permission) -> bool:
        """Whether the identity that we are may do this in the namespace."""
        return self._api.may(namespace, permission)

    def identity(self) -> str:
        """Who we are, as the subject of a RoleBinding says it."""
        return self._api.identity()

    def run_job(self, namespace: str, job: Json, environment: Mapping[str, str]) -> None:
        """Start a Job unless one of its name is there.

        ``environment`` becomes a Secret of the Job's name, so that no value is in the Job: its
        containers refer to it by ``envFrom``. ``delete_job`` removes both.
        """
        name = job["metadata"]["name"]
        labels = job["metadata"].get("labels", {})
        encoded = {key: _encode(value) for key, value in environment.items()}
        secret = {"metadata": {"name": name, "labels": labels}, "type": "Opaque", "data": encoded}
        if self.job(namespace, name) is None:
            self._api.delete("Secret", namespace, name)
            self._create("Secret", namespace, secret)
            self._create("Job", namespace, job)

    def job(self, namespace: str, name: str) -> JobState | None:
        """How the Job stands; None when there is none."""
        try:
            job = self._api.read("Job", namespace, name)
        except ObjectMissing:
            return None
        return job_state(job, self._pods_of_job(namespace, name))

    def job_log_tail(self, namespace: str, name: str, lines: int = 20) -> str:
        """The last lines of the Job's latest pod; empty when there is none yet."""
        pods = by_age(self._pods_of_job(namespace, name))
        if not pods:
            return ""
        return self._api.log(namespace, pods[-1]["metadata"]["name"], lines)

    def delete_job(self, namespace: str, name: str) -> None:
        """Delete the Job, end its pods, delete its Secret; nothing happens when they are gone."""
        self._api.delete("Job", namespace, name)
        self._api.delete("Secret", namespace, name)

    def stop_workload(self, namespace: str, workload: Workload, *, epoch: int) -> None:
        """Scale to zero, or suspend a CronJob; the object remembers what it had before."""

        def stop(found: Json) -> None:
            if _before(found, epoch) is None:
                _annotations(found)[BEFORE] = f"{_scale(found)} before epoch {epoch}"
            _rescale(found, 0)

        self.change(workload.kind, namespace, workload.name, epoch, stop)

    def start_workload(
        self, namespace: str, workload: Workload, *, epoch: int, as_before: bool = False
    ) -> None:
        """Scale to what the estate says, or to what it was before ``epoch`` stopped it.

        What sleeps goes on sleeping, and will wake to what the estate says.
        """

        def start(found: Json) -> None:
            before = _before(found, epoch)
            if _sleeps(found):
                if not as_before:
                    _annotations(found)[ASLEEP] = str(workload.replicas)
            elif not as_before:
                _rescale(found, workload.replicas)
            elif before is not None:
                _rescale(found, before)

        self.change(workload.kind, namespace, workload.name, epoch, start)

    def ease_workload(
        self, namespace: str, workload: Workload, replicas: int, *, epoch: int
    ) -> None:
        """Scale down to so many, or suspend a CronJob; the object remembers what it had."""

        def ease(found: Json) -> None:
            if EASED not in _annotations(found) and _scale(found) > replicas:
                _annotations(found)[EASED] = f"{_scale(found)} to {replicas}"
                _rescale(found, replicas)

        self.change(workload.kind, namespace, workload.name, epoch, ease)

    def restore_eased_workload(self, namespace: str, workload: Workload, *, epoch: int) -> None:
        """Undo ``ease_workload`` of whichever run, unless somebody has scaled it since."""

        def restore(found: Json) -> None:
            before, _, eased = _annotations(found).pop(EASED, "").partition(" to ")
            if before and _scale(found) == int(eased):
                _rescale(found, int(before))

        self.change(workload.kind, namespace, workload.name, epoch, restore)

    def is_eased(self, namespace: str, workload: Workload) -> bool:
        """Whether ``ease_workload`` was not undone yet."""
        return EASED in _annotations(self._api.read(workload.kind, namespace, workload.name))

    def sleep_workload(self, namespace: str, workload: Workload, *, epoch: int) -> None:
        """Scale to zero, or suspend a CronJob, until it is woken, whatever runs come between."""

        def sleep(found: Json) -> None:
            if not _sleeps(found):
                _annotations(found)[ASLEEP] = str(_scale(found))
                _rescale(found, 0)

        self.change(workload.kind, namespace, workload.name, epoch, sleep)

    def wake_workload(self, namespace: str, workload: Workload, *, epoch: int) -> None:
        """Undo ``sleep_workload`` of whichever run, unless somebody has scaled it since."""

        def wake(found: Json) -> None:
            slept = _sleeps(found)
            before = _annotations(found).pop(ASLEEP, "0")
            if slept:
                _rescale(found, int(before))

        self.change(workload.kind, namespace, workload.name, epoch, wake)

    def is_asleep(self, namespace: str, workload: Workload) -> bool:
        """Whether ``sleep_workload`` was not undone, nor the workload scaled by somebody since."""
        return _sleeps(self._api.read(workload.kind, namespace, workload.name))

    def is_stopped(self, namespace: str, workload: Workload) -> bool:
        """Whether no pod is left, not even one that is ending."""
        found = self._api.read(workload.kind, namespace, workload.name)
        if workload.kind == "CronJob":
            return bool(found["spec"].get("suspend")) and not found.get("status", {}).get("active")
        labels = found["spec"]["selector"]["matchLabels"]
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        return _scale(found) == 0 and not self._api.list("Pod", namespace, selector)

    def is_ready(self, namespace: str, workload: Workload) -> bool:
        """Whether every pod that is wanted is there, up to date and ready; of what sleeps, none."""
        return _is_ready(self._api.read(workload.kind, namespace, workload.name))

    def workload_state(
        self, namespace: str, workload: Workload
    ) -> Literal["ready", "starting", "stopped", "eased", "asleep"]:
        """How it is, in a word."""
        found = self._api.read(workload.kind, namespace, workload.name)
        if _sleeps(found):
            return "asleep"
        if EASED in _annotations(found):
            return "eased"
        if _scale(found) == 0:
            return "stopped"
        return "ready" if _is_ready(found) else "starting"

    def restart_workload(
        self, namespace: str, workload: Workload, mark: str, *, epoch: int
    ) -> None:
        """Have the pods replaced one after the other, once per ``mark``. A CronJob has none."""

        def restart(found: Json) -> None:
            _annotations(found["spec"]["template"])[RESTARTED] = mark

        if workload.kind != "CronJob":
            self.change(workload.kind, namespace, workload.name, epoch, restart)

    def restarted_for(self, namespace: str, workload: Workload) -> str | None:
        """The mark of the last ``restart_workload``."""
        found = self._api.read(workload.kind, namespace, workload.name)
        if workload.kind == "CronJob":
            return None
        return _annotations(found["spec"]["template"]).get(RESTARTED)

    def gave_up(self, namespace: str, workload: Workload) -> bool:
        """Whether Kubernetes waits no longer for a Deployment's pods to get ready."""
        found = self._api.read(workload.kind, namespace, workload.name)
        status = found.get("status", {})
        current = status.get("observedGeneration") == found["metadata"].get("generation")
        return current and any(
            each["type"] == "Progressing" and each.get("reason") == "ProgressDeadlineExceeded"
            for each in status.get("conditions") or ()
        )

    def read_config(self, namespace: str, name: str) -> Mapping[str, str]:
        """A ConfigMap's values."""
        data: dict[str, str] = self._api.read("ConfigMap", namespace, name).get("data") or {}
        return data

    def write_config(
        self, namespace: str, name: str, values: Mapping[str, str], *, epoch: int
    ) -> int:
        """Set values of a ConfigMap, leave its others; returns how many were different."""
        changed = _different(self.read_config(namespace, name), values)

        def write(found: Json) -> None:
            found["data"] = (found.get("data") or {}) | dict(values)

        self.change("ConfigMap", namespace, name, epoch, write)
        return changed

    def read_secret(self, namespace: str, name: str) -> Mapping[str, str]:
        """A Secret's values."""
        data = self._api.read("Secret", namespace, name).get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def write_secret(
        self, namespace: str, name: str, values: Mapping[str, str], *, epoch: int
    ) -> int:
        """Set values of a Secret, leave its others; returns how many were different."""
        changed = _different(self.read_secret(namespace, name), values)
        encoded = {key: _encode(value) for key, value in values.items()}

        def write(found: Json) -> None:
            found["data"] = (found.get("data") or {}) | encoded

        self.change("Secret", namespace, name, epoch, write)
        return changed

    def route_rules(self, namespace: str, name: str) -> tuple[str, ...]:
        """The match rules of a Traefik IngressRoute."""
        routes = self._api.read("IngressRoute", namespace, name)["spec"].get("routes") or []
        return tuple(route["match"] for route in routes)

    def write_route_rules(
        self, namespace: str, name: str, rules: Sequence[str], *, epoch: int
    ) -> int:
        """Replace an IngressRoute's match rules one by one; returns how many were different."""
        before = self.route_rules(namespace, name)

        def write(found: Json) -> None:
            for route, rule in zip(found["spec"].get("routes") or [], rules, strict=True):
                route["match"] = rule

        self.change("IngressRoute", namespace, name, epoch, write)
        return sum(old != new for old, new in zip(before, rules, strict=True))

    def save(
        self,
        namespace: str,
        snapshot: str,
        objects: Sequence[tuple[str, str]],
        *,
        run_id: str,
        epoch: int,
    ) -> None:
        """Keep what (kind, name) objects hold, in a Secret, because Secrets may be among them.

        The first snapshot of a run is kept, an earlier run's is replaced.
        """
        saved = {
            f"{kind}.{name}": _encode(json.dumps(self._saved(kind, namespace, name)))
            for kind, name in objects
        }

        def keep(found: Json) -> None:
            if _annotations(found).get(RUN) != run_id:
                _annotations(found)[RUN] = run_id
                found["data"] = saved

        self._create("Secret", namespace, {"metadata": {"name": snapshot}, "type": "Opaque"})
        self.change("Secret", namespace, snapshot, epoch, keep)

    def propose(
        self, namespace: str, name: str, values: Mapping[str, str], *, run_id: str, epoch: int
    ) -> Mapping[str, str]:
        """Keep values in a Secret of the run's; return those that it proposed first."""
        proposed = {key: _encode(value) for key, value in values.items()}

        def keep(found: Json) -> None:
            if _annotations(found).get(RUN) != run_id:
                _annotations(found)[RUN] = run_id
                found["data"] = proposed

        self._create("Secret", namespace, {"metadata": {"name": name}, "type": "Opaque"})
        self.change("Secret", namespace, name, epoch, keep)
        return self.read_secret(namespace, name)

    def proposed(self, namespace: str, name: str, *, run_id: str) -> bool:
        """Whether there is a Secret that this run has proposed."""
        try:
            found = self._api.read("Secret", namespace, name)
        except ObjectMissing:
            return False
        return _annotations(found).get(RUN) == run_id

    def delete_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret; nothing happens when it is gone."""
        self._api.delete("Secret", namespace, name)

    def restore(self, namespace: str, snapshot: str, *, run_id: str, epoch: int) -> None:
        """Put back what ``save`` of this run kept, if it did."""
        try:
            kept = self._api.read("Secret", namespace, snapshot)
        except ObjectMissing:
            return
        if _annotations(kept).get(RUN) != run_id:
            return
        for key, value in (kept.get("data") or {}).items():
            kind, _, name = key.partition(".")
            self._put_back(kind, namespace, name, json.loads(base64.b64decode(value)), epoch)

    def make_namespace(self, name: str, labels: Mapping[str, str], *, owner: str) -> None:
        """Make a namespace, which bears its owner's id; raises NamespaceTaken for another's."""
        body = {"metadata": {"name": name, "labels": {**labels, OWNER: owner}}}
        self._create("Namespace", "", body)
        if self.namespace_owner(name) != owner:
            raise NamespaceTaken(f"Namespace {name} is there and not ours: take another name.")

    def namespace_owner(self, name: str) -> str | None:
        """Whose the namespace is: empty when nobody's of us, None when there is none."""
        try:
            found = self._api.read("Namespace", "", name)
        except ObjectMissing:
            return None
        labels: Json = found["metadata"].get("labels") or {}
        return str(labels.get(OWNER, ""))

    def delete_namespace(self, name: str, *, owner: str) -> bool:
        """Begin to delete the owner's namespace and all that is in it; whether it is gone."""
        found = self.namespace_owner(name)
        if found == owner:
            self._api.delete("Namespace", "", name)
            found = self.namespace_owner(name)
        return found != owner

    def put(self, kind: str, namespace: str, body: Json, *, epoch: int) -> None:
        """Make an object, or give one that is there the fields that are stated."""
        stated = {field: value for field, value in body.items() if field != "metadata"}
        self._create(kind, namespace, body)
        name = body["metadata"]["name"]
        self.change(kind, namespace, name, epoch, lambda found: found.update(stated))

    def renew_certificate(self, namespace: str, name: str, now: datetime) -> None:
        """Ask cert-manager to issue a certificate anew; one that is being issued is left."""
        certmanager.renew(self._api, namespace, name, now)

    def certificate_state(self, namespace: str, name: str) -> str:
        """What cert-manager says of a certificate."""
        return certmanager.state(self._api, namespace, name)

    def read(self, kind: str, namespace: str, name: str) -> Json:
        """An object as it is; raises ObjectMissing."""
        return self._api.read(kind, namespace, name)

    def change(
        self, kind: str, namespace: str, name: str, epoch: int, change: Callable[[Json], None]
    ) -> None:
        """Change an object at exactly the version whose epoch was checked; raises StaleEpoch."""
        for remaining in range(_CONFLICTS, 0, -1):
            found = self._api.read(kind, namespace, name)
            _refuse_older(found, f"{kind} {namespace}/{name}", epoch)
            changed = copy.deepcopy(found)
            change(changed)
            _annotations(changed)[EPOCH] = str(epoch)
            if changed == found:
                return
            try:
                self._api.replace(kind, namespace, changed)
            except Conflict:
                if remaining == 1:
                    raise
            else:
                return

    def _put_back(self, kind: str, namespace: str, name: str, saved: object, epoch: int) -> None:
        def put_back(found: Json) -> None:
            found[_SAVED[kind]] = saved

        self.change(kind, namespace, name, epoch, put_back)

    def _saved(self, kind: str, namespace: str, name: str) -> object:
        return self._api.read(kind, namespace, name).get(_SAVED[kind])

    def _pods_of_job(self, namespace: str, name: str) -> list[Json]:
        return self._api.list("Pod", namespace, f"batch.kubernetes.io/job-name={name}")

    def _create(self, kind: str, namespace: str, body: Json) -> None:
        """Create an object unless it is there."""
        try:
            self._api.create(kind, namespace, body)
        except Conflict:
            self._api.read(kind, namespace, body["metadata"]["name"])


def _refuse_older(found: Json, what: str, epoch: int) -> None:
    theirs = int(_annotations(found).get(EPOCH, "0"))
    if theirs > epoch:
        raise StaleEpoch(f"{what} belongs to epoch {theirs}; this run has {epoch} and must stop.")


def _annotations(found: Json) -> dict[str, str]:
    """An object's, or a pod template's, whose metadata may be missing."""
    metadata = found.setdefault("metadata", {})
    annotations: dict[str, str] = metadata.get("annotations") or {}
    metadata["annotations"] = annotations
    return annotations


def _before(found: Json, epoch: int) -> int | None:
    """How many pods were wanted before this epoch first stopped the workload, if it did."""
    replicas, _, rest = _annotations(found).get(BEFORE, "").partition(" ")
    return int(replicas) if rest == f"before epoch {epoch}" else None


def _sleeps(found: Json) -> bool:
    """Whether it was put to sleep, and nobody has scaled it since."""
    return ASLEEP in _annotations(found) and _scale(found) == 0


def _is_ready(found: Json) -> bool:
    if found.get("kind") == "CronJob":
        return not found["spec"].get("suspend") or _sleeps(found)
    wanted, status = _scale(found), found.get("status", {})
    seen = status.get("observedGeneration", 0) >= found["metadata"].get("generation", 0)
    return bool(seen) and all(
        (status.get(count) or 0) == wanted
        for count in ("replicas", "readyReplicas", "updatedReplicas")
    )


def _scale(found: Json) -> int:
    """How many pods are wanted; a CronJob that may run counts as one."""
    if found.get("kind") == "CronJob":
        return 0 if found["spec"].get("suspend") else 1
    return int(found["spec"].get("replicas", 1))


def _rescale(found: Json, replicas: int) -> None:
    if found.get("kind") == "CronJob":
        found["spec"]["suspend"] = replicas == 0
    else:
        found["spec"]["replicas"] = replicas


def _different(before: Mapping[str, str], values: Mapping[str, str]) -> int:
    return sum(before.get(key) != value for key, value in values.items())


def _encode(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
