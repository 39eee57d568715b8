from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from shared.ledger import migrate
from shared.ledger.migrate import LedgerTooNew
from shared.ledger.sql import load_migrations
from shared.ledger.transaction import queries


@pytest.fixture(scope="module")
def migrated(postgres):
    postgres.create_database("explained")
    with psycopg.connect(postgres.dsn("explained")) as conn:
        migrate(conn)
    yield postgres.dsn("explained")
    postgres.drop_database("explained")


@pytest.mark.parametrize("name", queries)
def test_every_query_fits_the_schema(name, migrated):
    with psycopg.connect(migrated) as conn:
        plan = conn.execute("explain " + queries[name], defaultdict(lambda: None)).fetchall()

    assert plan


def test_several_processes_migrate_a_new_ledger_once(database):
    def migrate_it(_):
        with psycopg.connect(database) as conn:
            return migrate(conn)

    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrate_it, range(4)))

    everything = list(load_migrations("shared.ledger"))
    assert sorted(applied) == [[], [], [], everything]


def test_a_ledger_of_newer_code_is_refused(database):
    with psycopg.connect(database) as conn:
        migrate(conn)
        conn.execute("insert into migrations (number) values (9999)")

        with pytest.raises(LedgerTooNew, match="9999"):
            migrate(conn)
