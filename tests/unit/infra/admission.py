"""Admission policies, evaluated as the API server does, as far as they use CEL's standard part."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import cel


class Policy:
    """A ValidatingAdmissionPolicy."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.name = document["metadata"]["name"]
        self._spec = document["spec"]

    @cached_property
    def messages(self) -> list[str]:
        return [each["message"] for each in self._spec["validations"]]

    def refusals(
        self, asked_for: dict[str, Any], user: str = "ann", **more: dict[str, Any]
    ) -> list[str]:
        """Why the object is refused; empty when it is let in. ``more`` is of the request, or stands
        beside the object.
        """
        request = {"userInfo": {"username": user}} | more.pop("request", {})
        known = {"object": asked_for, "request": request} | more
        conditions = self._spec.get("matchConditions", ())
        if not all(cel.evaluate(each["expression"], known) for each in conditions):
            return []
        known["variables"] = dict(self._variables(known))
        return [
            each["message"]
            for each in self._spec["validations"]
            if cel.evaluate(each["expression"], known) is not True
        ]

    def _variables(self, known: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        found: dict[str, Any] = {}
        for each in self._spec.get("variables", ()):
            value = cel.evaluate(each["expression"], known | {"variables": dict(found)})
            found[each["name"]] = value
            yield each["name"], value
