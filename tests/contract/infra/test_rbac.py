"""Each Role grants exactly what the code does in a namespace of its kind.

Two halves: which methods of the cluster an agent names (read from its source), and which requests
each method makes (recorded while it works against the API).
"""

import ast
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from functions.environments import manifests
from functions.refresh.restore_jobs import job_manifest
from shared.cluster import Cluster, Permission
from shared.cluster.api import PLACES, Api, Json
from shared.cluster.cloudnativepg import KIND
from shared.estate import Environment, Workload, load_estate
from signalbox import permissions
from tests.contract.kubernetes import support

if TYPE_CHECKING:
    from infra.local.kubernetes import KubernetesEmulator

ROOT = Path(__file__).parents[3]
ROLES = ROOT / "infra" / "kubernetes"
CALLERS = {
    "nonproduction": (
        "functions/refresh",
        "functions/release",
        "functions/renewal",
        "functions/rotation",
        "functions/schedules",
        "functions/upkeep/workloads.py",
    ),
    "production": (
        "functions/failover",
        "functions/lag",
        "functions/release",
        "functions/renewal",
        "functions/rotation",
        "functions/upkeep",
    ),
    "argo-cd": ("functions/release/ways.py",),
    "cloudnativepg": ("shared/cluster/cloudnativepg.py",),
    "flux": ("functions/release/ways.py",),
    "on-request": (
        "functions/environments",
        "functions/schedules",
        "functions/upkeep/workloads.py",
    ),
}
EXAMINER = "signalbox/doctor.py"
"""Run by a person, as that person or as the agents."""

Grant = tuple[str, str, str]
"""API group, resource, verb."""

NAMESPACE = "rbac"
WORKLOADS = tuple(
    Workload(kind=kind, name="odoo") for kind in ("Deployment", "StatefulSet", "CronJob")
)
OBJECTS = (("ConfigMap", "odoo-config"), ("Secret", "odoo-database"), ("IngressRoute", "odoo"))


class RecordingApi(Api):
    """Remembers what it was asked as a Role would say it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: set[Grant] = set()

    def read(self, kind: str, namespace: str, name: str) -> Json:
        self._note(kind, "get")
        return super().read(kind, namespace, name)

    def list(self, kind: str, namespace: str, labels: str) -> list[Json]:
        self._note(kind, "list")
        return super().list(kind, namespace, labels)

    def create(self, kind: str, namespace: str, body: Json) -> Json:
        self._note(kind, "create")
        return super().create(kind, namespace, body)

    def replace(self, kind: str, namespace: str, body: Json) -> Json:
        self._note(kind, "update")
        return super().replace(kind, namespace, body)

    def replace_status(self, kind: str, namespace: str, body: Json) -> Json:
        self._note(kind, "update", "/status")
        return super().replace_status(kind, namespace, body)

    def delete(self, kind: str, namespace: str, name: str) -> None:
        self._note(kind, "delete")
        super().delete(kind, namespace, name)

    def log(self, namespace: str, pod: str, lines: int) -> str:
        self._note("Pod", "get", "/log")
        return super().log(namespace, pod, lines)

    def _note(self, kind: str, verb: str, part: str = "") -> None:
        parts = PLACES[kind].split("/")
        group = "" if parts[0] == "api" else parts[1]
        self.asked.add((group, parts[-1] + part, verb))


def for_each(act: Callable[[Cluster, Workload], object]) -> Callable[[Cluster], None]:
    def do(cluster: Cluster) -> None:
        for workload in WORKLOADS:
            act(cluster, workload)

    return do


def run_job(cluster: Cluster) -> None:
    job = job_manifest("restore", "signalbox-jobs:latest")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    container["command"] = ["true"]
    cluster.run_job(NAMESPACE, job, {"SECRET": "value"})


def job_log_tail(cluster: Cluster) -> None:
    run_job(cluster)
    deadline = time.monotonic() + 20
    while (job := cluster.job(NAMESPACE, "restore")) and job.phase == "active":
        assert time.monotonic() < deadline, "the Job does not end"
    cluster.job_log_tail(NAMESPACE, "restore")


def save(cluster: Cluster) -> None:
    cluster.save(NAMESPACE, "snapshot", OBJECTS, run_id="1", epoch=3)


def propose(cluster: Cluster) -> None:
    cluster.propose(NAMESPACE, "proposal", {"password": "new"}, run_id="1", epoch=5)


def saved_secret(cluster: Cluster) -> None:
    save(cluster)
    cluster.saved_secret(NAMESPACE, "snapshot", "odoo-database")


def restore(cluster: Cluster) -> None:
    save(cluster)
    cluster.write_config(NAMESPACE, "odoo-config", {"changed": "meanwhile"}, epoch=3)
    cluster.restore(NAMESPACE, "snapshot", run_id="1", epoch=4)


def objects_on_request(cluster: Cluster) -> list[Json]:
    """All that is made in the namespace of an environment on request."""
    estate = load_estate(ROOT / "infra" / "local" / "estate.yaml")
    [offer] = estate.offers
    place = offer.environment("ana-fix", estate.environment(offer.source))
    made = (*manifests.limits(offer), *manifests.workloads(place, offer, {}, {}))
    return [*manifests.rights(cluster.identity()), *made, manifests.route(place)]


def label(found: Json) -> None:
    found["metadata"]["labels"] = {"release": "new"}


def of_kinds(*kinds: str) -> dict[str, Callable[[Cluster], Any]]:
    """The same methods, asked for what an operator of the cluster looks after."""
    return {
        "read": lambda c: [c.read(kind, NAMESPACE, "odoo") for kind in kinds],
        "change": lambda c: [c.change(kind, NAMESPACE, "odoo", 1, label) for kind in kinds],
    }


USES: dict[str, Callable[[Cluster], Any]] = {
    "run_job": run_job,
    "job": lambda c: c.job(NAMESPACE, "restore"),
    "job_log_tail": job_log_tail,
    "delete_job": lambda c: c.delete_job(NAMESPACE, "restore"),
    "stop_workload": for_each(lambda c, w: c.stop_workload(NAMESPACE, w, epoch=1)),
    "start_workload": for_each(lambda c, w: c.start_workload(NAMESPACE, w, epoch=2)),
    "stop_workloads": lambda c: c.stop_workloads(NAMESPACE, WORKLOADS, epoch=2),
    "start_workloads": lambda c: c.start_workloads(NAMESPACE, WORKLOADS, epoch=2),
    "are_ready": lambda c: c.are_ready(NAMESPACE, WORKLOADS),
    "ease_workload": for_each(lambda c, w: c.ease_workload(NAMESPACE, w, 0, epoch=3)),
    "restore_eased_workload": for_each(
        lambda c, w: c.restore_eased_workload(NAMESPACE, w, epoch=4)
    ),
    "sleep_workload": for_each(lambda c, w: c.sleep_workload(NAMESPACE, w, epoch=4)),
    "is_asleep": for_each(lambda c, w: c.is_asleep(NAMESPACE, w)),
    "wake_workload": for_each(lambda c, w: c.wake_workload(NAMESPACE, w, epoch=4)),
    "gave_up": for_each(lambda c, w: c.gave_up(NAMESPACE, w)),
    "is_eased": for_each(lambda c, w: c.is_eased(NAMESPACE, w)),
    "is_stopped": for_each(
        lambda c, w: (c.stop_workload(NAMESPACE, w, epoch=5), c.is_stopped(NAMESPACE, w))
    ),
    "workload_state": for_each(lambda c, w: c.workload_state(NAMESPACE, w)),
    "is_ready": for_each(lambda c, w: c.is_ready(NAMESPACE, w)),
    "read_config": lambda c: c.read_config(NAMESPACE, "odoo-config"),
    "write_config": lambda c: c.write_config(NAMESPACE, "odoo-config", {"a": "b"}, epoch=1),
    "read_secret": lambda c: c.read_secret(NAMESPACE, "odoo-database"),
    "write_secret": lambda c: c.write_secret(NAMESPACE, "odoo-database", {"a": "b"}, epoch=1),
    "route_rules": lambda c: c.route_rules(NAMESPACE, "odoo"),
    "write_route_rules": lambda c: c.write_route_rules(
        NAMESPACE, "odoo", ["Host(`b.example`)"], epoch=1
    ),
    "restart_workload": for_each(lambda c, w: c.restart_workload(NAMESPACE, w, "1", epoch=5)),
    "restarted_for": for_each(lambda c, w: c.restarted_for(NAMESPACE, w)),
    "propose": propose,
    "proposed": lambda c: c.proposed(NAMESPACE, "proposal", run_id="1"),
    "delete_secret": lambda c: c.delete_secret(NAMESPACE, "proposal"),
    "save": save,
    "saved_secret": saved_secret,
    "restore": restore,
    "greet": lambda c: c.greet(),
    "may": lambda c: c.may(NAMESPACE, Permission("get", "pods")),
    "renew_certificate": lambda c: c.renew_certificate(NAMESPACE, "odoo", datetime.now(UTC)),
    "certificate_state": lambda c: c.certificate_state(NAMESPACE, "odoo"),
    "read": for_each(lambda c, w: c.read(w.kind, NAMESPACE, w.name)),
    "change": for_each(lambda c, w: c.change(w.kind, NAMESPACE, w.name, 5, label)),
    "identity": lambda c: c.identity(),
    "make_namespace": lambda c: c.make_namespace("made", {}, owner="a-run"),
    "namespace_owner": lambda c: c.namespace_owner("made"),
    "put": lambda c: [c.put(b["kind"], NAMESPACE, b, epoch=9) for b in objects_on_request(c)],
    "delete_namespace": lambda c: c.delete_namespace("made", owner="a-run"),
}
"""Each method, so that it makes every request it ever makes."""

OPERATED = {
    KIND: ("postgresql.cnpg.io/v1", "Cluster"),
    "Application": ("argoproj.io/v1alpha1", "Application"),
    "HelmRelease": ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    "Kustomization": ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
}
SPEC = {"instances": 1, "storage": {"size": "1Gi"}}

ON_REQUEST: dict[str, Callable[[Cluster], Any]] = {
    "start_workloads": lambda c: c.start_workloads(NAMESPACE, WORKLOADS[:1], epoch=10),
    "is_ready": lambda c: c.is_ready(NAMESPACE, WORKLOADS[0]),
    "sleep_workload": lambda c: c.sleep_workload(NAMESPACE, WORKLOADS[0], epoch=10),
    "is_stopped": lambda c: c.is_stopped(NAMESPACE, WORKLOADS[0]),
    "wake_workload": lambda c: c.wake_workload(NAMESPACE, WORKLOADS[0], epoch=10),
    "gave_up": lambda c: c.gave_up(NAMESPACE, WORKLOADS[0]),
    "workload_state": lambda c: c.workload_state(NAMESPACE, WORKLOADS[0]),
}
"""The same methods, asked for Deployments, which is all that runs in an environment on request."""

OTHERS = {
    "argo-cd": of_kinds("Application"),
    "cloudnativepg": of_kinds(KIND),
    "flux": of_kinds("Kustomization", "HelmRelease"),
    "on-request": ON_REQUEST,
}


@pytest.fixture(scope="module")
def asked(kubernetes: "KubernetesEmulator") -> Iterator[dict[str, set[Grant]]]:
    """What each method of the cluster asks the API for."""
    api = Api(kubernetes.url)
    people = support.Cluster(kubernetes.url)
    people.core.create_namespace({"metadata": {"name": NAMESPACE}})
    furnish(api)
    others = {f"{kind}.{k}": use for kind, uses in OTHERS.items() for k, use in uses.items()}
    yield {name: recorded(kubernetes.url, use) for name, use in (USES | others).items()}
    people.core.delete_namespace(NAMESPACE)
    people.close()


def recorded(url: str, use: Callable[[Cluster], Any]) -> set[Grant]:
    recording = RecordingApi(url)
    use(Cluster(recording))
    return recording.asked


def furnish(api: Api) -> None:
    """One object of each kind."""
    label = {"app": "odoo"}
    pod = {"restartPolicy": "Never", "containers": [{"name": "odoo", "image": "odoo"}]}
    template = {"metadata": {"labels": label}, "spec": pod | {"restartPolicy": "Always"}}
    running = {"replicas": 1, "selector": {"matchLabels": label}, "template": template}
    specs: dict[str, Json] = {
        "Deployment": {"spec": running},
        "StatefulSet": {"spec": running | {"serviceName": "odoo"}},
        "CronJob": {
            "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
        },
        "IngressRoute": {
            "apiVersion": "traefik.io/v1alpha1",
            "spec": {"routes": [{"kind": "Rule", "match": "Host(`a.example`)"}]},
        },
    }
    for kind, spec in specs.items():
        api.create(kind, NAMESPACE, {"kind": kind, "metadata": {"name": "odoo"}} | spec)
    certificate = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate"}
    api.create("Certificate", NAMESPACE, certificate | {"metadata": {"name": "odoo"}})
    api.create("ConfigMap", NAMESPACE, {"metadata": {"name": "odoo-config"}})
    api.create("Secret", NAMESPACE, {"metadata": {"name": "odoo-database"}})
    for kind, (version, called) in OPERATED.items():
        made = {"apiVersion": version, "kind": called, "metadata": {"name": "odoo"}, "spec": SPEC}
        api.create(kind, NAMESPACE, made)


def methods_named(source: str) -> set[str]:
    """Methods of the cluster that a file, or the files of a folder, call or hand on."""
    path = ROOT / source
    return {
        node.attr
        for file in (path.rglob("*.py") if path.is_dir() else (path,))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in USES
        and ast.unparse(node.value).rpartition(".")[2] in ("cluster", "_cluster")
    }


def granted(kind: str) -> set[Grant]:
    return {
        (group, resource, verb)
        for role in roles(kind)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if verb != "bind"  # is no request: it lets make a RoleBinding
    }


def roles(kind: str) -> list[dict[str, Any]]:
    documents = yaml.safe_load_all((ROLES / kind / "role.yaml").read_text("utf-8"))
    return [each for each in documents if each["kind"] in ("Role", "ClusterRole")]


@pytest.mark.parametrize("kind", CALLERS)
def test_a_role_grants_exactly_what_the_agents_ask_for(
    kind: str, asked: dict[str, set[Grant]]
) -> None:
    methods = {method for source in CALLERS[kind] for method in methods_named(source)}
    methods = {f"{kind}.{each}" if each in OTHERS.get(kind, {}) else each for each in methods}

    needed = set().union(*(asked[method] for method in methods))

    assert granted(kind) - needed == set(), "the Role grants what nobody asks for"
    assert needed - granted(kind) == set(), "the Role does not grant what the code asks for"


def test_the_roles_of_environments_suffice_for_an_examination(asked: dict[str, set[Grant]]) -> None:
    needed = set().union(*(asked[method] for method in methods_named(EXAMINER)))

    assert needed
    assert needed <= granted("production") & granted("nonproduction")


@pytest.mark.parametrize("kind", sorted(CALLERS.keys() - {"on-request"}))
def test_the_doctor_asks_for_every_permission_of_a_role(kind: str) -> None:
    names = {"configmaps": "our-config", "ingressroutes": "our-route"}

    asked_for = permissions.granted(kind, names)

    assert {(each.group, each.resource, each.verb) for each in asked_for} == granted(kind)
    assert {each.resource: each.name for each in asked_for if each.name} == (
        names if kind in ("production", "nonproduction") else {}
    )


def test_nobody_else_asks_the_cluster_for_anything() -> None:
    known = {source for sources in CALLERS.values() for source in sources}
    files = [
        path.relative_to(ROOT).as_posix()
        for folder in ("functions", "shared")
        for path in (ROOT / folder).rglob("*.py")
    ]

    others = [file for file in files if not any(file.startswith(source) for source in known)]

    # Which Secrets these are, the estate says: whoever writes such a reference grants it.
    by_reference = {"shared/cluster/secrets.py": {"read_secret"}}
    assert {file: methods_named(file) for file in others if methods_named(file)} == by_reference


def test_every_method_of_the_cluster_is_recorded() -> None:
    public = {name for name in vars(Cluster) if not name.startswith("_")}

    assert public - {"connect"} == set(USES)


def test_every_role_is_compared_and_none_can_give_what_it_has_not() -> None:
    rules = {
        (path.parent.name, *rule["verbs"]): rule.get("resourceNames")
        for path in ROLES.glob("*/role.yaml")
        for role in roles(path.parent.name)
        for rule in role["rules"]
    }

    beyond = [key for key in rules if {"bind", "escalate", "impersonate", "*"} & {*key}]

    assert {kind for kind, *_ in rules} == CALLERS.keys()
    assert {key: rules[key] for key in beyond} == {("on-request", "bind"): [manifests.CLUSTER_ROLE]}


@pytest.mark.parametrize("kind", ["production", "nonproduction"])
def test_what_can_be_named_is_granted_by_the_name_that_estates_have_by_default(kind: str) -> None:
    fields = Environment.model_fields
    defaults = {
        "configmaps": [fields["config_map"].default],
        "ingressroutes": [fields["route"].default],
    }

    named = {
        rule["resources"][0]: rule["resourceNames"]
        for rule in roles(kind)[0]["rules"]
        if "resourceNames" in rule
    }

    assert named == defaults
