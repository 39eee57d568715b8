"""What happens to an object before it is stored: clean, fill in defaults, refuse what is wrong."""

import base64
import re
from typing import Any

from pydantic import ValidationError

from infra.local.kubernetes.resources import Resource
from infra.local.kubernetes.shapes import SHAPES, Anything, Plain
from infra.local.kubernetes.status import Json, bad_request, invalid

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_NAME_LIMITS = {"CronJob": 52, "Job": 63, "Namespace": 63, "Service": 63}
_IMMUTABLE = {
    "Deployment": ("selector",),
    "Job": ("completions", "selector", "template"),
    "StatefulSet": ("selector", "serviceName"),
}
_SPEC_DEFAULTS: dict[str, Json] = {
    "CronJob": {
        "suspend": False,
        "concurrencyPolicy": "Allow",
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    },
    "Deployment": {
        "replicas": 1,
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
        },
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    },
    "Job": {"parallelism": 1, "completions": 1, "backoffLimit": 6, "suspend": False},
    "Namespace": {"finalizers": ["kubernetes"]},
    "NetworkPolicy": {"policyTypes": ["Ingress"]},
    "StatefulSet": {
        "replicas": 1,
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
    },
}


def without_nulls(value: Any) -> Any:
    """A null field means an absent one."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def admit(resource: Resource, obj: Json, old: Json | None) -> Json:
    """Return the object as it will be stored; ``old`` is what it replaces."""
    clean: Json = without_nulls(obj)
    _check_shape(resource, clean)
    _check_name(resource, clean["metadata"].get("name", ""))
    filled = _with_defaults(resource, clean)
    if old:
        _check_immutable(resource, filled, old)
    return filled


def _check_shape(resource: Resource, obj: Json) -> None:
    try:
        _shape(resource).of(obj)
    except ValidationError as error:
        causes = [(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
        if any(e["type"].endswith("_type") for e in error.errors()):
            found = ", ".join(f"{field}: {message}" for field, message in causes)
            raise bad_request(f"cannot be handled as a {resource.kind}: {found}") from None
        raise invalid(resource, _name_of(obj), causes) from None


def _shape(resource: Resource) -> type[Anything]:
    return Plain if resource.custom else SHAPES.get(resource.kind, Plain)


def _name_of(obj: Json) -> str:
    metadata = obj.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""


def _check_name(resource: Resource, name: str) -> None:
    limit = _NAME_LIMITS.get(resource.kind, 253)
    if not name:
        raise invalid(resource, name, [("metadata.name", "name or generateName is required")])
    if len(name) > limit:
        raise invalid(resource, name, [("metadata.name", f"must be no more than {limit} bytes")])
    if resource.group != "rbac.authorization.k8s.io" and not _SUBDOMAIN.fullmatch(name):
        why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters"
        raise invalid(resource, name, [("metadata.name", f'"{name}": {why}, "-" or "."')])


def _with_defaults(resource: Resource, obj: Json) -> Json:
    if resource.custom:
        return obj
    if resource.kind == "Secret":
        return _encoded_secret(obj)
    if resource.kind == "Namespace":
        obj = _labelled(obj, {"kubernetes.io/metadata.name": obj["metadata"]["name"]})
        obj = {"status": {"phase": "Active"}} | obj
    if resource.kind == "Pod":
        obj = obj | {"status": {"phase": "Pending"} | obj.get("status", {})}
    if defaults := _SPEC_DEFAULTS.get(resource.kind):
        status = {"replicas": 0} if resource.kind == "StatefulSet" else {}
        obj = {"status": status} | obj | {"spec": defaults | obj.get("spec", {})}
    return _linked_job(obj) if resource.kind == "Job" else obj


def _encoded_secret(obj: Json) -> Json:
    encoded = {
        name: base64.b64encode(value.encode()).decode()
        for name, value in obj.get("stringData", {}).items()
    }
    secret = {"type": "Opaque"} | {k: v for k, v in obj.items() if k != "stringData"}
    return secret | {"data": secret.get("data", {}) | encoded} if encoded else secret


def _linked_job(job: Json) -> Json:
    """Label the Job's Pods with its name and uid, so that selectors find them."""
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    spec = job["spec"]
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    linked = {"selector": selector, "template": _labelled(spec["template"], labels)}
    return job | {"spec": spec | linked}


def _labelled(obj: Json, labels: dict[str, str]) -> Json:
    metadata = obj.get("metadata", {})
    return obj | {"metadata": metadata | {"labels": metadata.get("labels", {}) | labels}}


def _check_immutable(resource: Resource, new: Json, old: Json) -> None:
    for field in _IMMUTABLE.get(resource.kind, ()):
        if new["spec"].get(field) != old["spec"].get(field):
            raise invalid(
                resource, old["metadata"]["name"], [(f"spec.{field}", "field is immutable")]
            )
