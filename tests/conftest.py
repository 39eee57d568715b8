"""The embedded platform's parts as fixtures: started when first asked for, stopped at the end.

Each fixture imports the part it starts, so that unit tests load none of them.
"""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
import structlog
from psycopg import sql
from structlog.dev import ConsoleRenderer, plain_traceback

if TYPE_CHECKING:
    from infra.local.azurite import Azurite
    from infra.local.bus import Broker
    from infra.local.kubernetes import KubernetesEmulator
    from infra.local.postgres import PostgresServer

TOPOLOGY = Path(__file__).parents[1] / "infra" / "topology.json"

LONG = (
    "tests/e2e/test_chaos.py",
    "tests/e2e/test_demo.py",
    "tests/e2e/test_refresh_flow.py",
    "tests/integration/test_simulation.py",
)
"""What takes longest begins first, so that no worker is left alone with it at the end."""

WAITING = "tests/contract/servicebus/"
"""Tests that wait for locks and sessions to expire: beside them others have the processors."""


def pytest_configure() -> None:
    """Tracebacks in the log without colours and frames, which take half a second to draw."""
    *first, _ = structlog.get_config()["processors"]
    plain = ConsoleRenderer(colors=False, exception_formatter=plain_traceback)
    structlog.configure(processors=[*first, plain])


def pytest_collection() -> None:
    """Import without looking for garbage: there is none, and the search takes a tenth of it all."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on garbage is only sought in what tests make."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let long modules begin first, and those that wait between the others."""
    found = list(dict.fromkeys(item.nodeid.split("::")[0] for item in items))
    modules = sorted(found, key=lambda module: module not in LONG)
    waiting = [module for module in modules if module.startswith(WAITING)]
    others = [module for module in modules if not module.startswith(WAITING)]
    place = {module: float(number) for number, module in enumerate(others)}
    place |= {module: 2 * number + 0.5 for number, module in enumerate(waiting)}
    items.sort(key=lambda item: place[item.nodeid.split("::")[0]])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator["PostgresServer"]:
    """A PostgreSQL server; tests take a ``database`` of their own in it."""
    from infra.local.postgres import PostgresServer

    with PostgresServer(tmp_path_factory.mktemp("postgres"), fsync=False) as server:
        yield server


@pytest.fixture
def database(postgres: "PostgresServer") -> Iterator[str]:
    """The DSN of an empty database that is dropped after the test, whoever is still connected."""
    name = f"test_{uuid4().hex}"
    postgres.create_database(name)
    yield postgres.dsn(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def migrated(postgres: "PostgresServer") -> str:
    """The name of a database to copy: a ledger in which nothing has happened."""
    from shared.ledger import migrate

    postgres.create_database("migrated")
    with psycopg.connect(postgres.dsn("migrated")) as connection:
        migrate(connection)
    return "migrated"


@pytest.fixture
def empty_ledger(postgres: "PostgresServer", migrated: str) -> Iterator[str]:
    """The DSN of a ledger for one test."""
    yield from copied_ledger(postgres, migrated)


@pytest.fixture(scope="module")
def module_ledger(postgres: "PostgresServer", migrated: str) -> Iterator[str]:
    """The DSN of a ledger for a module whose tests look at runs of their own."""
    yield from copied_ledger(postgres, migrated)


def copied_ledger(postgres: "PostgresServer", migrated: str) -> Iterator[str]:
    name = f"ledger_{uuid4().hex}"
    copy = sql.SQL("create database {} template {} strategy file_copy")
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(migrated)))
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
