"""Rules on single objects that the verbs share: identity, preconditions, patches, Scale."""

import base64
import binascii
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local.kubernetes.journal import Key
from infra.local.kubernetes.patches import (
    MergeKey,
    json_patch,
    merge,
    merge_key,
    strategic_merge,
    whole_lists,
)
from infra.local.kubernetes.resources import Resource
from infra.local.kubernetes.status import (
    Json,
    Refused,
    bad_request,
    conflict,
    unsupported_media_type,
)

SET_BY_SERVER = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "uid",
)
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCHES = frozenset({"application/apply-patch+yaml", "application/apply-patch+json"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about: a collection, or the object ``name`` in it, or a part of that."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> Key:
        return Key(self.resource.group, self.resource.plural, self.namespace, self.name)


def target_of(resource: Resource, obj: Json) -> Target:
    metadata = obj["metadata"]
    return Target(resource, metadata.get("namespace", ""), metadata["name"])


def timestamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def list_keys(resource: Resource) -> MergeKey:
    """How this resource's lists are merged; custom ones have no schema that would say."""
    return whole_lists if resource.custom else merge_key


def newborn(target: Target, body: Json) -> Json:
    """The object that a body asks to create: what only the server may set is new."""
    given = checked_metadata(target, body)
    metadata = without(given, *SET_BY_SERVER, "resourceVersion")
    name = given.get("name") or target.name
    if not name and isinstance(prefix := given.get("generateName"), str):
        name = prefix + uuid.uuid4().hex[:5]
    metadata |= {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": timestamp()}
    if target.resource.namespaced:
        metadata["namespace"] = target.namespace
    if target.resource.custom or ("spec" in body and target.resource.kind != "Namespace"):
        metadata["generation"] = 1
    identity = {"apiVersion": target.resource.api_version, "kind": target.resource.kind}
    rest = without(body, "status") if "status" in target.resource.subresources else body
    return rest | identity | {"metadata": metadata}


def checked_metadata(target: Target, body: Json) -> Json:
    """The body's metadata, which must not contradict the path of the request."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise bad_request("metadata: expected an object")
    expected = {
        "apiVersion": (body.get("apiVersion"), target.resource.api_version),
        "kind": (body.get("kind"), target.resource.kind),
        "namespace": (metadata.get("namespace"), target.namespace),
        "name": (metadata.get("name"), target.name or metadata.get("name")),
    }
    for field, (found, wanted) in expected.items():
        if found and found != wanted:
            message = f"the {field} of the object ({found}) does not match the request ({wanted})"
            raise bad_request(message)
    return metadata


def check_preconditions(target: Target, old: Json, wanted: Json) -> None:
    """Refuse a write that was meant for another version of the object, or for its predecessor."""
    version, uid = wanted.get("resourceVersion"), wanted.get("uid")
    if version and version != old["metadata"].get("resourceVersion"):
        why = (
            "the object has been modified;"
            " please apply your changes to the latest version and try again"
        )
        raise conflict(target.resource, target.name, why)
    if uid and uid != old["metadata"]["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: "
        raise conflict(target.resource, target.name, why + old["metadata"]["uid"])


def patched(resource: Resource, old: Json, content_type: str, patch: Any) -> Json:
    """Apply a patch in the format that ``content_type`` names."""
    if content_type == JSON_PATCH:
        new = json_patch(old, patch)
    elif content_type == MERGE_PATCH:
        new = merge(old, patch)
    elif content_type == STRATEGIC_PATCH and not resource.custom:
        new = strategic_merge(old, patch)
    else:
        raise unsupported_media_type(content_type, f"{JSON_PATCH}, {MERGE_PATCH}")
    if not isinstance(new, dict):
        raise Refused(422, "Invalid", "the patch leaves no object")
    return new


def same(one: Json, other: Json) -> bool:
    """Whether two versions of an object say the same, whoever said it."""
    return _meaning(one) == _meaning(other)


def _meaning(obj: Json) -> Json:
    return obj | {"metadata": without(obj["metadata"], "managedFields", "resourceVersion")}


def without(mapping: Json, *names: str) -> Json:
    return {name: value for name, value in mapping.items() if name not in names}


def owned_by(obj: Json, uid: str) -> bool:
    return any(owner["uid"] == uid for owner in obj["metadata"].get("ownerReferences", ()))


def deleted(target: Target, obj: Json) -> Json:
    """The answer to a deletion that left nothing behind."""
    resource = target.resource
    details = {"name": target.name, "group": resource.group, "kind": resource.plural}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details | {"uid": obj["metadata"]["uid"]},
    }


def scale_of(obj: Json) -> Json:
    """The Scale subresource: the same few fields for every kind that has replicas."""
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    spec, status = obj.get("spec", {}), obj.get("status", {})
    labels = (spec.get("selector") or {}).get("matchLabels", {})
    replicas = status.get(replicas_field(obj), status.get("replicas", 0))
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: obj["metadata"][name] for name in kept},
        "spec": {"replicas": spec.get(replicas_field(obj), 0)},
        "status": {
            "replicas": replicas,
            "selector": ",".join(f"{name}={value}" for name, value in labels.items()),
        },
    }


def rescaled(obj: Json, scale: Any) -> Json:
    """The object with the number of replicas that a Scale asks for."""
    replicas = scale.get("spec", {}).get("replicas", 0) if isinstance(scale, dict) else None
    if type(replicas) is not int or replicas < 0:
        raise Refused(422, "Invalid", "spec.replicas: must be a number greater than or equal to 0")
    version = {"resourceVersion": scale["metadata"].get("resourceVersion")}
    spec = obj.get("spec", {}) | {replicas_field(obj): replicas}
    return obj | {"spec": spec, "metadata": obj["metadata"] | version}


def replicas_field(obj: Json) -> str:
    return "instances" if obj["kind"] == "Cluster" else "replicas"


def place(obj: Json) -> list[str]:
    """Where an object stands in a list."""
    return [obj["metadata"].get("namespace", ""), obj["metadata"]["name"]]


def continue_token(last: list[str]) -> str:
    return base64.urlsafe_b64encode("/".join(last).encode()).decode()


def continue_place(token: str) -> list[str]:
    try:
        decoded = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_request("continue key is not valid") from error
    namespace, _, name = decoded.partition("/")
    return [namespace, name]
