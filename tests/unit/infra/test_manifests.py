"""The manifests are what the API takes, and a copy's network leads to nothing of production."""

import copy
import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client
from pydantic import ValidationError

from functions.failover.hold_drill import job_manifest as drill_job
from functions.refresh.restore_jobs import job_manifest as restore_job

ROOT = Path(__file__).parents[3]
CUSTOM = ("gitops", "scaled-object.yaml")
"""Kinds that other projects define: see test_hosting.py."""
FILES = [
    path
    for path in sorted((ROOT / "infra" / "kubernetes").rglob("*.yaml"))
    if path.name not in CUSTOM and path.parent.name not in CUSTOM
]
MODELS = {
    "ClusterRole": client.V1ClusterRole,
    "ClusterRoleBinding": client.V1ClusterRoleBinding,
    "Deployment": client.V1Deployment,
    "Namespace": client.V1Namespace,
    "NetworkPolicy": client.V1NetworkPolicy,
    "Role": client.V1Role,
    "RoleBinding": client.V1RoleBinding,
    "Service": client.V1Service,
    "ServiceAccount": client.V1ServiceAccount,
    "ValidatingAdmissionPolicy": client.V1ValidatingAdmissionPolicy,
    "ValidatingAdmissionPolicyBinding": client.V1ValidatingAdmissionPolicyBinding,
}
APP = ROOT / "infra" / "azure" / "app.bicep"
POLICIES = ROOT / "infra" / "kubernetes" / "nonproduction" / "network-policies.yaml"
OF_PRODUCTION = ROOT / "infra" / "kubernetes" / "production" / "network-policies.yaml"

ODOO = {"app": "odoo"}
RESTORE = {
    "app.kubernetes.io/managed-by": "signalbox",
    "app.kubernetes.io/component": "restore",
}
DRILL = RESTORE | {"app.kubernetes.io/component": "drill"}
JOBS = {
    "restore": (restore_job("restore", "image"), RESTORE),
    "drill": (drill_job("drill", "image"), DRILL),
}
PRODUCTION = (("10.20.0.4", 5432), ("203.0.113.10", 443), ("10.20.0.5", 443), ("10.20.0.6", 6379))
OUTSIDE = (("198.51.100.7", 25), ("198.51.100.7", 587), ("169.254.169.254", 80))


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def allows(policies: list[dict[str, Any]], labels: dict[str, str], address: str, port: int) -> bool:
    """Whether a pod may connect to an address outside the cluster: policies add up."""
    selected = [
        policy["spec"]
        for policy in policies
        if policy["spec"]["podSelector"].get("matchLabels", {}).items() <= labels.items()
    ]
    return not selected or any(
        _leads_to(rule, address, port) for spec in selected for rule in spec["egress"]
    )


def _leads_to(rule: dict[str, Any], address: str, port: int) -> bool:
    ports = [each["port"] for each in rule.get("ports", [])]
    if ports and port not in ports:
        return False
    blocks = [peer["ipBlock"] for peer in rule.get("to", []) if "ipBlock" in peer]
    if not rule.get("to"):
        return True
    return any(
        ip_address(address) in ip_network(block["cidr"])
        and not any(ip_address(address) in ip_network(x) for x in block.get("except", []))
        for block in blocks
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_manifest_has_the_fields_of_the_api_and_no_others(path: Path) -> None:
    for document in documents(path):
        model = MODELS[document["kind"]].model_validate(document)

        assert model.metadata.name
        document["metadata"]["lables"] = {}
        with pytest.raises(ValidationError, match="lables"):
            MODELS[document["kind"]].model_validate(document)


@pytest.mark.parametrize(("made", "labels"), JOBS.values(), ids=JOBS)
def test_a_job_of_ours_is_one_that_hardened_namespaces_admit(
    made: dict[str, Any], labels: dict[str, str]
) -> None:
    job = client.V1Job.model_validate(made)

    pod = job.spec.template.spec
    assert pod.automount_service_account_token is False
    assert pod.security_context.run_as_non_root
    assert pod.containers[0].security_context.read_only_root_filesystem
    assert job.spec.template.metadata.labels == labels, "network policies select it by these"


@pytest.mark.parametrize(
    ("policies", "labels"),
    [(POLICIES, ODOO), (POLICIES, RESTORE), (OF_PRODUCTION, DRILL)],
    ids=["odoo", "restore", "drill"],
)
@pytest.mark.parametrize(("address", "port"), PRODUCTION + OUTSIDE)
def test_a_copy_cannot_reach_production_or_a_mail_server(
    policies: Path, labels: dict[str, str], address: str, port: int
) -> None:
    assert not allows(documents(policies), labels, address, port)


def test_a_copy_reaches_its_database_and_only_its_restore_job_reaches_storage() -> None:
    policies = documents(POLICIES)

    assert allows(policies, ODOO, "10.40.0.4", 5432)
    assert allows(policies, RESTORE, "10.40.0.4", 5432)
    assert allows(policies, RESTORE, "198.51.100.7", 443)
    assert not allows(policies, ODOO, "198.51.100.7", 443)


def test_a_drill_reaches_storage_and_production_itself_is_left_alone() -> None:
    [drill] = policies = documents(OF_PRODUCTION)

    assert drill["spec"]["ingress"] == []
    assert allows(policies, DRILL, "198.51.100.7", 443)
    assert allows(policies, ODOO, "198.51.100.7", 25)


def test_a_policy_that_forgets_an_exception_is_noticed() -> None:
    policies = copy.deepcopy(documents(POLICIES))
    (block,) = (peer["ipBlock"] for peer in policies[1]["spec"]["egress"][0]["to"])

    block["except"].remove("203.0.113.10/32")

    assert allows(policies, RESTORE, "203.0.113.10", 443)


def test_the_images_have_what_the_jobs_and_the_host_run() -> None:
    text = (ROOT / "infra" / "kubernetes" / "Dockerfile").read_text("utf-8")
    copied = {
        name
        for line in text.splitlines()
        if line.startswith("COPY ")
        for name in line.split()[1:-1]
    }
    sent = (ROOT / "infra" / "kubernetes" / "Dockerfile.dockerignore").read_text("utf-8").split()

    assert all((ROOT / name).exists() for name in copied)
    assert {f"!{name}" for name in copied} <= set(sent)
    [version] = re.findall(
        r"runtime: \{ name: 'python', version: '(.+)' \}", APP.read_text("utf-8")
    )
    assert re.findall(r"^FROM \S*python:(\S+) AS", text, re.MULTILINE) == [
        f"{version}-slim-bookworm",
        f"{version}-slim-bookworm",
        f"4-python{version}",
    ]
    for job, _ in JOBS.values():
        (container,) = job["spec"]["template"]["spec"]["containers"]
        assert f"CMD {container['command']}".replace("'", '"') in text
