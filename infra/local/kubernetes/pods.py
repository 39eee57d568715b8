"""Pods that controllers own: find them, make them, remove them."""

from infra.local.kubernetes.api import Api, Write
from infra.local.kubernetes.objects import Target, owned_by, target_of
from infra.local.kubernetes.resources import Resource
from infra.local.kubernetes.status import Json

PODS = Resource("", "v1", "pods", "Pod")
BY_CONTROLLER = Write("kube-controller-manager")


class OwnedPods:
    """The Pods of one owner."""

    def __init__(self, api: Api, owner: Json) -> None:
        self._api = api
        self._owner = owner
        self._namespace: str = owner["metadata"]["namespace"]

    def all(self) -> list[Json]:
        uid = self._owner["metadata"]["uid"]
        return [
            pod for pod in self._api.store.find("", "pods", self._namespace) if owned_by(pod, uid)
        ]

    def create(self, name: Json, labels: dict[str, str], annotations: dict[str, str]) -> None:
        """Create a Pod from the owner's template; ``name`` holds its name or generateName."""
        template = self._owner["spec"]["template"]
        metadata = template.get("metadata", {})
        body = {
            "metadata": name
            | {
                "labels": metadata.get("labels", {}) | labels,
                "annotations": metadata.get("annotations", {}) | annotations,
                "ownerReferences": [owner_reference(self._owner)],
            },
            "spec": template["spec"] | {"nodeName": "local"},
        }
        self._api.create(Target(PODS, self._namespace), body, BY_CONTROLLER)

    def delete(self, pod: Json) -> None:
        self._api.delete(target_of(PODS, pod))


def owner_reference(owner: Json) -> Json:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
