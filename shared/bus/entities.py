"""Whether a namespace has what it must have, asked over the connection that messages take."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from azure.identity import DefaultAzureCredential
from azure.servicebus import ServiceBusClient
from azure.servicebus.exceptions import (
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusConnectionError,
    ServiceBusError,
)

from shared.bus import BusOutOfReach
from shared.errors import PermanentError

AT_ONCE = 16


class EntityFaulty(PermanentError):
    """A topic or subscription cannot be used."""


class Namespace:
    """Looks into subscriptions without taking anything out of them."""

    def __init__(self, client: ServiceBusClient) -> None:
        self._client = client

    def peek(self, topic: str, subscription: str) -> None:
        """Raises EntityFaulty, which says why, and BusOutOfReach."""
        place = f"{topic}/{subscription}"
        try:
            with self._client.get_subscription_receiver(topic, subscription) as receiver:
                receiver.peek_messages(1, timeout=10)
        except MessagingEntityNotFoundError:
            raise EntityFaulty(f"the bus has no subscription {place}") from None
        except (ServiceBusAuthenticationError, ServiceBusAuthorizationError):
            raise EntityFaulty(f"the bus does not let us receive from {place}") from None
        except ServiceBusConnectionError as error:
            raise BusOutOfReach(f"{place} cannot be reached: {error}") from None
        except ServiceBusError as error:
            raise EntityFaulty(f"{place} does not answer: {type(error).__name__}") from None


@contextmanager
def open_namespace(connection: str) -> Iterator[Namespace]:
    """``connection``: a connection string, or a namespace's host name (managed identity)."""
    if "Endpoint=" in connection:
        client = ServiceBusClient.from_connection_string(connection, retry_total=0)
    else:
        client = ServiceBusClient(connection, DefaultAzureCredential(), retry_total=0)
    with client:
        yield Namespace(client)


def faults(namespace: Namespace, wanted: Sequence[tuple[str, str]]) -> list[str]:
    """Why each of the wanted subscriptions, by topic and name, that is not well is not.

    Many at once: the SDK takes a second to open and close one receiver, most of it asleep.
    Raises BusOutOfReach: then nothing is known of any.
    """

    def fault(place: tuple[str, str]) -> str | None:
        try:
            namespace.peek(*place)
        except EntityFaulty as found:
            return str(found)
        return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            return [found for found in pool.map(fault, wanted) if found]
        finally:
            pool.shutdown(cancel_futures=True)
