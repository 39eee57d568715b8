"""Open receivers of the SDK, and work around what its 7.15 does to latency and to sockets."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from azure.identity import DefaultAzureCredential
from azure.servicebus import ServiceBusClient, ServiceBusReceiver

from infra.local.host.triggers import ServiceBusTrigger

LOOK_UP = 0.5
"""Seconds after which an idle receiver's iteration ends, so that its thread can look around."""

Connect = Callable[[], ServiceBusClient]


def client_factory(connection: str, settings: Mapping[str, str]) -> Connect:
    """How to reach the namespace of a connection: by connection string or by identity."""
    if text := settings.get(connection):
        return lambda: ServiceBusClient.from_connection_string(text, retry_total=0)
    namespace = settings[f"{connection}__fullyQualifiedNamespace"]
    credential = DefaultAzureCredential()
    return lambda: ServiceBusClient(namespace, credential, retry_total=0)


@contextmanager
def open_receiver(
    connect: Connect, trigger: ServiceBusTrigger, prefetch: int
) -> Iterator[ServiceBusReceiver]:
    """A receiver with a connection of its own, open for the block; closing takes about a second."""
    with ExitStack() as last, connect() as client, _attach(client, trigger, prefetch) as receiver:
        handler = receiver._handler  # noqa: SLF001 - there is no public way
        # The SDK's keep-alive thread reads the same socket every 5 s for up to 0.2 s. A message
        # that it takes in waits until our own read times out. We always read: it has no use.
        handler._keep_alive_interval = float("inf")  # noqa: SLF001
        # After an error the SDK forgets to close the socket.
        connection = handler._connection  # noqa: SLF001
        assert connection is not None
        last.callback(connection._transport.close)  # noqa: SLF001
        yield receiver


def _attach(
    client: ServiceBusClient, trigger: ServiceBusTrigger, prefetch: int
) -> ServiceBusReceiver:
    if trigger.subscription is None:
        return client.get_queue_receiver(
            trigger.entity, max_wait_time=LOOK_UP, prefetch_count=prefetch
        )
    return client.get_subscription_receiver(
        trigger.entity, trigger.subscription, max_wait_time=LOOK_UP, prefetch_count=prefetch
    )
