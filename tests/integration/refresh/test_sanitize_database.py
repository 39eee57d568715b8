import psycopg
import pytest

from infra.local.postgres import PostgresServer
from shared.messages.refresh import DatabaseRestored, DatabaseSanitized, IndexesBuilt
from shared.postgres.marker import NotAClone
from tests.integration.refresh.passage import Passage


@pytest.fixture
def built(passage: Passage, restored: DatabaseRestored) -> IndexesBuilt:
    masked = passage.do("mask_database", restored)
    built: IndexesBuilt = passage.do("build_indexes", masked)
    return built


def numbers(postgres: PostgresServer, database: str) -> tuple[int, ...] | None:
    """Outgoing mail servers, rows of a queue, tables that were masked."""
    with psycopg.connect(postgres.dsn(database)) as connection:
        return connection.execute(
            """
            select (select count(*) from ir_mail_server where active),
                (select count(*) from bus_bus),
                (select count(*) from signalbox.masked_tables)
            """
        ).fetchone()


def test_sanitizing_twice_changes_nothing_the_second_time(
    passage: Passage, built: IndexesBuilt, postgres: PostgresServer
) -> None:
    first: DatabaseSanitized = passage.do("sanitize_database", built)

    second = passage.do("sanitize_database", built)

    assert second == first
    assert numbers(postgres, built.database) == (1, 0, first.tables_masked)
    assert first.rows_masked > 1000


def test_a_database_without_our_marker_is_never_neutralized(
    passage: Passage, built: IndexesBuilt, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn(built.database)) as connection:
        connection.execute("drop schema signalbox cascade")
    before = numbers_of_crons(postgres, built.database)

    with pytest.raises(NotAClone):
        passage.look("sanitize_database", built)

    assert numbers_of_crons(postgres, built.database) == before


def numbers_of_crons(postgres: PostgresServer, database: str) -> tuple[int, ...] | None:
    with psycopg.connect(postgres.dsn(database)) as connection:
        return connection.execute("select count(*) from ir_cron where active").fetchone()
