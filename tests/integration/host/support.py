"""What the host's tests share beside fixtures."""

from pathlib import Path
from typing import Any

from azure.servicebus import ServiceBusClient, ServiceBusMessage

HERE = Path(__file__).parent
APP = HERE / "app"
TOPOLOGY = HERE / "topology.json"
SETTINGS = {"TOPIC": "refresh", "EVERY": "0 0 0 1 1 *", "GREETING": "hello"}


class Send:
    """Sends to the entities of the app over senders that stay open: each takes 0.5 s to open."""

    def __init__(self, client: ServiceBusClient) -> None:
        self._topic = client.get_topic_sender("refresh")
        self._queues = {name: client.get_queue_sender(name) for name in ("async-work", "slow-work")}

    def to_topic(self, body: str, **properties: Any) -> None:
        """Send one message to the topic."""
        self._topic.send_messages(ServiceBusMessage(body, **properties))

    def to_queue(self, name: str, *bodies: str) -> None:
        """Send messages to a queue."""
        self._queues[name].send_messages([ServiceBusMessage(body) for body in bodies])
