"""Azure's Flexible Server: what is asked of the management plane, and what is believed of it."""

from collections.abc import Iterator

import psycopg
import pytest

from infra.local.processes import wait_until
from shared.arm import AzureOutOfReach, AzureRefuses
from shared.errors import StaleEpoch
from shared.estate import RunByAzure
from shared.postgres.fencing import fence
from shared.postgres.flexible_server import FlexibleServer
from shared.postgres.promotion import NotPromotable, Promotion, PromotionOrder, PromotionPending
from tests.integration.failover_postgres.arm import SUBSCRIPTION, Arm
from tests.integration.failover_postgres.conftest import DATABASE, Pair

HERE, THERE = (
    RunByAzure(
        kind="flexible-server", subscription=SUBSCRIPTION, resource_group="erp", resource=name
    )
    for name in ("erp-north", "erp-west")
)


def furnish(arm: Arm) -> None:
    arm.add("erp-west", "Primary")
    arm.add("erp-north", "GeoAsyncReplica")
    arm.endpoints["erp-west"] = ["erp-west", "erp-north"]


@pytest.fixture
def arm() -> Iterator[Arm]:
    with Arm() as arm:
        furnish(arm)
        yield arm


def promoter(arm: Arm, pair: Pair) -> FlexibleServer:
    return FlexibleServer(arm.client(), here=HERE, there=THERE, dsn=pair.standby.dsn())


def order(pair: Pair, epoch: int = 5, until_lsn: int | None = None) -> PromotionOrder:
    return PromotionOrder(pair.database, epoch, "run-1", until_lsn)


def test_a_planned_promotion_is_ordered_once_and_believed_when_the_database_says_so(
    pair: Pair,
) -> None:
    def promote() -> None:
        with psycopg.connect(pair.standby.dsn(), autocommit=True) as connection:
            connection.execute("select pg_promote(wait => false)")

    with Arm(promote) as arm:
        furnish(arm)
        fenced = fence(pair.primary.dsn(), DATABASE, side="acme-prod", epoch=5, run_id="run-1")
        found = promoter(arm, pair)
        assert found.promotable().ready
        pending = found.promote(order(pair, until_lsn=fenced.lsn))
        wait_until(
            lambda: isinstance(found.promote(order(pair, until_lsn=fenced.lsn)), Promotion),
            seconds=20,
            waiting_for="the promotion",
        )

    promoted = found.promoted()
    assert isinstance(pending, PromotionPending)
    assert promoted is not None
    assert promoted.timeline == 2
    assert arm.promotions == [{"promoteMode": "Switchover", "promoteOption": "Planned"}]


def test_a_forced_promotion_is_not_ordered_again_while_azure_works(
    arm: Arm, standing: Pair
) -> None:
    found = promoter(arm, standing)

    first, second = found.promote(order(standing)), found.promote(order(standing))

    assert isinstance(first, PromotionPending)
    assert isinstance(second, PromotionPending)
    assert "changes the role" in second.why
    assert arm.promotions == [{"promoteMode": "Switchover", "promoteOption": "Forced"}]


def test_without_a_virtual_endpoint_it_becomes_a_server_of_its_own(
    arm: Arm, standing: Pair
) -> None:
    arm.endpoints.clear()
    found = promoter(arm, standing)

    said = found.promotable()
    found.promote(order(standing))

    assert said.ready
    assert "a server of its own" in said.why
    assert arm.promotions[0]["promoteMode"] == "Standalone"


def test_what_azure_calls_no_replica_or_broken_is_not_promoted(arm: Arm, standing: Pair) -> None:
    found = promoter(arm, standing)
    arm.servers["erp-north"]["properties"]["replica"]["replicationState"] = "Broken"
    broken = found.promotable()
    arm.add("erp-north", "Primary")

    with pytest.raises(NotPromotable, match="no read replica"):
        found.promote(order(standing))

    assert "broken" in broken.why
    assert arm.promotions == []


def test_an_order_that_meets_another_one_is_pending_and_not_failed(
    arm: Arm, standing: Pair
) -> None:
    arm.refuse_with = 409

    said = promoter(arm, standing).promote(order(standing))

    assert isinstance(said, PromotionPending)


@pytest.mark.parametrize(("status", "error"), [(403, AzureRefuses), (503, AzureOutOfReach)])
def test_azures_refusals_are_for_a_person_and_its_outages_for_later(
    arm: Arm, standing: Pair, status: int, error: type[Exception]
) -> None:
    arm.refuse_with = status

    with pytest.raises(error, match=str(status)):
        promoter(arm, standing).promote(order(standing))


def test_an_older_run_orders_nothing(arm: Arm, standing: Pair) -> None:
    fence(standing.primary.dsn(), standing.database, side="acme-prod", epoch=6, run_id="run-2")
    standing.catch_up()

    with pytest.raises(StaleEpoch):
        promoter(arm, standing).promote(order(standing, epoch=5))

    assert arm.promotions == []
