"""The app in a cluster: scaled on every subscription, admitted by a hardened namespace."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.outage import fleet
from functions.console.health import OPEN
from shared.settings import Settings
from signalbox import scaling
from signalbox.generate import topology

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "infra" / "kubernetes"


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


DEPLOYMENT, SERVICE = documents(KUBERNETES / "functions" / "deployment.yaml")
POD = DEPLOYMENT["spec"]["template"]["spec"]
_, ACCOUNT = documents(KUBERNETES / "agents" / "service-account.yaml")
SIGN_IN, SCALED = documents(KUBERNETES / "functions" / "scaled-object.yaml")


def test_every_subscription_scales_the_app() -> None:
    listened = {
        (topic["Name"], subscription["Name"])
        for topic in topology()["UserConfig"]["Namespaces"][0]["Topics"]
        for subscription in topic["Subscriptions"]
    }

    scaled = [each["metadata"] for each in SCALED["spec"]["triggers"]]

    assert {(each["topicName"], each["subscriptionName"]) for each in scaled} == listened
    assert SCALED["spec"]["scaleTargetRef"]["name"] == DEPLOYMENT["metadata"]["name"]
    assert {each["authenticationRef"]["name"] for each in SCALED["spec"]["triggers"]} == {
        SIGN_IN["metadata"]["name"]
    }
    assert SIGN_IN["spec"] == {"podIdentity": {"provider": "azure-workload"}}


def test_a_step_that_is_added_is_scaled_on() -> None:
    more = topology()
    topic = more["UserConfig"]["Namespaces"][0]["Topics"][1]
    topic["Subscriptions"].append({"Name": "new-step"})

    _, scaled = yaml.safe_load_all(scaling.scaled_object(more))

    assert len(scaled["spec"]["triggers"]) == len(SCALED["spec"]["triggers"]) + 1


def test_who_counts_calls_and_instances_counts_what_is_deployed() -> None:
    host = json.loads((ROOT / "host.json").read_text("utf-8"))["extensions"]["serviceBus"]
    app = (ROOT / "infra" / "azure" / "app.bicep").read_text("utf-8")

    assert host["maxConcurrentCalls"] == scaling.CALLS == fleet.CALLS
    assert f"maximumInstanceCount: {fleet.INSTANCES}\n" in app


def test_the_namespace_of_the_agents_admits_the_app() -> None:
    """What the Pod Security Standard `restricted` asks for; the namespace enforces it."""
    (container,) = POD["containers"]

    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["serviceAccountName"] == ACCOUNT["metadata"]["name"]
    assert {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("readiness", "liveness")} < (
        set(OPEN)
    )
    assert {key for volume in POD["volumes"] for key in volume} == {"name", "configMap", "emptyDir"}
    assert re.search(r"@sha256:[0-9a-f]{64}$", container["image"])


def test_the_app_gets_its_settings_by_names_that_it_has_and_no_secret_in_the_manifest() -> None:
    (container,) = POD["containers"]
    given = {each["name"]: each["value"] for each in container["env"]}
    known = {
        str(field.validation_alias or f"SIGNALBOX_{name.upper()}"): field.is_required()
        for name, field in Settings.model_fields.items()
    }

    assert {name for name in given if name.startswith("SIGNALBOX_")} <= known.keys()
    assert {name for name, is_required in known.items() if is_required} <= given.keys()
    assert given["SIGNALBOX_LEDGER_URL"].endswith("/signalbox?options=-crole%3Dsignalbox")
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {
        str(Path(given["SIGNALBOX_ESTATE"]).parent),
        given["HOME"],
    }
    assert not re.search(r"KEY|SECRET|password", str(container["env"]), re.IGNORECASE)
    assert (
        SERVICE["spec"]["selector"].items()
        <= DEPLOYMENT["spec"]["template"]["metadata"]["labels"].items()
    )


@pytest.mark.parametrize("tool", ["argocd", "flux"])
def test_both_tools_keep_every_class_of_namespaces_from_folders_that_are_there(tool: str) -> None:
    found = documents(KUBERNETES / "gitops" / f"{tool}.yaml")
    if tool == "argocd":
        (spec,) = (each["spec"] for each in found)
        (generator,) = spec["generators"]
        path = spec["template"]["spec"]["source"]["path"]
        kept = {
            (each["namespace"], path.replace("{{ .class }}", each["class"]))
            for each in generator["list"]["elements"]
        }
    else:
        source, *rest = found
        kept = {
            (each["spec"].get("targetNamespace", "signalbox"), each["spec"]["path"][2:])
            for each in rest
        }
        assert {each["spec"]["sourceRef"]["name"] for each in rest} == {source["metadata"]["name"]}
        assert len({each["metadata"]["name"] for each in rest}) == len(rest)

    assert kept == {
        ("signalbox", "infra/kubernetes/agents"),
        ("signalbox", "infra/kubernetes/admission"),
        ("acme-prod", "infra/kubernetes/production"),
        ("acme-staging", "infra/kubernetes/nonproduction"),
    }
    assert all((ROOT / path).is_dir() for _, path in kept)
