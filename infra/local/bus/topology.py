"""The entities of a namespace, read from a file like the official emulator's."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_pascal

from infra.local.bus.entities.message import Properties
from infra.local.bus.entities.namespace import Namespace
from infra.local.bus.entities.queue import QueueSettings
from infra.local.bus.filters import CorrelationRule, Rule, SqlRule
from infra.local.bus.sql import FilterError, compile_filter

_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*')

FOREVER = timedelta(days=3650)
"""A time to live from here on counts as none: the service writes "for ever" as 10 675 199 days."""


class TopologyInvalid(Exception):
    """The topology file cannot be used; the message says which part of it and why."""


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, extra="forbid", frozen=True)


class CorrelationFilter(_Part):
    content_type: str | None = None
    correlation_id: str | None = None
    label: str | None = None
    message_id: str | None = None
    reply_to: str | None = None
    reply_to_session_id: str | None = None
    session_id: str | None = None
    to: str | None = None
    properties: dict[str, str | int | float | bool] = {}

    def rule(self) -> Rule:
        named = self.model_dump(exclude={"properties", "label"})
        return CorrelationRule(Properties(**named, subject=self.label), self.properties)


def _valid_filter(expression: str) -> str:
    try:
        compile_filter(expression)
    except FilterError as error:
        raise ValueError(str(error)) from error
    return expression


class SqlFilter(_Part):
    sql_expression: Annotated[str, AfterValidator(_valid_filter)]

    def rule(self) -> Rule:
        return SqlRule(self.sql_expression)


class RuleProperties(_Part):
    filter_type: Literal["Correlation", "Sql"]
    correlation_filter: CorrelationFilter | None = None
    sql_filter: SqlFilter | None = None

    def rule(self) -> Rule:
        chosen = self.correlation_filter if self.filter_type == "Correlation" else self.sql_filter
        return chosen.rule() if chosen else CorrelationRule()


class RuleEntry(_Part):
    name: str
    properties: RuleProperties


class SubscriptionProperties(_Part):
    dead_lettering_on_message_expiration: bool = False
    default_message_time_to_live: timedelta | None = None
    lock_duration: timedelta = timedelta(minutes=1)
    max_delivery_count: Annotated[int, Field(ge=1)] = 10
    forward_to: str = ""
    forward_dead_lettered_messages_to: str = ""
    requires_session: bool = False

    def targets(self) -> list[str]:
        """Where messages are forwarded to."""
        named = self.forward_to, self.forward_dead_lettered_messages_to
        return [target for target in named if target]

    def settings(
        self, topic_time_to_live: timedelta | None, duplicate_window: timedelta | None = None
    ) -> QueueSettings:
        limits = [_milliseconds(self.default_message_time_to_live)]
        limits.append(_milliseconds(topic_time_to_live))
        return QueueSettings(
            lock_duration=_milliseconds(self.lock_duration) or 0,
            max_delivery_count=self.max_delivery_count,
            requires_session=self.requires_session,
            time_to_live=min((limit for limit in limits if limit is not None), default=None),
            dead_letter_expired=self.dead_lettering_on_message_expiration,
            duplicate_window=_milliseconds(duplicate_window),
            forward_to=self.forward_to or None,
            forward_dead_letters_to=self.forward_dead_lettered_messages_to or None,
        )


class _Duplicates(_Part):
    duplicate_detection_history_time_window: timedelta = timedelta(minutes=10)
    requires_duplicate_detection: bool = False

    @property
    def duplicate_window(self) -> timedelta | None:
        if not self.requires_duplicate_detection:
            return None
        return self.duplicate_detection_history_time_window


class QueueProperties(SubscriptionProperties, _Duplicates):
    pass


class TopicProperties(_Duplicates):
    default_message_time_to_live: timedelta | None = None


class QueueEntry(_Part):
    name: str
    properties: QueueProperties = QueueProperties()


class SubscriptionEntry(_Part):
    name: str
    properties: SubscriptionProperties = SubscriptionProperties()
    rules: list[RuleEntry] = []


class TopicEntry(_Part):
    name: str
    properties: TopicProperties = TopicProperties()
    subscriptions: list[SubscriptionEntry] = []


class NamespaceEntry(_Part):
    name: str
    queues: list[QueueEntry] = []
    topics: list[TopicEntry] = []

    @model_validator(mode="after")
    def _targets_exist(self) -> Self:
        """Messages are only forwarded to where they can arrive."""
        names = {queue.name.lower() for queue in self.queues}
        names |= {topic.name.lower() for topic in self.topics}
        sources: list[QueueEntry | SubscriptionEntry] = [*self.queues]
        sources += [entry for topic in self.topics for entry in topic.subscriptions]
        for entry in sources:
            for target in entry.properties.targets():
                if target.lower() not in names:
                    raise ValueError(f"{entry.name} forwards to {target}, which is not described")
        return self


class _UserConfig(_Part):
    namespaces: Annotated[list[NamespaceEntry], Field(min_length=1, max_length=1)]
    logging: dict[str, Any] = {}


class Topology(_Part):
    """The whole file; comments (``//``) are allowed, as in the emulator's own example."""

    user_config: _UserConfig

    @classmethod
    def read(cls, path: Path) -> "Topology":
        """Raises TopologyInvalid."""
        try:
            text = path.read_text(encoding="utf-8")
            return cls.model_validate_json(_COMMENT.sub(lambda match: match[1] or "", text))
        except (OSError, ValidationError) as error:
            raise TopologyInvalid(f"{path} does not describe a Service Bus: {error}") from error

    def build(self, namespace: Namespace) -> None:
        """Create every entity of the file."""
        described = self.user_config.namespaces[0]
        for queue in described.queues:
            properties = queue.properties
            namespace.add_queue(queue.name, properties.settings(None, properties.duplicate_window))
        for topic in described.topics:
            _build_topic(topic, namespace)


def _build_topic(described: TopicEntry, namespace: Namespace) -> None:
    properties = described.properties
    topic = namespace.add_topic(described.name, _milliseconds(properties.duplicate_window))
    for entry in described.subscriptions:
        settings = entry.properties.settings(properties.default_message_time_to_live)
        rules = [rule.properties.rule() for rule in entry.rules] or [CorrelationRule()]
        namespace.add_subscription(topic, entry.name, settings, rules)


def _milliseconds(duration: timedelta | None) -> int | None:
    if duration is None or duration >= FOREVER:
        return None
    return round(duration.total_seconds() * 1000)
