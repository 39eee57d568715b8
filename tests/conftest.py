"""The embedded platform's parts as fixtures: started when first asked for, stopped at the end.

Each fixture imports the part it starts, so that unit tests load none of them.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from infra.local.azurite import Azurite
    from infra.local.bus import Broker
    from infra.local.kubernetes import KubernetesEmulator
    from infra.local.postgres import PostgresServer

TOPOLOGY = Path(__file__).parents[1] / "infra" / "topology.json"

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator["PostgresServer"]:
    """A PostgreSQL server; tests take a ``database`` of their own in it."""
    from infra.local.postgres import PostgresServer

    with PostgresServer(tmp_path_factory.mktemp("postgres"), fsync=False) as server:
        yield server


@pytest.fixture
def database(postgres: "PostgresServer") -> Iterator[str]:
    """The DSN of an empty database that is dropped after the test, whoever is still connected."""
    name = f"test_{next(_numbers)}"
    postgres.create_database(name)
    yield postgres.dsn(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Azurite"]:
    """Blob storage in memory; tests make containers with names of their own."""
    from infra.local.azurite import Azurite

    with Azurite(tmp_path_factory.mktemp("azurite"), in_memory=True) as azurite:
        yield azurite


@pytest.fixture(scope="session")
def broker() -> Iterator["Broker"]:
    """The Service Bus broker with the project's own topology, in memory."""
    from infra.local.bus import Broker

    with Broker(None, TOPOLOGY) as broker:
        yield broker


@pytest.fixture(scope="module")
def kubernetes() -> Iterator["KubernetesEmulator"]:
    """A Kubernetes API in memory, for one module."""
    from infra.local.kubernetes import KubernetesEmulator

    with KubernetesEmulator(None) as emulator:
        yield emulator
