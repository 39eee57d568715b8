"""The three patch formats that change an object in place: merge, strategic merge, JSON Patch."""

import copy
from collections.abc import Callable
from typing import Any

import jsonpatch
import jsonpointer

from infra.local.kubernetes.status import Json, Refused

MergeKey = Callable[[str, list[Any]], str | None]
"""Which field identifies the items of the list ``name``; None when the list is one value."""

_LIST_KEYS: dict[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port"),
    "secrets": ("name",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
_SET_LISTS = frozenset({"finalizers"})
_DELETE_FROM_LIST = "$deleteFromPrimitiveList/"


def merge_key(name: str, items: list[Any]) -> str | None:
    """Follow ``patchMergeKey`` of the built-in types; server-side apply uses the same keys."""
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    keys = _LIST_KEYS.get(name, ())
    return next((key for key in keys if any(key in item for item in items)), None)


def whole_lists(_name: str, _items: list[Any]) -> None:
    """Treat every list as one value: custom resources have no schema that says more."""


def merge(target: Any, patch: Any) -> Any:
    """Apply a JSON Merge Patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def strategic_merge(target: Any, patch: Any) -> Any:
    """Apply a strategic merge patch: lists with a merge key are merged item by item."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {name: value for name, value in patch.items() if name != "$patch"}
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if name.startswith(_DELETE_FROM_LIST):
            field = name.removeprefix(_DELETE_FROM_LIST)
            merged[field] = [item for item in merged.get(field) or [] if item not in value]
        elif value is None:
            merged.pop(name, None)
        elif not name.startswith("$"):
            merged[name] = _merge_field(name, merged.get(name), value)
    return merged


def _merge_field(name: str, target: Any, patch: Any) -> Any:
    if not isinstance(patch, list):
        return strategic_merge(target, patch)
    have = target if isinstance(target, list) else []
    if name in _SET_LISTS:
        return have + [item for item in patch if item not in have]
    key = merge_key(name, patch)
    replaces = any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch)
    if key is None or replaces:
        return [item for item in patch if not (isinstance(item, dict) and "$patch" in item)]
    return _merge_items(key, have, patch)


def _merge_items(key: str, target: list[Any], patch: list[Json]) -> list[Any]:
    items = list(target)
    for change in patch:
        place = next((i for i, item in enumerate(items) if item.get(key) == change.get(key)), None)
        if change.get("$patch") == "delete":
            items = [item for i, item in enumerate(items) if i != place]
        elif place is None:
            items.append(strategic_merge({}, change))
        else:
            items[place] = strategic_merge(items[place], change)
    return items


def json_patch(target: Json, operations: Any) -> Any:
    """Apply a JSON Patch (RFC 6902); one operation that cannot be done refuses the whole patch."""
    try:
        return jsonpatch.apply_patch(copy.deepcopy(target), operations)
    except (
        jsonpatch.JsonPatchException,
        jsonpointer.JsonPointerException,
        TypeError,
        ValueError,
        KeyError,
        AttributeError,
    ) as error:
        message = f"the server rejected our request due to an error in our request: {error}"
        raise Refused(422, "Invalid", message) from error
