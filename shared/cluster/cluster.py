"""The resource that steps ask for."""

import base64
import copy
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Self

from azure.identity import DefaultAzureCredential

from shared.cluster import certmanager, scaling
from shared.cluster.api import Api, Conflict, Json
from shared.cluster.errors import NamespaceTaken, ObjectMissing
from shared.cluster.jobs import JobState, by_age, job_state
from shared.cluster.permissions import Permission
from shared.cluster.scaling import EASED, annotations
from shared.errors import StaleEpoch
from shared.estate import Workload

EPOCH = "signalbox.dev/epoch"
RUN = "signalbox.dev/run"
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
        secret = {"metadata": {"name": name, "labels": labels}, "type": "Opaque"}
        secret["data"] = _encoded(environment)
        if self.job(namespace, name) is None:
            self._api.delete("Secret", namespace, name)
            self._create("Secret", namespace, secret)
            self._create("Job", namespace, job)

    def job(self, namespace: str, name: str) -> JobState | None:
        """How the Job stands; None when there is none."""
        job = self._find("Job", namespace, name)
        return job_state(job, self._pods_of_job(namespace, name)) if job else None

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
        self._rework(namespace, workload, epoch, lambda found: scaling.stop(found, epoch))

    def start_workload(
        self, namespace: str, workload: Workload, *, epoch: int, as_before: bool = False
    ) -> None:
        """Scale to what the estate says, or to what it was before ``epoch`` stopped it.

        What sleeps goes on sleeping, and will wake to what the estate says.
        """

        def start(found: Json) -> None:
            scaling.start(found, workload.replicas, epoch, as_before=as_before)

        self._rework(namespace, workload, epoch, start)

    def stop_workloads(
        self, namespace: str, workloads: Collection[Workload], *, epoch: int
    ) -> bool:
        """Stop each; whether no pod of them is left."""
        for each in workloads:
            self.stop_workload(namespace, each, epoch=epoch)
        return all(self.is_stopped(namespace, each) for each in workloads)

    def start_workloads(
        self,
        namespace: str,
        workloads: Collection[Workload],
        *,
        epoch: int,
        as_before: bool = False,
    ) -> bool:
        """Start each; whether every pod that is wanted is ready."""
        for each in workloads:
            self.start_workload(namespace, each, epoch=epoch, as_before=as_before)
        return self.are_ready(namespace, workloads)

    def ease_workload(
        self, namespace: str, workload: Workload, replicas: int, *, epoch: int
    ) -> None:
        """Scale down to so many, or suspend a CronJob; the object remembers what it had."""
        self._rework(namespace, workload, epoch, lambda found: scaling.ease(found, replicas))

    def restore_eased_workload(self, namespace: str, workload: Workload, *, epoch: int) -> None:
        """Undo ``ease_workload`` of whichever run, unless somebody has scaled it since."""
        self._rework(namespace, workload, epoch, scaling.restore_eased)

    def is_eased(self, namespace: str, workload: Workload) -> bool:
        """Whether ``ease_workload`` was not undone yet."""
        return EASED in annotations(self._found(namespace, workload))

    def sleep_workload(self, namespace: str, workload: Workload, *, epoch: int) -> None:
        """Scale to zero, or suspend a CronJob, until it is woken, whatever runs come between."""
        self._rework(namespace, workload, epoch, scaling.sleep)

    def wake_workload(self, namespace: str, workload: Workload, *, epoch: int) -> None:
        """Undo ``sleep_workload`` of whichever run, unless somebody has scaled it since."""
        self._rework(namespace, workload, epoch, scaling.wake)

    def is_asleep(self, namespace: str, workload: Workload) -> bool:
        """Whether ``sleep_workload`` was not undone, nor the workload scaled by somebody since."""
        return scaling.is_asleep(self._found(namespace, workload))

    def is_stopped(self, namespace: str, workload: Workload) -> bool:
        """Whether no pod is left, not even one that is ending."""
        found = self._found(namespace, workload)
        if workload.kind == "CronJob":
            return bool(found["spec"].get("suspend")) and not found.get("status", {}).get("active")
        labels = found["spec"]["selector"]["matchLabels"]
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        return scaling.scale(found) == 0 and not self._api.list("Pod", namespace, selector)

    def is_ready(self, namespace: str, workload: Workload) -> bool:
        """Whether every pod that is wanted is there, up to date and ready; of what sleeps, none."""
        return scaling.is_ready(self._found(namespace, workload))

    def are_ready(self, namespace: str, workloads: Iterable[Workload]) -> bool:
        """Whether all are. A CronJob has no pods to wait for, whether it may run or not."""
        pods = (each for each in workloads if each.kind != "CronJob")
        return all(self.is_ready(namespace, each) for each in pods)

    def workload_state(self, namespace: str, workload: Workload) -> scaling.State:
        """How it is, in a word."""
        return scaling.state(self._found(namespace, workload))

    def restart_workload(
        self, namespace: str, workload: Workload, mark: str, *, epoch: int
    ) -> None:
        """Have the pods replaced one after the other, once per ``mark``. A CronJob has none."""

        def restart(found: Json) -> None:
            annotations(found["spec"]["template"])[RESTARTED] = mark

        if workload.kind != "CronJob":
            self._rework(namespace, workload, epoch, restart)

    def restarted_for(self, namespace: str, workload: Workload) -> str | None:
        """The mark of the last ``restart_workload``."""
        if workload.kind == "CronJob":
            return None
        return annotations(self._found(namespace, workload)["spec"]["template"]).get(RESTARTED)

    def gave_up(self, namespace: str, workload: Workload) -> bool:
        """Whether Kubernetes waits no longer for a Deployment's pods to get ready."""
        return scaling.gave_up(self._found(namespace, workload))

    def read_config(self, namespace: str, name: str) -> Mapping[str, str]:
        """A ConfigMap's values."""
        data: dict[str, str] = self._api.read("ConfigMap", namespace, name).get("data") or {}
        return data

    def write_config(
        self, namespace: str, name: str, values: Mapping[str, str], *, epoch: int
    ) -> int:
        """Set values of a ConfigMap, leave its others; returns how many were different."""
        changed = _different(self.read_config(namespace, name), values)
        self._set_data("ConfigMap", namespace, name, values, epoch)
        return changed

    def read_secret(self, namespace: str, name: str) -> Mapping[str, str]:
        """A Secret's values."""
        return _decoded(self._api.read("Secret", namespace, name).get("data"))

    def write_secret(
        self, namespace: str, name: str, values: Mapping[str, str], *, epoch: int
    ) -> int:
        """Set values of a Secret, leave its others; returns how many were different."""
        changed = _different(self.read_secret(namespace, name), values)
        self._set_data("Secret", namespace, name, _encoded(values), epoch)
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
            f"{kind}.{name}": _encode(
                json.dumps(self.read(kind, namespace, name).get(_SAVED[kind]))
            )
            for kind, name in objects
        }
        self._keep(namespace, snapshot, saved, run_id, epoch)

    def saved_secret(self, namespace: str, snapshot: str, name: str) -> Mapping[str, str]:
        """The values that a Secret had when ``save`` kept it, of whichever run; else none."""
        found = self._find("Secret", namespace, snapshot) or {}
        kept = _decoded(found.get("data")).get(f"Secret.{name}", "{}")
        return _decoded(json.loads(kept))

    def propose(
        self, namespace: str, name: str, values: Mapping[str, str], *, run_id: str, epoch: int
    ) -> Mapping[str, str]:
        """Keep values in a Secret of the run's; return those that it proposed first."""
        self._keep(namespace, name, _encoded(values), run_id, epoch)
        return self.read_secret(namespace, name)

    def proposed(self, namespace: str, name: str, *, run_id: str) -> bool:
        """Whether there is a Secret that this run has proposed."""
        return self._kept(namespace, name, run_id) is not None

    def delete_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret; nothing happens when it is gone."""
        self._api.delete("Secret", namespace, name)

    def restore(self, namespace: str, snapshot: str, *, run_id: str, epoch: int) -> None:
        """Put back what ``save`` of this run kept, if it did."""
        for key, value in (self._kept(namespace, snapshot, run_id) or {}).items():
            kind, _, name = key.partition(".")
            saved = {_SAVED[kind]: json.loads(base64.b64decode(value))}
            self._set(kind, namespace, name, saved, epoch)

    def make_namespace(self, name: str, labels: Mapping[str, str], *, owner: str) -> None:
        """Make a namespace, which bears its owner's id; raises NamespaceTaken for another's."""
        body = {"metadata": {"name": name, "labels": {**labels, OWNER: owner}}}
        self._create("Namespace", "", body)
        if self.namespace_owner(name) != owner:
            raise NamespaceTaken(f"Namespace {name} is there and not ours: take another name.")

    def namespace_owner(self, name: str) -> str | None:
        """Whose the namespace is: empty when nobody's of us, None when there is none."""
        found = self._find("Namespace", "", name)
        return str((found["metadata"].get("labels") or {}).get(OWNER, "")) if found else None

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
        self._set(kind, namespace, body["metadata"]["name"], stated, epoch)

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
            annotations(changed)[EPOCH] = str(epoch)
            if changed == found:
                return
            try:
                self._api.replace(kind, namespace, changed)
            except Conflict:
                if remaining == 1:
                    raise
            else:
                return

    def _find(self, kind: str, namespace: str, name: str) -> Json | None:
        try:
            return self._api.read(kind, namespace, name)
        except ObjectMissing:
            return None

    def _found(self, namespace: str, workload: Workload) -> Json:
        return self._api.read(workload.kind, namespace, workload.name)

    def _rework(
        self, namespace: str, workload: Workload, epoch: int, change: Callable[[Json], None]
    ) -> None:
        self.change(workload.kind, namespace, workload.name, epoch, change)

    def _set(self, kind: str, namespace: str, name: str, fields: Json, epoch: int) -> None:
        self.change(kind, namespace, name, epoch, lambda found: found.update(fields))

    def _set_data(
        self, kind: str, namespace: str, name: str, data: Mapping[str, str], epoch: int
    ) -> None:
        def write(found: Json) -> None:
            found["data"] = (found.get("data") or {}) | dict(data)

        self.change(kind, namespace, name, epoch, write)

    def _keep(
        self, namespace: str, name: str, data: Mapping[str, str], run_id: str, epoch: int
    ) -> None:
        """In a Secret of the run's, unless it has kept something there before."""

        def keep(found: Json) -> None:
            if annotations(found).get(RUN) != run_id:
                annotations(found)[RUN] = run_id
                found["data"] = dict(data)

        self._create("Secret", namespace, {"metadata": {"name": name}, "type": "Opaque"})
        self.change("Secret", namespace, name, epoch, keep)

    def _kept(self, namespace: str, name: str, run_id: str) -> Json | None:
        """What the run keeps in a Secret; None when that is not there, or another run's."""
        found = self._find("Secret", namespace, name)
        if found is None or annotations(found).get(RUN) != run_id:
            return None
        return dict(found.get("data") or {})

    def _pods_of_job(self, namespace: str, name: str) -> list[Json]:
        return self._api.list("Pod", namespace, f"batch.kubernetes.io/job-name={name}")

    def _create(self, kind: str, namespace: str, body: Json) -> None:
        """Create an object unless it is there."""
        try:
            self._api.create(kind, namespace, body)
        except Conflict:
            self._api.read(kind, namespace, body["metadata"]["name"])


def _refuse_older(found: Json, what: str, epoch: int) -> None:
    theirs = int(annotations(found).get(EPOCH, "0"))
    if theirs > epoch:
        raise StaleEpoch(f"{what} belongs to epoch {theirs}; this run has {epoch} and must stop.")


def _different(before: Mapping[str, str], values: Mapping[str, str]) -> int:
    return sum(before.get(key) != value for key, value in values.items())


def _encoded(values: Mapping[str, str]) -> dict[str, str]:
    return {key: _encode(value) for key, value in values.items()}


def _decoded(data: Mapping[str, str] | None) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in (data or {}).items()}


def _encode(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
