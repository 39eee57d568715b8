"""The bus on azure-servicebus: one sender per topic, kept open."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusSender
from azure.servicebus.exceptions import MessageSizeExceededError

from shared.bus import BusOutOfReach, Envelope

BATCH = 100
"""Messages per transfer: far below the 256 KB of the Standard tier for commands of 200 bytes."""


class ServiceBus:
    """Thread-safe: the SDK's sender is not, so one lock guards each topic's sender."""

    def __init__(self, client: ServiceBusClient) -> None:
        self._client = client
        self._senders: dict[str, ServiceBusSender] = {}
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    @classmethod
    def connect(cls, connection: str) -> "ServiceBus":
        """``connection``: a connection string, or a namespace's host name (managed identity)."""
        if "Endpoint=" in connection:
            return cls(ServiceBusClient.from_connection_string(connection))
        return cls(ServiceBusClient(connection, DefaultAzureCredential()))

    def open(self, topics: Iterable[str]) -> None:
        """Connect ahead of the first message to each. Raises BusOutOfReach."""
        for topic in topics:
            with self._locks[topic], _translated(topic):
                self._sender(topic).__enter__()

    def send(self, envelopes: Iterable[Envelope]) -> None:
        by_topic: defaultdict[str, list[ServiceBusMessage]] = defaultdict(list)
        for envelope in envelopes:
            by_topic[envelope.topic].append(_message(envelope))
        for topic, messages in by_topic.items():
            with self._locks[topic], _translated(topic):
                self._send(topic, messages)

    def _send(self, topic: str, messages: list[ServiceBusMessage]) -> None:
        sender = self._sender(topic)
        for start in range(0, len(messages), BATCH):
            part = messages[start : start + BATCH]
            try:
                sender.send_messages(part if len(part) > 1 else part[0])
            except MessageSizeExceededError:
                for message in part:
                    sender.send_messages(message)

    def _sender(self, topic: str) -> ServiceBusSender:
        if topic not in self._senders:
            self._senders[topic] = self._client.get_topic_sender(topic)
        return self._senders[topic]

    def close(self) -> None:
        senders, self._senders = self._senders, {}
        for topic, sender in senders.items():
            with self._locks[topic]:
                sender.close()


@contextmanager
def _translated(topic: str) -> Iterator[None]:
    """The SDK's senders raise nothing but its own errors, and ValueError once they are closed."""
    try:
        yield
    except (AzureError, ValueError) as error:
        raise BusOutOfReach(f"topic {topic}: {type(error).__name__}: {error}") from error


def _message(envelope: Envelope) -> ServiceBusMessage:
    return ServiceBusMessage(
        envelope.body,
        message_id=envelope.id,
        subject=envelope.subject,
        content_type="application/json",
        scheduled_enqueue_time_utc=envelope.scheduled_for,
        application_properties={name: value for name, value in envelope.properties.items()},  # noqa: C416 - the SDK wants wider keys
    )
