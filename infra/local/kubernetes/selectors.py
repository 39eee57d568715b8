"""Label and field selectors, as lists and watches take them."""

import re
from collections.abc import Callable
from typing import Any

from infra.local.kubernetes.status import Json, bad_request

Predicate = Callable[[Json], bool]
"""Tells whether an object is selected."""

_Labels = dict[str, str]
_COMMA_OUTSIDE_BRACKETS = re.compile(r",(?![^(]*\))")
_SET = re.compile(r"(?P<key>[^\s!=,()]+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUALITY = re.compile(r"(?P<key>[^\s!=,()]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s!=,()]*)")
_EXISTENCE = re.compile(r"(?P<absent>!?)\s*(?P<key>[^\s!=,()]+)")

_ANY_KIND = frozenset({"metadata.name", "metadata.namespace"})
_FIELDS = {
    "Event": frozenset({"involvedObject.kind", "involvedObject.name", "reason", "type"}),
    "Job": frozenset({"status.successful"}),
    "Namespace": frozenset({"status.phase"}),
    "Pod": frozenset({"spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP"}),
    "Secret": frozenset({"type"}),
}


def label_selector(text: str) -> Predicate:
    """Parse ``app=odoo,tier in (web,cron),!paused``."""
    parts = [part.strip() for part in _COMMA_OUTSIDE_BRACKETS.split(text)]
    terms = [_term(part) for part in parts if part]
    return lambda obj: all(term(obj["metadata"].get("labels") or {}) for term in terms)


def _term(text: str) -> Callable[[_Labels], bool]:
    if found := _SET.fullmatch(text):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return _among(found["key"], values, wanted=found["operator"] == "in")
    if found := _EQUALITY.fullmatch(text):
        return _among(found["key"], frozenset({found["value"]}), wanted=found["operator"] != "!=")
    if found := _EXISTENCE.fullmatch(text):
        key, wanted = found["key"], not found["absent"]
        return lambda labels: (key in labels) == wanted
    raise bad_request(f"unable to parse requirement: {text!r} is no label selector")


def _among(key: str, values: frozenset[str], *, wanted: bool) -> Callable[[_Labels], bool]:
    return lambda labels: (labels.get(key) in values) == wanted


def field_selector(kind: str, text: str) -> Predicate:
    """Parse ``metadata.name=web,status.phase!=Running``; few fields are allowed, as in reality."""
    terms = [_field(kind, part) for part in text.split(",") if part]
    return lambda obj: all(term(obj) for term in terms)


def _field(kind: str, text: str) -> Predicate:
    found = _EQUALITY.fullmatch(text)
    if not found:
        raise bad_request(f"invalid selector: {text!r}; can't understand it")
    if found["key"] not in _ANY_KIND | _FIELDS.get(kind, frozenset()):
        raise bad_request(f"field label not supported for {kind}: {found['key']}")
    path, wanted, value = found["key"].split("."), found["operator"] != "!=", found["value"]
    return lambda obj: (_value(obj, path) == value) == wanted


def _value(obj: Any, path: list[str]) -> str:
    for name in path:
        obj = obj.get(name) if isinstance(obj, dict) else None
    return "" if obj is None else str(obj)
