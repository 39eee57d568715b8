"""The rules of a subscription: which messages it gets a copy of."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Protocol

from infra.local.bus.entities.message import Content, Properties
from infra.local.bus.sql import Predicate, compile_filter


class Rule(Protocol):
    """One condition; a subscription gets what any of its rules matches."""

    def matches(self, content: Content) -> bool: ...


@dataclass(frozen=True, slots=True)
class CorrelationRule:
    """Every property given here must be there with exactly this value; none given matches all."""

    system: Properties = field(default_factory=Properties)
    application: Mapping[str, object] = field(default_factory=dict)

    def matches(self, content: Content) -> bool:
        return all(
            _same(getattr(self.system, one.name), getattr(content.properties, one.name))
            for one in fields(Properties)
            if getattr(self.system, one.name) is not None
        ) and all(
            _same(wanted, content.application_properties.get(name))
            for name, wanted in self.application.items()
        )


class SqlRule:
    """A condition in the SQL dialect of Service Bus. Raises FilterError when it is not valid."""

    def __init__(self, expression: str) -> None:
        self._predicate: Predicate = compile_filter(expression)

    def matches(self, content: Content) -> bool:
        return self._predicate(content) is True


def _same(wanted: object, found: object) -> bool:
    """Equal in value and in type: the number 1 is neither ``True`` nor ``"1"``."""
    return isinstance(wanted, bool) == isinstance(found, bool) and wanted == found
