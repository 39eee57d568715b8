"""A broker, a host that serves the app beside this file, and ways to send."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from azure.servicebus import ServiceBusClient

from infra.local.bus import Broker
from infra.local.host import FunctionsHost
from tests.integration.host.support import APP, SETTINGS, TOPOLOGY, Send

collect_ignore = ["app", "child_app"]  # imported by the host only


@pytest.fixture(scope="session")
def host_broker() -> Iterator[Broker]:
    """A broker with the entities of the app."""
    with Broker(None, TOPOLOGY) as broker:
        yield broker


@pytest.fixture(scope="session")
def client(host_broker: Broker) -> Iterator[ServiceBusClient]:
    """A client of that broker."""
    with ServiceBusClient.from_connection_string(host_broker.connection_string) as client:
        yield client


@pytest.fixture(scope="session")
def send(client: ServiceBusClient) -> Send:
    """Send to the broker."""
    return Send(client)


@pytest.fixture(scope="module")
def host(host_broker: Broker) -> Iterator[FunctionsHost]:
    """A host that serves the app."""
    settings = {**SETTINGS, "ServiceBus": host_broker.connection_string}
    with FunctionsHost(APP, settings, grace=10) as host:
        yield host


@pytest.fixture
def seen(host: FunctionsHost) -> Iterator[Any]:
    """What the handlers of the running app receive, from now on."""
    seen = sys.modules["function_app"].SEEN
    seen.__init__()
    yield seen
    seen.gate.set()
