"""A topic and its subscriptions: every subscription that a message matches gets a copy."""

from collections.abc import Sequence

from infra.local.bus.entities.entity import Entity, Surroundings
from infra.local.bus.entities.message import Content
from infra.local.bus.entities.queue import Queue
from infra.local.bus.filters import Rule


class Topic(Entity):
    """Passes messages on at once and keeps only those that are scheduled."""

    def __init__(self, path: str, duplicate_window: int | None, around: Surroundings) -> None:
        super().__init__(path, duplicate_window, around)
        self._subscriptions: list[tuple[Queue, Sequence[Rule]]] = []

    def subscribe(self, queue: Queue, rules: Sequence[Rule]) -> None:
        """Copy to this queue what matches any of the rules."""
        self._subscriptions.append((queue, rules))

    def check(self, content: Content) -> None:
        for queue, rules in self._subscriptions:
            if queue.settings.requires_session and _matches(rules, content):
                queue.check(content)

    def _arrive(self, content: Content, hops: int) -> None:
        sequence = self._next_sequence()
        for queue, rules in self._subscriptions:
            if _matches(rules, content):
                queue.copy_in(content, sequence, hops)


def _matches(rules: Sequence[Rule], content: Content) -> bool:
    return any(rule.matches(content) for rule in rules)
