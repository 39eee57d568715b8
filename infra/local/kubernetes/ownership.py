"""Server-side apply: who manages which field, as ``metadata.managedFields`` says."""

import copy
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from infra.local.kubernetes.patches import MergeKey
from infra.local.kubernetes.status import Json, Refused

Path = tuple[str, ...]
"""Steps in FieldsV1 spelling: ``f:spec``, ``k:{"name":"odoo"}``; ``.`` is a list item itself."""

_MANAGED_METADATA = frozenset({"annotations", "finalizers", "labels", "ownerReferences"})
_ITEM = "."


class Manager(NamedTuple):
    """Someone who writes fields, and by which operation: ``Apply`` or ``Update``."""

    name: str
    operation: str


Owners = dict[Manager, set[Path]]


def apply(old: Json, config: Json, manager: str, *, force: bool, key: MergeKey, now: str) -> Json:
    """Merge an applied configuration into ``old``.

    Fields this manager applied before and leaves out now are removed, unless someone else manages
    them too.

    Raises Refused (409) when another manager set a field to a different value and ``force`` is off.
    """
    me, owners = Manager(manager, "Apply"), _owners(old)
    wanted = _managed_part(config)
    mine = set(_leaves(wanted, key))
    _settle_conflicts(_conflicts(old, wanted, mine, owners, me), owners, force=force)
    new = copy.deepcopy(old)
    others = set().union(*(paths for who, paths in owners.items() if who != me))
    # Whole list items first: an item that has lost the field that names it is not found again.
    for path in sorted(owners.get(me, set()) - mine - others, key=lambda path: path[-1] != _ITEM):
        _drop(new, path)
    merged = _overlay(new, wanted, key)
    return _with_owners(merged, owners | {me: mine}, now)


def update(old: Json, new: Json, manager: str, *, key: MergeKey, now: str) -> Json:
    """Record that ``manager`` set what differs between ``old`` and ``new``."""
    me, owners = Manager(manager, "Update"), _owners(old)
    before, after = _managed_part(old), _managed_part(new)
    left = set(_leaves(after, key))
    changed = {path for path in left if _at(before, path) != _at(after, path)}
    kept = {who: (paths & left) - changed for who, paths in owners.items()}
    return _with_owners(new, kept | {me: kept.get(me, set()) | changed}, now)


def _managed_part(obj: Json) -> Json:
    metadata = {k: v for k, v in obj.get("metadata", {}).items() if k in _MANAGED_METADATA}
    rest = {k: v for k, v in obj.items() if k not in ("apiVersion", "kind", "metadata", "status")}
    return rest | ({"metadata": metadata} if metadata else {})


def _leaves(value: Any, key: MergeKey, path: Path = ()) -> Iterator[Path]:
    """Every path that holds a value, in its finest grain."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(item, key, (*path, f"f:{name}"))
    elif isinstance(value, list) and (identity := key(path[-1].removeprefix("f:"), value)):
        for item in value:
            step = _item_step(identity, item)
            yield (*path, step, _ITEM)
            yield from _leaves(item, key, (*path, step))
    elif path:
        yield path


def _item_step(identity: str, item: Json) -> str:
    return "k:" + json.dumps({identity: item.get(identity)}, separators=(",", ":"))


def _step(value: Any, step: str) -> Any:
    if step == _ITEM:
        return value is not None
    if step.startswith("f:"):
        return value.get(step[2:]) if isinstance(value, dict) else None
    identity = json.loads(step[2:])
    items = value if isinstance(value, list) else ()
    return next((i for i in items if isinstance(i, dict) and identity.items() <= i.items()), None)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = _step(value, step)
    return value


def _drop(obj: Json, path: Path) -> None:
    """Remove what is at ``path``, and the maps and lists that this leaves empty."""
    *parents, last = path[:-1] if path[-1] == _ITEM else path
    holder = _at(obj, tuple(parents))
    if last.startswith("f:") and isinstance(holder, dict):
        holder.pop(last[2:], None)
    elif isinstance(holder, list) and (item := _step(holder, last)) is not None:
        holder.remove(item)
    if parents and parents[-1].startswith("f:") and holder in ({}, []):
        _drop(obj, tuple(parents))


def _overlay(target: Any, wanted: Any, key: MergeKey, name: str = "") -> Any:
    if isinstance(wanted, dict) and isinstance(target, dict):
        merged = {n: _overlay(target.get(n), v, key, n) for n, v in wanted.items()}
        return target | merged
    both_lists = isinstance(wanted, list) and isinstance(target, list)
    if both_lists and (identity := key(name, wanted)):
        return _overlay_items(target, wanted, identity, key)
    return wanted


def _overlay_items(
    target: list[Any], wanted: list[Json], identity: str, key: MergeKey
) -> list[Any]:
    left = {_item_step(identity, item): item for item in wanted}
    items = []
    for item in target:
        change = left.pop(_item_step(identity, item), None)
        items.append(item if change is None else _overlay(item, change, key))
    return items + list(left.values())


def _conflicts(
    old: Json, wanted: Json, mine: set[Path], owners: Owners, me: Manager
) -> list[tuple[Manager, Path]]:
    return [
        (other, path)
        for other, paths in owners.items()
        if other != me
        for path in sorted(mine & paths)
        if _at(old, path) != _at(wanted, path)
    ]


def _settle_conflicts(
    conflicts: list[tuple[Manager, Path]], owners: Owners, *, force: bool
) -> None:
    if conflicts and not force:
        raise _apply_conflict(conflicts)
    for other, path in conflicts:
        owners[other].discard(path)


def _apply_conflict(conflicts: Iterable[tuple[Manager, Path]]) -> Refused:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f'conflict with "{other.name}"',
            "field": "." + ".".join(step.removeprefix("f:") for step in path),
        }
        for other, path in conflicts
    ]
    found = "; ".join(f"{cause['message']}: {cause['field']}" for cause in causes)
    message = f"Apply failed with {len(causes)} conflict(s): {found}"
    return Refused(409, "Conflict", message, {"causes": causes})


def _owners(obj: Json) -> Owners:
    return {
        Manager(entry["manager"], entry["operation"]): set(_paths(entry["fieldsV1"]))
        for entry in obj["metadata"].get("managedFields", ())
    }


def _paths(fields: Json, path: Path = ()) -> Iterator[Path]:
    for step, below in fields.items():
        yield from _paths(below, (*path, step)) if below else iter([(*path, step)])


def _with_owners(obj: Json, owners: Owners, now: str) -> Json:
    before = {
        (entry["manager"], entry["operation"]): entry
        for entry in obj["metadata"].get("managedFields", ())
    }
    entries = []
    for manager, paths in owners.items():
        fields = _fields(paths)
        if not fields:
            continue
        known = before.get(manager)
        time = known["time"] if known and known["fieldsV1"] == fields else now
        entries.append(
            {
                "manager": manager.name,
                "operation": manager.operation,
                "apiVersion": obj["apiVersion"],
                "time": time,
                "fieldsType": "FieldsV1",
                "fieldsV1": fields,
            }
        )
    return obj | {"metadata": obj["metadata"] | {"managedFields": entries}}


def _fields(paths: set[Path]) -> Json:
    tree: Json = {}
    for path in sorted(paths):
        branch = tree
        for step in path:
            branch = branch.setdefault(step, {})
    return tree
