"""A copy of a database, and the way back, also from the middle."""

import psycopg
import pytest

from infra.local.postgres import PostgresServer
from shared.estate import Secrets
from shared.postgres.copies import copy_database, open_database, put_back
from shared.postgres.databases import Databases
from tests.integration.release.conftest import ESTATE, Staging

SERVER, LIVE, COPY, FAILED = "erp-nonprod", "acme_staging", "acme_staging_copy", "acme_staging_f"


@pytest.fixture
def databases(postgres: PostgresServer, changed: Staging) -> Databases:
    resolve = Secrets({"ERP_NONPROD_DATABASE_URL": postgres.url()}).resolve
    return Databases(ESTATE, resolve)


def test_while_it_is_copied_nobody_is_connected_and_nobody_ever_to_the_copy(
    databases: Databases, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn(LIVE, user="release_reader")) as reader:
        copy_database(databases, SERVER, LIVE, COPY)

        with pytest.raises(psycopg.OperationalError):
            reader.execute("select 1")
    for database in (LIVE, COPY):
        with pytest.raises(psycopg.OperationalError, match="not currently accepting"):
            psycopg.connect(postgres.dsn(database))

    open_database(databases, SERVER, LIVE)
    psycopg.connect(postgres.dsn(LIVE, user="release_reader")).close()


def test_a_copy_that_was_interrupted_is_finished_on_the_way_back(
    databases: Databases, postgres: PostgresServer, changed: Staging
) -> None:
    before = changed.digest()
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"create database {COPY} template {LIVE} allow_connections false")

    for _ in range(2):
        put_back(databases, SERVER, LIVE, COPY, FAILED)
        open_database(databases, SERVER, LIVE)

    assert changed.digest() == before
    assert changed.names() == [LIVE, FAILED]
