"""What clients can do to objects: create, read, change, apply, scale, delete, watch."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.local.kubernetes import objects, ownership
from infra.local.kubernetes.admission import admit
from infra.local.kubernetes.journal import Key
from infra.local.kubernetes.objects import Target, target_of, timestamp
from infra.local.kubernetes.resources import Registry, Resource
from infra.local.kubernetes.selectors import Predicate
from infra.local.kubernetes.status import Json, Refused, already_exists, not_found
from infra.local.kubernetes.store import Change, ChangeType, Store

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
SCALE = Resource("autoscaling", "v1", "scales", "Scale")
_DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")
_HEARTBEAT = 1.0


@dataclass(frozen=True, slots=True)
class Write:
    """How to write: in whose name, for real or not, over other managers' fields or not."""

    manager: str = "unknown"
    dry_run: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """How to delete: for real or not, with the dependents or not, and on which conditions."""

    dry_run: bool = False
    orphan: bool = False
    uid: str = ""
    resource_version: str = ""


PLAIN_WRITE = Write()
PLAIN_DELETION = Deletion()


class Api:
    """The verbs of the API over one store; every call is atomic."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self.store = store
        self.registry = registry
        for definition in store.find(*_DEFINITIONS):
            registry.define(definition)

    def get(self, target: Target) -> Json:
        obj = self.store.get(target.key)
        if obj is None:
            raise not_found(target.resource, target.name)
        return obj

    def page(self, target: Target, selected: Predicate, limit: int = 0, token: str = "") -> Json:
        """One page of the collection; ``token`` continues after the page that gave it."""
        with self.store.lock:
            resource, version = target.resource, self.store.version
            found = self.store.find(resource.group, resource.plural, target.namespace)
        after = objects.continue_place(token)
        rest = [obj for obj in found if selected(obj) and objects.place(obj) > after]
        page = rest[:limit] if limit else rest
        metadata: Json = {"resourceVersion": str(version)}
        if len(page) < len(rest):
            metadata["continue"] = objects.continue_token(objects.place(page[-1]))
            metadata["remainingItemCount"] = len(rest) - len(page)
        kind = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
        return kind | {"metadata": metadata, "items": page}

    def create(self, target: Target, body: Json, write: Write = PLAIN_WRITE) -> Json:
        """Create an object in the target's collection; its name comes from the body."""
        with self.store.lock:
            self._require_namespace(target)
            new = admit(target.resource, objects.newborn(target, body), None)
            name = new["metadata"]["name"]
            key = target.key._replace(name=name)
            if self.store.get(key):
                raise already_exists(target.resource, name)
            blank = {"apiVersion": new["apiVersion"], "kind": new["kind"], "metadata": {}}
            owned = self._recorded(target, blank, new, write)
            return owned if write.dry_run else self._stored(key, owned)

    def _require_namespace(self, target: Target) -> None:
        if not target.resource.namespaced:
            return
        namespace = self.get(Target(NAMESPACES, name=target.namespace))
        if "deletionTimestamp" in namespace["metadata"]:
            message = (
                f"unable to create new content in namespace {target.namespace}"
                " because it is being terminated"
            )
            raise Refused(403, "Forbidden", message)

    def _recorded(self, target: Target, old: Json, new: Json, write: Write) -> Json:
        keys = objects.list_keys(target.resource)
        return ownership.update(old, new, write.manager, key=keys, now=timestamp())

    def _stored(self, key: Key, obj: Json) -> Json:
        stored = self.store.put(key, obj)
        if key[:2] == _DEFINITIONS:
            self.registry.define(stored)
        return stored

    def replace(self, target: Target, body: Json, write: Write = PLAIN_WRITE) -> Json:
        with self.store.lock:
            return self._update(target, self.get(target), body, write)

    def patch(self, target: Target, content_type: str, patch: Any, write: Write) -> Json:
        with self.store.lock:
            old = self.get(target)
            new = objects.patched(target.resource, old, content_type, patch)
            return self._update(target, old, new, write)

    def _update(self, target: Target, old: Json, body: Json, write: Write) -> Json:
        new = self._merged(target, old, body)
        if objects.same(new, old):
            return old
        if target.subresource != "status":
            new = self._recorded(target, old, new, write)
        return new if write.dry_run else self._kept(target, new)

    def _merged(self, target: Target, old: Json, body: Json) -> Json:
        """Combine what the client may change with what only the server may."""
        given = objects.checked_metadata(target, body)
        objects.check_preconditions(target, old, given)
        if target.subresource == "status":
            return admit(target.resource, old | {"status": body.get("status")}, old)
        server_set = {k: v for k, v in old["metadata"].items() if k in objects.SET_BY_SERVER}
        metadata = objects.without(given, *objects.SET_BY_SERVER) | server_set
        new = body | {"apiVersion": old["apiVersion"], "kind": old["kind"], "metadata": metadata}
        if "status" in target.resource.subresources:
            new["status"] = old.get("status")
        admitted = admit(target.resource, new, old)
        if "generation" in metadata and admitted.get("spec") != old.get("spec"):
            admitted["metadata"]["generation"] += 1
        return admitted

    def _kept(self, target: Target, new: Json) -> Json:
        stored = self._stored(target.key, new)
        metadata = stored["metadata"]
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            self._forget(target.key)
        return stored

    def set_status(self, target: Target, status: Json) -> Json:
        """Replace the status if it differs: what controllers do."""
        at_status = Target(target.resource, target.namespace, target.name, "status")
        return self.replace(at_status, {"status": status})

    def apply(self, target: Target, config: Json, write: Write) -> tuple[Json, bool]:
        """Server-side apply; tells also whether the object was created."""
        with self.store.lock:
            old = self.store.get(target.key)
            if old is None and target.subresource:
                raise not_found(target.resource, target.name)
            given = objects.checked_metadata(target, config)
            base = old or self._nothing_yet(target, given)
            objects.check_preconditions(target, base, given)
            keys = objects.list_keys(target.resource)
            new = ownership.apply(
                base, config, write.manager, force=write.force, key=keys, now=timestamp()
            )
            return self._applied(target, old, new, write), old is None

    def _nothing_yet(self, target: Target, given: Json) -> Json:
        """The object to which a first configuration is applied: nothing but its identity."""
        self._require_namespace(target)
        if given.get("resourceVersion"):
            raise not_found(target.resource, target.name)
        return objects.newborn(target, {"spec": {}} if target.resource.custom else {})

    def _applied(self, target: Target, old: Json | None, new: Json, write: Write) -> Json:
        if old is None:
            generation = {"generation": 1} if "spec" in new else {}
            new = new | {"metadata": new["metadata"] | generation}
            final = admit(target.resource, new, None)
        else:
            final = self._merged(target, old, new)
            final["metadata"]["managedFields"] = new["metadata"]["managedFields"]
        if write.dry_run:
            return final
        return old if final == old else self._kept(target, final)

    def scale(self, target: Target) -> Json:
        return objects.scale_of(self.get(target))

    def set_scale(self, target: Target, content_type: str, body: Any, write: Write) -> Json:
        """Change the number of replicas by a patch, or by a whole Scale as a merge patch of it."""
        with self.store.lock:
            obj = self.get(target)
            scale = objects.patched(SCALE, objects.scale_of(obj), content_type, body)
            changed = objects.rescaled(obj, scale)
            whole = Target(target.resource, target.namespace, target.name)
            return objects.scale_of(self._update(whole, obj, changed, write))

    def delete(self, target: Target, deletion: Deletion = PLAIN_DELETION) -> Json:
        """Delete the object and what it owns; returns it if something holds it, else a Status.

        Job Pods never stay behind: orphaning a Job would leave processes that nobody looks after.
        """
        with self.store.lock:
            obj = self.get(target)
            wanted = {"uid": deletion.uid, "resourceVersion": deletion.resource_version}
            objects.check_preconditions(target, obj, wanted)
            if deletion.dry_run:
                return obj
            if deletion.orphan and target.resource.kind != "Job":
                self._orphan(obj)
            if target.resource.kind == "Namespace":
                return self._terminate_namespace(target, obj)
            if obj["metadata"].get("finalizers"):
                return self._mark_deleted(target, obj)
            self._forget(target.key)
            return obj if target.resource.kind == "Pod" else objects.deleted(target, obj)

    def delete_all(self, target: Target, selected: Predicate, deletion: Deletion) -> Json:
        with self.store.lock:
            listed = self.page(target, selected)
            for obj in listed["items"]:
                one = target_of(target.resource, obj)
                if self.store.get(one.key):
                    self.delete(one, deletion)
            return listed

    def _mark_deleted(self, target: Target, obj: Json) -> Json:
        if "deletionTimestamp" in obj["metadata"]:
            return obj
        marks = {"deletionTimestamp": timestamp(), "deletionGracePeriodSeconds": 0}
        return self.store.put(target.key, obj | {"metadata": obj["metadata"] | marks})

    def _terminate_namespace(self, target: Target, namespace: Json) -> Json:
        marked = self._mark_deleted(target, namespace | {"status": {"phase": "Terminating"}})
        for key in self.store.all_keys(target.name):
            if self.store.get(key):
                self.delete(self.target(key))
        self._finish_namespace(target.name)
        return marked

    def _finish_namespace(self, name: str) -> None:
        key = Target(NAMESPACES, name=name).key
        namespace = self.store.get(key)
        empty = not self.store.all_keys(name)
        if namespace and "deletionTimestamp" in namespace["metadata"] and empty:
            self.store.remove(key)

    def _forget(self, key: Key) -> None:
        gone = self.store.remove(key)
        if key[:2] == _DEFINITIONS:
            self._forget_definition(gone)
        for dependent in self._dependents(gone):
            if self.store.get(dependent):
                self.delete(self.target(dependent))
        if key.namespace:
            self._finish_namespace(key.namespace)

    def _forget_definition(self, definition: Json) -> None:
        for resource in self.registry.forget(definition):
            for obj in self.store.find(resource.group, resource.plural):
                self.store.remove(target_of(resource, obj).key)

    def _dependents(self, owner: Json) -> list[Key]:
        metadata = owner["metadata"]
        candidates = (
            (key, self.store.get(key)) for key in self.store.all_keys(metadata.get("namespace", ""))
        )
        return [key for key, obj in candidates if obj and objects.owned_by(obj, metadata["uid"])]

    def _orphan(self, owner: Json) -> None:
        uid = owner["metadata"]["uid"]
        for key in self._dependents(owner):
            obj = self.get(self.target(key))
            left = [o for o in obj["metadata"]["ownerReferences"] if o["uid"] != uid]
            self.store.put(key, obj | {"metadata": obj["metadata"] | {"ownerReferences": left}})

    def target(self, key: Key) -> Target:
        return Target(self.registry.stored(key.group, key.plural), key.namespace, key.name)

    def watch(
        self, target: Target, selected: Predicate, since: int, timeout: float
    ) -> Iterator[Json | None]:
        """Events after version ``since`` (0: what exists first) until the timeout; None while idle.

        Raises Refused (410) when the history no longer reaches back to ``since``.
        """
        with self.store.lock:
            position = since or self.store.version
            existing = [] if since else self.page(target, selected)["items"]
            missed = self.store.changes(position, 0)
        first = [{"type": "ADDED", "object": obj} for obj in existing]
        return self._events(target, selected, first, missed, position, time.monotonic() + timeout)

    def _events(
        self,
        target: Target,
        selected: Predicate,
        first: list[Json],
        changes: list[Change],
        position: int,
        deadline: float,
    ) -> Iterator[Json | None]:
        yield from first
        while True:
            for change in changes:
                position = change.version
                if _concerns(target, change) and (event := _event(change, selected)):
                    yield event
            left = deadline - time.monotonic()
            if left <= 0 or self.store.closed:
                return
            changes = self.store.changes(position, min(left, _HEARTBEAT))
            yield None


def _concerns(target: Target, change: Change) -> bool:
    key = change.key
    return (key.group, key.plural) == (target.resource.group, target.resource.plural) and (
        target.namespace in ("", key.namespace)
    )


def _event(change: Change, selected: Predicate) -> Json | None:
    """What a watch says of a change: what enters its selection is added, what leaves deleted."""
    was = change.before is not None and selected(change.before)
    now = change.type != ChangeType.DELETED and selected(change.obj)
    if not was and not now:
        return None
    kind = ChangeType.MODIFIED if was and now else ChangeType.ADDED if now else ChangeType.DELETED
    return {"type": kind, "object": change.obj}
