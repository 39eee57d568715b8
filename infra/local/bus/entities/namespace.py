"""All entities of a broker by name, and the clock that they share."""

from collections.abc import Callable, Iterator, Sequence

from infra.local.bus.entities.agenda import Agenda
from infra.local.bus.entities.entity import Surroundings
from infra.local.bus.entities.errors import EntityNotFound
from infra.local.bus.entities.journal import Journal
from infra.local.bus.entities.message import Content
from infra.local.bus.entities.queue import Queue, QueueSettings
from infra.local.bus.entities.sessions import SessionQueue
from infra.local.bus.entities.topic import Topic
from infra.local.bus.filters import Rule

MAX_HOPS = 4
"""How often a message may be forwarded before it is dropped, as in the service."""


class Namespace:
    """Entities are found by path, in any case: ``orders`` or ``orders/Subscriptions/billing``."""

    def __init__(self, now: Callable[[], int], journal: Journal) -> None:
        self.now = now
        self.agenda = Agenda()
        self._around = Surroundings(now, self.agenda, journal, self._forward)
        self._entities: dict[str, Queue | Topic] = {}

    def __iter__(self) -> Iterator[Queue | Topic]:
        return iter(self._entities.values())

    def add_queue(self, path: str, settings: QueueSettings) -> Queue:
        kind = SessionQueue if settings.requires_session else Queue
        queue = kind(path, settings, self._around)
        self._register(queue)
        if queue.dead_letters is not None:
            self._register(queue.dead_letters)
        return queue

    def add_topic(self, path: str, duplicate_window: int | None) -> Topic:
        topic = Topic(path, duplicate_window, self._around)
        self._register(topic)
        return topic

    def add_subscription(
        self, topic: Topic, name: str, settings: QueueSettings, rules: Sequence[Rule]
    ) -> Queue:
        queue = self.add_queue(f"{topic.path}/Subscriptions/{name}", settings)
        topic.subscribe(queue, rules)
        return queue

    def find(self, path: str) -> Queue | Topic:
        """Raises EntityNotFound."""
        entity = self._entities.get(path.lower())
        if entity is None:
            raise EntityNotFound(f"The messaging entity '{path}' could not be found.")
        return entity

    def queue(self, path: str) -> Queue:
        """The queue or subscription at the path. Raises EntityNotFound, also for a topic."""
        entity = self.find(path)
        if isinstance(entity, Queue):
            return entity
        raise EntityNotFound(f"'{path}' is a topic: receive from one of its subscriptions.")

    def _register(self, entity: Queue | Topic) -> None:
        self._entities[entity.path.lower()] = entity

    def _forward(self, target: str, content: Content, hops: int) -> None:
        if hops <= MAX_HOPS:
            self.find(target).send([content], hops)
