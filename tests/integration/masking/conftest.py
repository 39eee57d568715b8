"""A clone to mask: an empty database with our marker."""

from collections.abc import Iterator

import psycopg
import pytest

from shared.postgres.marker import CloneMarker, Database, write_marker

RUN = "run-7"
EPOCH = 3


@pytest.fixture
def unmarked(database: str) -> Iterator[Database]:
    """An autocommit connection to an empty database that is nobody's clone."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def clone(unmarked: Database) -> Database:
    """An autocommit connection to an empty clone of RUN at EPOCH."""
    write_marker(unmarked, CloneMarker.new(RUN, "7000000000000000001", "acme_prod", EPOCH))
    return unmarked
