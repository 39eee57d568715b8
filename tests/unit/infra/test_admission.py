"""What the cluster itself refuses: each rule on what it lets in and on what it does not."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.refresh.restore_jobs import job_manifest
from tests.unit.infra.admission import Policy

ROOT = Path(__file__).parents[3]
FILE = ROOT / "infra" / "kubernetes" / "admission" / "policies.yaml"
DOCUMENTS = list(yaml.safe_load_all(FILE.read_text("utf-8")))
POLICIES = {
    document["metadata"]["name"]: Policy(document)
    for document in DOCUMENTS
    if document["kind"] == "ValidatingAdmissionPolicy"
}
JOBS, SECRETS, IMAGES = POLICIES.values()

AGENT = "system:serviceaccount:signalbox:signalbox"
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
    assert JOBS.refusals(RESTORE, AGENT) == []
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


def test_every_policy_is_in_force_for_a_class_of_namespaces() -> None:
    bindings = {
        each["spec"]["policyName"]: each["spec"]
        for each in DOCUMENTS
        if each["kind"] == "ValidatingAdmissionPolicyBinding"
    }

    assert bindings.keys() == POLICIES.keys()
    for each in bindings.values():
        assert each["validationActions"] == ["Deny"]
        assert "signalbox.io/class" in str(each["matchResources"]["namespaceSelector"])
