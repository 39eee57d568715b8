"""A small sample ERP, made once; each test gets a copy of it, as restored or as sanitized."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import psycopg
import pytest
from psycopg import sql

from infra.local.postgres import PostgresServer
from infra.local.sample import create_sample
from shared.masking import load_policy, mask_tables, plan_masking
from shared.odoo.checks import Expected
from shared.odoo.clone import Clone, installed_modules
from shared.odoo.data_checks import count_foreign_keys
from shared.odoo.documents import replace_documents
from shared.odoo.neutralize import neutralize
from shared.odoo.remap import remap_settings
from shared.postgres.marker import CloneMarker, Database, write_marker

CLONE = Clone(
    run_id="run-7",
    epoch=3,
    base_url="https://staging.acme.example",
    hostnames={
        "erp.acme.example": "staging.acme.example",
        "shop.acme.example": "shop.staging.acme.example",
    },
)
KEY = b"a masking key of thirty-two byte"

_numbers = count(1)


def sanitize(connection: Database, clone: Clone) -> None:
    """Mask, neutralize and remap the connected clone."""
    plan = plan_masking(connection, load_policy())
    mask_tables(
        connection,
        plan,
        KEY,
        run_id=clone.run_id,
        epoch=clone.epoch,
        budget=timedelta(minutes=2),
    )
    replace_documents(connection, clone, plan.attachments)
    neutralize(connection, clone, plan.neutralization)
    remap_settings(connection, clone)


def expect(connection: Database, clone: Clone) -> Expected:
    """What the connected database, just restored, says about itself."""
    return Expected(
        clone=clone,
        rows={table: _rows(connection, table) for table in _tables(connection)},
        modules=dict.fromkeys(installed_modules(connection), "18.0"),
        foreign_keys=count_foreign_keys(connection),
        plan=plan_masking(connection, load_policy()),
    )


@pytest.fixture(scope="session")
def restored(postgres: PostgresServer) -> str:
    """The name of a template: a sample ERP with the marker of CLONE, as it was restored."""
    postgres.create_database("odoo_restored")
    create_sample(postgres.dsn("odoo_restored"), partners=100)
    with psycopg.connect(postgres.dsn("odoo_restored"), autocommit=True) as connection:
        marker = CloneMarker.new(CLONE.run_id, "7000000000000000001", "acme_prod", CLONE.epoch)
        write_marker(connection, marker)
    return "odoo_restored"


@pytest.fixture(scope="session")
def expected(postgres: PostgresServer, restored: str) -> Expected:
    """What a verified copy of the sample is compared with."""
    with psycopg.connect(postgres.dsn(restored)) as connection:
        return expect(connection, CLONE)


@pytest.fixture(scope="session")
def finished(postgres: PostgresServer, restored: str, expected: Expected) -> str:
    """The name of a template: the sample, sanitized."""
    _copy(postgres, restored, "odoo_finished")
    with psycopg.connect(postgres.dsn("odoo_finished"), autocommit=True) as connection:
        sanitize(connection, CLONE)
    return "odoo_finished"


@pytest.fixture
def copy(postgres: PostgresServer, restored: str) -> Iterator[Database]:
    """An autocommit connection to a copy of the sample as it was restored."""
    with copied(postgres, restored) as connection:
        yield connection


@contextmanager
def copied(postgres: PostgresServer, template: str) -> Iterator[Database]:
    """An autocommit connection to a copy of the template, which is dropped at the end."""
    name = f"odoo_{next(_numbers)}"
    _copy(postgres, template, name)
    with psycopg.connect(postgres.dsn(name), autocommit=True) as connection:
        yield connection
    postgres.drop_database(name)


@pytest.fixture
def clone(postgres: PostgresServer, restored: str) -> Iterator[Database]:
    """The sample as it was restored, in a transaction that is rolled back."""
    yield from _rolled_back(postgres.dsn(restored))


@pytest.fixture
def sanitized(postgres: PostgresServer, finished: str) -> Iterator[Database]:
    """The sanitized sample, in a transaction that is rolled back."""
    yield from _rolled_back(postgres.dsn(finished))


def _rolled_back(dsn: str) -> Iterator[Database]:
    with psycopg.connect(dsn) as connection, connection.transaction(force_rollback=True):
        yield connection


def _copy(postgres: PostgresServer, template: str, name: str) -> None:
    statement = sql.SQL("create database {} template {} strategy file_copy")
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


def _tables(connection: Database) -> list[str]:
    query = """
        select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1
    """
    return [name for (name,) in connection.execute(query)]


def _rows(connection: Database, table: str) -> int:
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
