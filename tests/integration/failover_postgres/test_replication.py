"""What a primary and its standby say, and what is said about servers that say nothing."""

import time
from datetime import timedelta

import psycopg
import pytest

from shared.postgres.reach import Silence, Unreachable, reach
from shared.postgres.replication import (
    NotAPrimary,
    NotAStandby,
    lag,
    primary_view,
    standby_view,
)
from tests.integration.failover_postgres.conftest import Pair, until

ENOUGH = 10
"""Seconds that no visit may take, on a busy machine either."""


def test_a_pair_that_is_level_has_nothing_to_lose(standing: Pair) -> None:
    standing.order(1)
    standing.catch_up()

    found = lag(standing.primary_view(), standing.standby_view())

    assert (found.bytes, found.transactions, found.seconds, found.idle) == (0, 0, 0.0, True)
    assert standing.primary_view().writable
    assert standing.primary_view().timeline == standing.standby_view().timeline == 1


def test_a_silent_network_shows_as_bytes_seconds_and_transactions(standing: Pair) -> None:
    standing.order(1)
    standing.catch_up()
    earlier = standing.primary_view()
    standing.wire.cut()
    for number in range(2, 5):
        standing.order(number)

    primary, standby = standing.primary_view(), standing.standby_view()
    found = lag(primary, standby)
    sharper = lag(primary, standby, earlier=[earlier])

    assert found.bytes > 0
    assert found.transactions == 3
    assert not found.idle
    assert found.seconds is not None
    assert sharper.seconds == (primary.measured_at - earlier.measured_at).total_seconds()
    assert sharper.seconds <= found.seconds


def test_a_paused_standby_loses_nothing_that_it_has_received(standing: Pair) -> None:
    with psycopg.connect(standing.standby.dsn(), autocommit=True) as connection:
        connection.execute("select pg_wal_replay_pause()")
    standing.order(1)
    lsn = standing.primary_view().lsn
    until(lambda: standing.standby_view().received_lsn >= lsn, "the standby to receive")

    found = lag(standing.primary_view(), standing.standby_view())

    assert (found.bytes, found.transactions) == (0, 0)
    assert found.replay_bytes > 0
    assert standing.standby_view().paused
    with psycopg.connect(standing.standby.dsn(), autocommit=True) as connection:
        connection.execute("select pg_wal_replay_resume()")


def test_an_open_transaction_may_have_ended_in_what_is_missing(standing: Pair) -> None:
    with psycopg.connect(standing.odoo(standing.primary)) as long:
        long.execute("insert into orders values (1)")
        standing.order(2)
        standing.catch_up()
        standing.wire.cut()
        long.commit()

        found = lag(standing.primary_view(), standing.standby_view())

    assert found.bytes > 0
    assert found.transactions >= 1
    assert not found.idle


def test_each_side_refuses_to_be_taken_for_the_other(standing: Pair) -> None:
    with reach(standing.primary.dsn()) as connection, pytest.raises(NotAStandby):
        standby_view(connection)

    with reach(standing.standby.dsn()) as connection, pytest.raises(NotAPrimary):
        primary_view(connection)


def test_a_hung_server_is_a_finding_and_not_a_hang(standing: Pair) -> None:
    begun = time.monotonic()

    with pytest.raises(Unreachable) as during:
        _ask_while_it_stops(standing)
    with pytest.raises(Unreachable) as before, reach(standing.primary.dsn()):
        pass

    assert during.value.silence is before.value.silence is Silence.NO_ANSWER
    assert time.monotonic() - begun < ENOUGH
    standing.primary.resume()
    assert standing.primary_view().writable


def test_silence_has_kinds(standing: Pair) -> None:
    dsn = standing.primary.dsn()
    wrong = psycopg.conninfo.make_conninfo(dsn, password="wrong")

    with pytest.raises(Unreachable) as rejected, reach(wrong):
        pass
    standing.primary.kill()
    with pytest.raises(Unreachable) as dead, reach(dsn):
        pass

    assert rejected.value.silence is Silence.REJECTED
    assert dead.value.silence is Silence.NOBODY_LISTENS
    assert standing.primary.dsn().split("password=")[1][:64] not in str(rejected.value)


def test_a_slow_statement_ends_with_the_visit(standing: Pair) -> None:
    with (
        pytest.raises(Unreachable) as slow,
        reach(standing.primary.dsn(), patience=timedelta(seconds=0.6)) as connection,
    ):
        connection.execute("select pg_sleep(60)")

    assert slow.value.silence is Silence.NO_ANSWER


def _ask_while_it_stops(standing: Pair) -> None:
    with reach(standing.primary.dsn()) as connection:
        standing.primary.hang()
        connection.execute("select 1")
