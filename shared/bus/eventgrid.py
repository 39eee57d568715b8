"""A topic of Azure Event Grid, for those who listen there and not on the bus."""

from azure.core.credentials import AzureKeyCredential
from azure.core.messaging import CloudEvent as GridEvent
from azure.eventgrid import EventGridPublisherClient
from azure.identity import DefaultAzureCredential
from pydantic import SecretStr

from shared.messages import CloudEvent


class EventGridTopic:
    """Publishes CloudEvents; the topic's input schema must be CloudEvents 1.0."""

    def __init__(self, client: EventGridPublisherClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, endpoint: str, key: SecretStr | None) -> "EventGridTopic":
        """With the topic's key, or without one as this app's own identity (EventGrid Data Sender).

        Connects to nothing yet.
        """
        credential = AzureKeyCredential(key.get_secret_value()) if key else DefaultAzureCredential()
        return cls(EventGridPublisherClient(endpoint, credential))

    def publish(self, event: CloudEvent) -> None:
        """Raises azure-core's error after the client's own retries, some seconds."""
        self._client.send(
            GridEvent(
                id=event.id,
                source=event.source,
                type=event.type,
                subject=event.subject,
                time=event.time,
                data=event.data,
                datacontenttype=event.datacontenttype,
                extensions={"traceparent": event.traceparent} if event.traceparent else None,
            )
        )
