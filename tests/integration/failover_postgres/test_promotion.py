"""Promotion: once, of the right server, with what it must not lose."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from shared.errors import StaleEpoch
from shared.postgres.fencing import admit, fence, prove_fenced
from shared.postgres.promotion import (
    BehindThePlan,
    PlainPostgres,
    Promotion,
    PromotionInProgress,
    PromotionOrder,
    PromotionPending,
)
from shared.postgres.reach import Silence, Unreachable
from shared.postgres.replication import NotAPair, lag
from tests.integration.failover_postgres.conftest import DATABASE, Pair, until

ORDER = PromotionOrder(DATABASE, 5, "run-1")


def history(pair: Pair) -> str:
    """What the new primary's timeline says about where it left the old one."""
    with psycopg.connect(pair.standby.dsn()) as connection:
        row = connection.execute("select pg_read_file('pg_wal/00000002.history')").fetchone()
    assert row is not None
    return str(row[0])


def test_a_killed_primary_is_succeeded_on_a_new_timeline(pair: Pair) -> None:
    pair.order(1)
    pair.catch_up()
    received = pair.standby_view().received_lsn
    pair.primary.kill()

    promoted = PlainPostgres(pair.standby.dsn()).promote(ORDER)

    assert isinstance(promoted, Promotion)
    assert promoted.timeline == 2
    assert promoted.lsn >= received
    assert f"{promoted.lsn >> 32:X}/{promoted.lsn & 0xFFFFFFFF:X}" in history(pair)
    pair.order(2, on=pair.standby)
    assert pair.orders(pair.standby) == [1, 2]


def test_a_hung_primary_does_not_hold_up_the_promotion(pair: Pair) -> None:
    pair.primary.hang()

    promoted = PlainPostgres(pair.standby.dsn()).promote(ORDER)

    assert isinstance(promoted, Promotion)
    pair.order(1, on=pair.standby)


def test_a_planned_promotion_loses_nothing(pair: Pair) -> None:
    for number in range(20):
        pair.order(number)
    fenced = fence(pair.primary.dsn(), pair.database, side="acme-prod", epoch=5, run_id="run-1")

    promoted = PlainPostgres(pair.standby.dsn()).promote(
        PromotionOrder(pair.database, 5, "run-1", fenced.lsn, fenced.system_identifier)
    )
    admit(pair.standby.dsn(), pair.database, side="acme-standby", epoch=5, run_id="run-1")

    assert isinstance(promoted, Promotion)
    assert promoted.lsn >= fenced.lsn
    assert pair.orders(pair.standby) == list(range(20))
    pair.primary.kill()
    pair.primary.start()
    assert prove_fenced(pair.odoo(pair.primary)).proven
    assert pair.primary_view().timeline == 1
    pair.order(20, on=pair.standby)


def test_a_planned_promotion_waits_for_what_the_network_withholds(pair: Pair) -> None:
    pair.wire.cut()
    pair.order(1)
    promoter = PlainPostgres(pair.standby.dsn())
    planned = PromotionOrder(pair.database, 5, "run-1", pair.primary_view().lsn)

    with pytest.raises(BehindThePlan, match="waits for the rest"):
        promoter.promote(planned)
    assert promoter.promoted() is None
    pair.wire.mend()
    pair.catch_up()

    assert isinstance(promoter.promote(planned), Promotion)
    assert pair.orders(pair.standby) == [1]


def test_a_forced_promotion_loses_what_lag_had_said(pair: Pair) -> None:
    pair.order(1)
    pair.catch_up()
    pair.wire.cut()
    pair.order(2)
    expected = lag(pair.primary_view(), pair.standby_view())
    before = pair.primary_view()

    promoted = PlainPostgres(pair.standby.dsn()).promote(ORDER)

    assert isinstance(promoted, Promotion)
    assert (before.lsn - promoted.lsn, 1) == (expected.bytes, expected.transactions)
    assert pair.orders(pair.standby) == [1]
    assert pair.orders(pair.primary) == [1, 2]


def test_a_paused_standby_is_promoted_with_all_that_it_received(pair: Pair) -> None:
    with psycopg.connect(pair.standby.dsn(), autocommit=True) as connection:
        connection.execute("select pg_wal_replay_pause()")
    pair.order(1)
    lsn = pair.primary_view().lsn
    until(lambda: pair.standby_view().received_lsn >= lsn, "the standby to receive")
    promoter = PlainPostgres(pair.standby.dsn())

    said = promoter.promotable()
    promoted = promoter.promote(ORDER)

    assert (said.ready, said.why) == (True, "replay is paused")
    assert isinstance(promoted, Promotion)
    assert pair.orders(pair.standby) == [1]


def test_promotions_at_once_and_again_make_one(pair: Pair) -> None:
    promoter = PlainPostgres(pair.standby.dsn())

    def promote(_: int) -> object:
        try:
            return PlainPostgres(pair.standby.dsn()).promote(ORDER)
        except PromotionInProgress as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(promote, range(4)))
    again = promoter.promote(ORDER)

    assert isinstance(again, Promotion)
    made = [outcome for outcome in outcomes if isinstance(outcome, Promotion)]
    assert {(one.timeline, one.lsn) for one in made} == {(2, again.lsn)}
    assert not any(isinstance(outcome, PromotionPending) for outcome in outcomes)
    assert not promoter.promotable().ready
    assert "primary on timeline 2 already" in promoter.promotable().why


def test_an_older_run_does_not_promote_what_a_newer_one_has_fenced(standing: Pair) -> None:
    fence(standing.primary.dsn(), standing.database, side="acme-prod", epoch=6, run_id="run-2")
    standing.catch_up()
    promoter = PlainPostgres(standing.standby.dsn())

    with pytest.raises(StaleEpoch, match="epoch 5 is over"):
        promoter.promote(PromotionOrder(standing.database, 5, "run-1"))

    assert promoter.promoted() is None


def test_another_servers_standby_is_not_promoted(standing: Pair) -> None:
    stranger = PromotionOrder(
        standing.database, 5, "run-1", system_identifier="7000000000000000000"
    )
    promoter = PlainPostgres(standing.standby.dsn())

    with pytest.raises(NotAPair, match="check where the estate's server URL leads"):
        promoter.promote(stranger)

    assert promoter.promoted() is None


def test_a_standby_that_does_not_answer_is_not_promoted(standing: Pair) -> None:
    standing.standby.kill()

    with pytest.raises(Unreachable) as silent:
        PlainPostgres(standing.standby.dsn()).promote(PromotionOrder(standing.database, 5, "run-1"))

    assert silent.value.silence is Silence.NOBODY_LISTENS
