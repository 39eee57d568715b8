"""Pairs of real servers, with a cluster and a ledger around them."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from infra.local.postgres import PostgresServer
from shared.estate import Estate, load_estate
from shared.ledger import Ledger
from tests.integration.failover.azure import AzureNetwork
from tests.integration.failover.pair import World, make_template, open_world

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"

_numbers = count(1)


@pytest.fixture(scope="session")
def estate() -> Estate:
    return load_estate(ESTATE)


@pytest.fixture
def ledger(empty_ledger: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(empty_ledger, connections=3)
    yield ledger
    ledger.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template") / "server")


@pytest.fixture
def azure() -> Iterator[AzureNetwork]:
    with AzureNetwork() as azure:
        yield azure


@pytest.fixture
def world(tmp_path: Path, template: Path, ledger: Ledger, estate: Estate) -> Iterator[World]:
    """A pair of a test's own, to be destroyed."""
    with open_world(tmp_path, template, ledger, estate) as world:
        yield world


@pytest.fixture(scope="module")
def calm(
    postgres: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
    estate: Estate,
) -> Iterator[World]:
    """A pair that a module's tests leave as it was."""
    name = f"failover_{next(_numbers)}"
    postgres.create_database(name)
    ledger = Ledger.connect(postgres.dsn(name), connections=3)
    with open_world(tmp_path_factory.mktemp("calm"), template, ledger, estate) as world:
        yield world
    ledger.close()
    postgres.drop_database(name)
