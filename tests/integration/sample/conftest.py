"""A small sample that the tests of this folder read and never change."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from infra.local.azurite import Azurite
from infra.local.postgres import PostgresServer
from infra.local.sample import create_sample
from tests.integration.sample.support import Sample

_containers = count(1)


@pytest.fixture(scope="session")
def sample(postgres: PostgresServer) -> Iterator[Sample]:
    """A company of 200 partners."""
    postgres.create_database("sample")
    files: dict[str, bytes] = {}
    summary = create_sample(postgres.dsn("sample"), partners=200, sink=files.__setitem__)
    yield Sample(postgres.dsn("sample"), summary, files)
    postgres.drop_database("sample")


@pytest.fixture
def container(azurite: Azurite) -> Iterator[ContainerClient]:
    """A container of its own for each test."""
    with new_container(azurite) as container:
        yield container


@contextmanager
def new_container(azurite: Azurite) -> Iterator[ContainerClient]:
    """A container that nobody else uses."""
    name = f"sample-{next(_containers)}"
    with BlobServiceClient.from_connection_string(azurite.connection_string) as client:
        yield client.create_container(name)
