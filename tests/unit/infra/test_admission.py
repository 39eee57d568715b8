"""What the cluster itself refuses: each rule on what it lets in and on what it does not."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.refresh.restore_jobs import job_manifest
from shared.cluster.cluster import OWNER
from shared.estate import EnvironmentClass
from tests.unit.infra.admission import Policy

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "infra" / "kubernetes"
DOCUMENTS = [
    document
    for file in ("admission/policies.yaml", "on-request/role.yaml")
    for document in yaml.safe_load_all((KUBERNETES / file).read_text("utf-8"))
]
POLICIES = {
    document["metadata"]["name"]: Policy(document)
    for document in DOCUMENTS
    if document["kind"] == "ValidatingAdmissionPolicy"
}
JOBS, SECRETS, IMAGES, NAMESPACES = POLICIES.values()

AGENT = "system:serviceaccount:signalbox:signalbox"
[OUTSIDE] = {
    subject["name"]
    for file in KUBERNETES.rglob("role.yaml")
    for document in yaml.safe_load_all(file.read_text("utf-8"))
    for subject in document.get("subjects", ())
    if subject["kind"] == "User"
}
"""How a cluster calls the function app that comes from outside: the same everywhere."""

IMAGE = f"registry.example.com/odoo@sha256:{'a' * 64}"
RESTORE = job_manifest("restore-1", IMAGE)
UPDATE = {
    "metadata": {"name": "update-1", "labels": {"app": "signalbox-update"}},
    "spec": {"template": {"spec": {"containers": [{"name": "odoo", "image": IMAGE}]}}},
}
PRODUCTION = "production-vault"
ODOO = {
    "metadata": {"name": "odoo"},
    "spec": {
        "containers": [
            {"name": "odoo", "image": IMAGE, "envFrom": [{"secretRef": {"name": "staging-db"}}]}
        ],
        "volumes": [{"name": "config", "configMap": {"name": "odoo-config"}}],
    },
}


def changed(given: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The object with other fields of its pod; one that is None is left out."""
    made = copy.deepcopy(given)
    spec = made["spec"]["template"]["spec"] if "template" in made["spec"] else made["spec"]
    container = spec["containers"][0]
    for name, value in fields.items():
        place = container if name in ("image", "env", "envFrom") else spec
        place.pop(name, None)
        if value is not None:
            place[name] = value
    return made


def test_what_the_agents_and_odoo_need_is_let_in() -> None:
    assert JOBS.refusals(RESTORE, AGENT) == JOBS.refusals(RESTORE, OUTSIDE) == []
    assert JOBS.refusals(UPDATE, AGENT) == []
    assert JOBS.refusals(UPDATE, "ann") == []
    assert SECRETS.refusals(ODOO) == []
    assert IMAGES.refusals(ODOO) == []


@pytest.mark.parametrize(
    ("policy", "asked_for", "user", "said"),
    [
        (JOBS, RESTORE, "ann", "only the agents"),
        (JOBS, changed(UPDATE) | {"metadata": {"name": "x"}}, AGENT, "nothing but restores"),
        (JOBS, changed(RESTORE, automountServiceAccountToken=True), AGENT, "no token"),
        (JOBS, changed(RESTORE, automountServiceAccountToken=None), AGENT, "no token"),
        (
            JOBS,
            changed(RESTORE, envFrom=[{"secretRef": {"name": "odoo-database"}}]),
            AGENT,
            "and no other",
        ),
        (
            JOBS,
            changed(RESTORE, env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "b"}}}]),
            AGENT,
            "and no other",
        ),
        (
            JOBS,
            changed(RESTORE, volumes=[{"name": "host", "hostPath": {"path": "/"}}]),
            AGENT,
            "nothing but empty folders",
        ),
        (
            SECRETS,
            changed(ODOO, volumes=[{"name": "s", "secret": {"secretName": "production-db"}}]),
            "ann",
            "mounts no secret",
        ),
        (
            SECRETS,
            changed(
                ODOO,
                volumes=[
                    {"name": "s", "csi": {"volumeAttributes": {"secretProviderClass": PRODUCTION}}}
                ],
            ),
            "ann",
            "mounts no secret",
        ),
        (
            SECRETS,
            changed(ODOO, envFrom=[{"secretRef": {"name": "production-db"}}]),
            "ann",
            "reads no secret",
        ),
        (
            SECRETS,
            changed(
                ODOO,
                initContainers=[{"name": "i", "envFrom": [{"secretRef": {"name": PRODUCTION}}]}],
            ),
            "ann",
            "reads no secret",
        ),
        (IMAGES, changed(ODOO, image="registry.example.com/odoo:18.0"), "ann", "by their digest"),
        (
            IMAGES,
            changed(ODOO, initContainers=[{"name": "i", "image": "busybox"}]),
            "ann",
            "by their digest",
        ),
    ],
)
def test_the_cluster_refuses_what_breaks_a_rule(
    policy: Policy, asked_for: dict[str, Any], user: str, said: str
) -> None:
    refusals = policy.refusals(asked_for, user)

    assert any(said in each for each in refusals), refusals


@pytest.mark.parametrize("user", [AGENT, OUTSIDE])
@pytest.mark.parametrize(
    ("resource", "operation", "place"),
    [
        ("namespaces", "CREATE", "object"),
        ("namespaces", "DELETE", "oldObject"),
        ("rolebindings", "CREATE", "namespaceObject"),
    ],
)
def test_signalbox_makes_deletes_and_enters_namespaces_of_environments_on_request_alone(
    user: str, resource: str, operation: str, place: str
) -> None:
    request = {"resource": {"resource": resource}, "operation": operation}
    ours = {"metadata": {"labels": {OWNER: "a-run"}}}
    others = {"metadata": {"labels": {"kubernetes.io/metadata.name": "kube-system"}}}

    def refusals(namespace: dict[str, Any], user: str) -> list[str]:
        beside = {} if place == "object" else {place: namespace}
        return NAMESPACES.refusals(namespace, user, request=request, **beside)

    assert refusals(ours, user) == refusals(others, "ann") == []
    assert len(refusals(others, user)) == len(refusals({"metadata": {}}, user)) == 1


def test_every_policy_is_in_force_for_a_class_of_namespaces() -> None:
    bindings = {
        each["spec"]["policyName"]: each["spec"]
        for each in DOCUMENTS
        if each["kind"] == "ValidatingAdmissionPolicyBinding"
    }

    assert bindings.keys() == POLICIES.keys()
    classes = set()
    for each in bindings.values():
        assert each["validationActions"] == ["Deny"]
        for chosen in each.get("matchResources", {}).get("namespaceSelector", {}).values():
            classes |= {(one["key"], *one.get("values", ())) for one in chosen}
    refreshed = sorted(c for c in EnvironmentClass if not c.holds_real_data)
    assert classes == {("signalbox.dev/class",), ("signalbox.dev/class", *refreshed)}
