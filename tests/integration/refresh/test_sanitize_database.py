from base64 import b64decode

import psycopg
import pytest

from infra.local.postgres import PostgresServer
from shared.estate.references import parse_reference
from shared.estate.secrets import SecretMissing
from shared.messages.refresh import DatabaseSanitized, IndexesBuilt
from shared.odoo.administrator import hash_password
from shared.postgres.marker import NotAClone
from tests.integration.refresh.passage import Passage


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


def test_the_administrator_gets_the_password_of_the_estate_and_nobody_else_has_one(
    passage: Passage, built: IndexesBuilt, postgres: PostgresServer
) -> None:
    secret = "correct horse battery staple"
    passage.use_secrets(STAGING_ADMIN=secret)
    passage.use_estate(
        [
            each.model_copy(update={"admin_password": parse_reference("env:STAGING_ADMIN")})
            for each in passage.resources.estate.environments
        ]
    )

    sanitized = passage.do("sanitize_database", built)

    with psycopg.connect(postgres.dsn(built.database)) as connection:
        known = connection.execute(
            "select login, active, password from res_users where password <> ''"
        ).fetchall()
    assert [(login, active) for login, active, _ in known] == [("admin", True)]
    _, scheme, rounds, salt, digest = known[0][2].split("$")
    assert (scheme, rounds) == ("pbkdf2-sha512", "600000")
    assert known[0][2] == hash_password(secret, decoded(salt))
    assert secret not in sanitized.model_dump_json() + digest


def decoded(text: str) -> bytes:
    return b64decode(text.replace(".", "+") + "=" * (-len(text) % 4))


def test_a_password_that_is_not_there_fails_the_step_by_its_reference(
    passage: Passage, built: IndexesBuilt
) -> None:
    passage.use_estate(
        [
            each.model_copy(update={"admin_password": parse_reference("env:NOWHERE")})
            for each in passage.resources.estate.environments
        ]
    )

    with pytest.raises(SecretMissing, match="env:NOWHERE"):
        passage.look("sanitize_database", built)


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
