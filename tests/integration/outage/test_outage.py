"""A region is lost: the simulation that the figures in the papers come from."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from psycopg_pool import ConnectionPool

from benchmarks.outage import fleet
from benchmarks.outage.play import Outage, Tier, play
from benchmarks.outage.report import PAPER, block, kept
from shared.ledger.migrate import migrate

ENVIRONMENTS = 12


@pytest.fixture
def ledger(database: str) -> Iterator[ConnectionPool]:
    with ConnectionPool(database, min_size=1, max_size=2, open=True) as pool:
        with pool.connection() as conn:
            migrate(conn)
        yield pool


def test_tier_one_does_not_wait_behind_the_others(
    ledger: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where instances are so few that everybody waits, one call at a time for each function."""
    monkeypatch.setattr(fleet, "CALLS", 1)
    monkeypatch.setattr(fleet, "AT_ONCE", 1)
    monkeypatch.setattr(fleet, "INSTANCES", 18)

    outage = play(ledger, ENVIRONMENTS, per_second=200)

    first, *others = outage.tiers
    assert [each.environments for each in outage.tiers] == [2, 4, 6]
    assert all(first.ended.last < each.ended.median for each in others)
    assert outage.drained == max(each.ended.last for each in outage.tiers)
    assert outage.transactions > ENVIRONMENTS * 8 * 2
    assert outage.transactions_peak <= 200
    assert 1 < outage.instances_peak <= 18


def test_the_tables_in_the_paper_are_made_from_the_kept_figures() -> None:
    figures = kept()

    assert block(figures) in PAPER.read_text("utf-8")
    assert block([replace(each, messages=1) for each in figures]) != block(figures)
    assert {each.express for each in figures} == {True, False}
    assert all(isinstance(each, Outage) for each in figures)
    assert all(isinstance(tier, Tier) for each in figures for tier in each.tiers)
