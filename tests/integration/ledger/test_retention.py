"""What is over for long is forgotten; what is open, counts, or could come again, is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from functions.upkeep.retention import forget_old_records
from infra.local.postgres import PostgresServer
from shared.ledger import Ledger
from shared.ledger.overview import Overview
from shared.ledger.retention import Retention
from shared.ledger.transaction import queries

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
RUNS = 6_000
"""One each five hours, for three and a half years."""
HISTORY = Path(__file__).with_name("history.sql").read_text("utf-8")
OPEN = {"running", "waiting", "uncopied", "unreviewed"}
"""Runs as old as the oldest that must stay all the same."""


@pytest.fixture(scope="module")
def old(postgres: PostgresServer) -> Iterator[str]:
    postgres.create_database("history")
    Ledger.connect(postgres.dsn("history")).counts()
    with psycopg.connect(postgres.dsn("history"), autocommit=True) as conn:
        conn.execute(HISTORY.replace(":runs", str(RUNS)))
    yield postgres.dsn("history")
    postgres.drop_database("history")


@pytest.fixture(scope="module")
def ledger(old: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(old)
    ledger.clock = lambda: NOW
    yield ledger
    ledger.close()


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


def test_a_large_ledger_forgets_what_is_over_and_nothing_else(old: str, ledger: Ledger) -> None:
    before = Overview(ledger).totals()
    never = ask(old, "select count(*) from evidence where copied_at is null")

    forget_old_records(Retention(ledger), 400 * DAY, 2555 * DAY, at_most=timedelta(seconds=60))

    kept = ask(
        old, "select environment from runs where ended_at < '2025-10-18' or ended_at is null"
    )
    assert {name for (name,) in kept} == OPEN | {f"e-{n}" for n in range(10)}
    assert len(kept) == len(OPEN) + 10, "the newest success of each environment, and what is open"
    [(runs,)] = ask(old, "select count(*) from runs")
    assert runs < RUNS / 3
    for table in ("steps", "attempts", "audit"):
        [(orphans,)] = ask(
            old, f"select count(*) from {table} where run_id not in (select id from runs)"
        )
        assert orphans == 0
    [(evidence,)] = ask(old, "select count(*) from evidence")
    assert evidence == RUNS, "evidence is kept for longer than its run"
    assert ask(old, "select count(*) from evidence where copied_at is null") == never
    assert ask(old, "select id from events where id in ('parked', 'ignored')") == [("parked",)]
    assert ask(old, "select id from parked") == [("open",)]
    assert ask(old, "select announcement from notifications") == [("new",)]
    assert Overview(ledger).totals() == before, "what is counted never goes back"


def test_evidence_goes_when_its_own_time_is_over_but_not_before_it_is_in_storage(
    old: str, ledger: Ledger
) -> None:
    forget_old_records(Retention(ledger), 400 * DAY, 400 * DAY)

    left = ask(old, "select copied_at is null from evidence where sealed_at < '2025-10-18'")
    assert left == [(True,)]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("forget_runs", "runs_ended"),
        ("forget_events", "events_oldest"),
        ("forget_notifications", "notifications_oldest"),
        ("forget_evidence", "evidence_oldest"),
    ],
)
def test_a_batch_is_found_by_an_index(old: str, query: str, index: str) -> None:
    with psycopg.connect(old) as conn:
        conn.execute("analyze")
        values = {"before": NOW - 400 * DAY, "limit": 200}
        plan = conn.execute("explain " + queries[query], values).fetchall()

    assert index in "\n".join(line for (line,) in plan)
