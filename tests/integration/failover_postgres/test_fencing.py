"""The fence: who is kept out, what survives, who may take it back."""

from collections.abc import Callable

import psycopg
import pytest

from shared.errors import StaleEpoch, StepError
from shared.postgres.fencing import (
    Fenced,
    FenceUnreachable,
    WrongSide,
    admit,
    fence,
    placement,
    prove_fenced,
    unfence,
)
from shared.postgres.promotion import PlainPostgres, PromotionOrder
from shared.postgres.proven_fence import FenceUnproven, fence_and_prove
from tests.integration.failover_postgres.conftest import Pair, until

WHO = {"side": "acme-prod", "run_id": "run-1"}
OTHER = {"side": "acme-standby", "run_id": "run-1"}


def fence_primary(pair: Pair, epoch: int = 5) -> Fenced:
    return fence(pair.primary.dsn(), pair.database, epoch=epoch, **WHO)


def test_behind_the_fence_nobody_writes_who_was_connected_or_comes_anew(standing: Pair) -> None:
    with psycopg.connect(standing.odoo(standing.primary), autocommit=True) as session:
        assert prove_fenced(standing.odoo(standing.primary)).how == "write-accepted"

        fenced = fence_primary(standing)

        with pytest.raises(psycopg.OperationalError):
            session.execute("insert into orders values (1)")
    proof = prove_fenced(standing.odoo(standing.primary))
    assert (proof.proven, proof.how) == (True, "connection-refused")
    assert "permission denied for database" in proof.said
    assert fenced.sessions_ended == 1
    assert standing.orders(standing.primary) == []
    assert standing.primary_view().lsn >= fenced.lsn


def test_the_administrator_behind_the_fence_does_not_write_by_mistake(standing: Pair) -> None:
    fence_primary(standing)

    with (
        psycopg.connect(standing.primary.dsn(standing.database)) as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("insert into orders values (1)")


def test_the_fence_survives_the_death_of_the_server(standing: Pair) -> None:
    fence_primary(standing)

    standing.primary.kill()
    standing.primary.start()

    assert prove_fenced(standing.odoo(standing.primary)).proven


def test_a_second_fence_changes_nothing_and_closes_what_was_opened_by_hand(standing: Pair) -> None:
    first = fence_primary(standing)
    with psycopg.connect(standing.primary.dsn(), autocommit=True) as connection:
        connection.execute(f"grant connect on database {standing.database} to odoo")

    second = fence_primary(standing)

    assert prove_fenced(standing.odoo(standing.primary)).proven
    assert second.placement.connect == first.placement.connect == ("odoo", "public")


def test_taking_the_fence_back_leaves_the_rights_as_they_were(standing: Pair) -> None:
    may = """
        select has_database_privilege('odoo', %(name)s, 'connect'),
            has_database_privilege('stranger', %(name)s, 'connect')
    """
    standing.primary.create_role("stranger")
    with psycopg.connect(standing.primary.dsn(), autocommit=True) as connection:
        connection.execute(f"comment on database {standing.database} is 'ours since 2019'")
        connection.execute(f"revoke connect on database {standing.database} from public")
        fence_primary(standing)
        fenced = connection.execute(may, {"name": standing.database}).fetchone()

        undone = unfence(standing.primary.dsn(), standing.database, epoch=5, **WHO)

        after = connection.execute(may, {"name": standing.database}).fetchone()
    assert undone
    assert (fenced, after) == ((False, False), (True, False))
    standing.order(1)
    found = placement(standing.primary.dsn(), standing.database)
    assert found is not None
    assert (found.state, found.side, found.comment) == ("active", "acme-prod", "ours since 2019")


def test_there_is_nothing_to_take_back_where_no_fence_is(standing: Pair) -> None:
    assert not unfence(standing.primary.dsn(), standing.database, epoch=5, **WHO)
    assert placement(standing.primary.dsn(), standing.database) is None


def test_only_the_side_that_was_fenced_is_opened_again(standing: Pair) -> None:
    fence_primary(standing)

    assert not unfence(standing.primary.dsn(), standing.database, epoch=5, **OTHER)
    assert prove_fenced(standing.odoo(standing.primary)).proven


def test_a_login_that_gets_through_the_fence_leaves_it_unproven(standing: Pair) -> None:
    superuser = standing.primary.dsn()

    with pytest.raises(FenceUnproven, match="write-accepted"):
        fence_and_prove(superuser, superuser, standing.database, epoch=5, **WHO)


def test_an_older_epoch_is_refused_by_the_database_itself(standing: Pair) -> None:
    fence_primary(standing, epoch=5)
    old: list[Callable[[], object]] = [
        lambda: fence_primary(standing, epoch=4),
        lambda: unfence(standing.primary.dsn(), standing.database, epoch=4, **WHO),
        lambda: admit(standing.primary.dsn(), standing.database, epoch=4, **WHO),
    ]

    for attempt in old:
        with pytest.raises(StaleEpoch, match="epoch 4 is over"):
            attempt()

    assert prove_fenced(standing.odoo(standing.primary)).proven


def test_a_dead_or_hung_primary_is_not_fenced_and_nothing_proves_it(standing: Pair) -> None:
    standing.primary.hang()
    with pytest.raises(FenceUnreachable, match="standing order"):
        fence_primary(standing)
    hung = prove_fenced(standing.odoo(standing.primary))
    standing.primary.resume()

    standing.primary.kill()
    with pytest.raises(FenceUnreachable):
        fence_primary(standing)
    dead = prove_fenced(standing.odoo(standing.primary))

    assert {hung.how, dead.how} == {"no-answer"}
    assert [hung.proven, dead.proven] == [False, False]


def test_a_wrong_password_proves_nothing(standing: Pair) -> None:
    wrong = psycopg.conninfo.make_conninfo(standing.odoo(standing.primary), password="wrong")

    proof = prove_fenced(wrong)

    assert (proof.proven, proof.how) == (False, "inconclusive")


def test_a_standby_refuses_writes_and_cannot_be_fenced(standing: Pair) -> None:
    assert prove_fenced(standing.odoo(standing.standby)).how == "write-refused"

    with pytest.raises(StepError, match="is in recovery"):
        fence(standing.standby.dsn(), standing.database, epoch=5, **OTHER)


def test_a_promoted_database_is_closed_until_it_is_admitted(pair: Pair) -> None:
    fenced = fence_primary(pair)
    PlainPostgres(pair.standby.dsn()).promote(PromotionOrder(pair.database, 5, "run-1", fenced.lsn))
    closed = prove_fenced(pair.odoo(pair.standby))

    first = admit(pair.standby.dsn(), pair.database, epoch=5, **OTHER)
    second = admit(pair.standby.dsn(), pair.database, epoch=5, **OTHER)

    assert closed.proven
    assert first == second
    pair.order(1, on=pair.standby)
    assert prove_fenced(pair.odoo(pair.primary)).proven


def test_an_address_that_leads_to_the_new_primary_does_not_fence_it(pair: Pair) -> None:
    fenced = fence_primary(pair)
    PlainPostgres(pair.standby.dsn()).promote(PromotionOrder(pair.database, 5, "run-1", fenced.lsn))
    admit(pair.standby.dsn(), pair.database, epoch=5, **OTHER)

    with pytest.raises(WrongSide, match="says that it is acme-standby"):
        fence(pair.standby.dsn(), pair.database, epoch=6, **WHO)
    with pytest.raises(WrongSide):
        admit(pair.standby.dsn(), pair.database, epoch=5, **WHO)

    assert not unfence(pair.standby.dsn(), pair.database, epoch=5, **WHO)
    pair.order(1, on=pair.standby)


def test_the_fence_does_not_wait_for_a_synchronous_standby_that_is_gone(pair: Pair) -> None:
    with psycopg.connect(pair.primary.dsn(), autocommit=True) as connection:
        connection.execute("alter system set synchronous_standby_names = '*'")
        connection.execute("select pg_reload_conf()")
    pair.standby.kill()

    def demands() -> bool:
        with psycopg.connect(pair.primary.dsn()) as connection:
            return connection.execute("show synchronous_standby_names").fetchone() == ("*",)

    until(demands, "the setting")

    fence_primary(pair)

    assert prove_fenced(pair.odoo(pair.primary)).proven
