from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from shared.ledger import migrate
from shared.ledger.migrate import LedgerTooNew
from shared.ledger.sql import load_migrations
from shared.ledger.transaction import queries

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


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


@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("counts", {"runs_waiting", "runs_one_at_a_time"}),
        ("active_runs", {"runs_waiting", "runs_one_at_a_time"}),
        ("overdue_runs", {"runs_waiting", "runs_one_at_a_time"}),
        ("extend_leases", {"steps_ready"}),
    ],
)
def test_what_is_asked_all_the_time_passes_over_what_ended(name, indexes, migrated):
    with psycopg.connect(migrated) as conn:
        conn.execute("set enable_seqscan = off")
        values = {"now": NOON, "until": NOON, "leases": [UUID(int=1)], "limit": 50}
        plan = conn.execute("explain " + queries[name], values).fetchall()

    said = "\n".join(line for (line,) in plan)
    assert all(index in said for index in indexes), said


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
