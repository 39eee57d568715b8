"""From a dead or dying primary to orders on the new one, and back."""

from datetime import timedelta

import psycopg
import pytest

from shared.errors import TemporaryError
from shared.messages.failover import RegionDegraded, RegionRecovered
from shared.postgres.fencing import FenceUnreachable
from shared.postgres.reach import Unreachable
from shared.traffic import Traffic
from tests.integration.failover.azure import RECORD, AzureNetwork
from tests.integration.failover.pair import PRODUCTION, STANDBY, World, wait_until

NOBODY = {"odoo": 0, "odoo-cron": 0, "scanners": 0, "edi": 0, "mailer": 0}
EVERYBODY = {"odoo": 2, "odoo-cron": 1, "scanners": 1, "edi": 1, "mailer": 1}


def test_a_dead_primary_is_failed_over_though_every_step_dies_once_behind_its_effects(
    world: World,
) -> None:
    world.measure()
    world.primary.kill()

    run = world.happen()
    world.work(run, twice=True)
    closed = world.facts(run, "close_failover")
    world.primary.start()
    world.upkeep()

    assert world.status(run) == "succeeded", world.reason(run)
    assert world.pods() == {PRODUCTION: NOBODY, STANDBY: EVERYBODY}
    assert world.routes() == {
        PRODUCTION: [],
        STANDBY: ["erp.acme.example", "shop.acme.example", "erp-standby.acme.example"],
    }
    assert world.leads_to(STANDBY) == world.standby.port
    assert world.resources.placements.of(PRODUCTION).active_side == STANDBY
    assert [s["name"] for s in closed["segments"]][-3:] == ["remap", "verify", "resume"]
    assert (closed["rto_met"], closed["rpo_met"], closed["fence"]) == (True, True, "ordered")
    world.order(world.standby, "S-after")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        world.order(world.primary, "S-split-brain")


def test_a_region_that_is_lost_with_its_cluster_is_left_and_tidied_up_when_it_is_back(
    world: World,
) -> None:
    world.measure()
    world.primary.kill()
    world.region.cut()

    run = world.follow()
    world.upkeep()
    left_alone = world.pods()
    world.region.mend()
    world.primary.start()
    world.upkeep()

    assert world.status(run) == "succeeded", world.reason(run)
    fenced = world.facts(run, "fence_primary")
    assert (fenced["fence"], fenced["withdrawn"]) == ("ordered", False)
    assert "are withdrawn once its cluster is back" in fenced["fence_proof"][0]
    assert left_alone == {PRODUCTION: EVERYBODY, STANDBY: EVERYBODY}
    assert world.pods() == {PRODUCTION: NOBODY, STANDBY: EVERYBODY}
    assert world.routes()[PRODUCTION] == []
    assert world.resources.placements.not_withdrawn() == []
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        world.order(world.primary, "S-split-brain")


def test_a_failure_before_the_promotion_does_not_wait_for_a_cluster_that_was_never_reached(
    world: World,
) -> None:
    world.policy(hold_down=timedelta(0))
    world.measure()
    world.primary.kill()
    world.region.cut()
    run = world.happen()
    world.work(run, before="promote_standby")

    world.look_at(run, "unfence_primary")
    world.region.mend()

    assert world.resources.placements.standing_orders() == []
    assert world.resources.placements.not_withdrawn() == []
    assert world.pods()[PRODUCTION] == EVERYBODY


def test_an_old_primary_that_returns_in_mid_run_is_fenced_before_the_promotion(
    world: World,
) -> None:
    world.measure()
    world.stream.cut()
    world.order(world.primary, "S-lost")
    world.primary.kill()
    run = world.follow()
    world.approve(run)
    world.work(run, before="promote_standby")

    world.primary.start()
    world.work(run)
    rejoin = world.follow(RegionRecovered(environment=PRODUCTION))

    assert world.facts(run, "fence_primary")["fence"] == "ordered"
    assert world.facts(run, "promote_standby")["fence"] == "proven"
    closed = world.facts(run, "close_failover")
    assert closed["lost_bytes"] > 0
    lost = [{"model": "sale.order", "rows": 1, "newest": ["S-lost"]}]
    assert closed["lost"] == lost
    assert world.facts(rejoin, "confirm_recovery")["lost"] == lost
    assert world.status(rejoin) == "succeeded", world.reason(rejoin)
    assert world.orders(world.primary) == world.orders(world.standby) == 10
    assert world.resources.placements.standing_orders() == []


def test_a_failure_behind_the_promotion_keeps_the_new_primary_and_the_next_event_goes_on(
    world: World,
) -> None:
    world.say(
        world.primary,
        "insert into mail_mail (state, create_date) values ('outgoing', now() + interval '1 hour')",
        "select setval('sale_order_id_seq', 5)",
        "insert into sale_order (id, name) values (11, 'S11')",
    )
    wait_until(lambda: world.orders(world.standby) == 11, "the standby")
    world.measure()
    world.primary.kill()

    failed = world.follow()
    world.say(world.standby, "select setval('sale_order_id_seq', 500)")
    with AzureNetwork() as azure:
        azure.refuse_with[f"PUT {RECORD}"] = 403
        world.lead_by(azure.traffic("address"))
        held_back = world.follow()
    world.lead_by(Traffic.connect(()))
    pods = world.pods()[STANDBY]
    world.say(world.standby, "update mail_mail set state = 'sent'")
    again = world.follow()

    assert world.status(failed) == "failed"
    assert "sequences-ahead: sale_order_id_seq would repeat" in world.reason(failed)
    undo = next(error for name, _, error in world.steps(failed) if name == "unfence_primary")
    assert undo is not None
    assert "acme-standby was promoted and stays the primary" in undo
    left = world.reason(held_back)
    assert "acme-standby serves acme-prod. What is left to do: erp.acme.example not led" in left
    assert "mail-not-sent-twice: mail 1 waits" in left
    assert pods == EVERYBODY | {"mailer": 0}
    assert world.facts(again, "assess_region")["promoted_before"]
    assert world.facts(again, "approve_failover")["asked_because"] == []
    assert world.status(again) == "succeeded", world.reason(again)
    assert world.pods()[STANDBY] == EVERYBODY


def test_a_hung_primary_waits_for_people_and_is_shut_when_it_goes_on(world: World) -> None:
    world.policy(hold_down=timedelta(0))
    world.measure()
    world.primary.hang()

    run = world.follow()
    plan = world.plan(run)
    world.approve(run)
    world.work(run)
    world.primary.resume()
    world.upkeep()

    assert "the witnesses do not agree" in plan["risks"]
    assert plan["facts"]["database"].startswith("down: ")
    assert world.status(run) == "succeeded", world.reason(run)
    assert world.facts(run, "close_failover")["approved_by"] == ["on call"]
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        world.order(world.primary, "S-split-brain")


def test_a_fence_stands_while_nobody_can_tell_whether_the_standby_was_promoted(
    world: World,
) -> None:
    run = world.follow(RegionDegraded(environment=PRODUCTION, planned=True))
    world.approve(run)
    world.work(run, before="promote_standby")
    world.standby.kill()

    with pytest.raises(Unreachable):
        world.look_at(run, "unfence_primary")

    [order] = world.resources.placements.standing_orders()
    world.primary.kill()
    world.standby.start()
    with pytest.raises(FenceUnreachable):
        world.look_at(run, "unfence_primary")
    still = world.resources.placements.standing_orders()
    world.primary.start()
    world.region.cut()
    with pytest.raises(TemporaryError, match="The cluster is out of reach"):
        world.look_at(run, "unfence_primary")
    world.region.mend()
    world.look_at(run, "unfence_primary")

    assert order.executed_at is not None
    assert still == [order]
    assert world.resources.placements.standing_orders() == []
    assert world.pods()[PRODUCTION] == EVERYBODY
    world.order(world.primary, "S-open-again")


def test_a_standby_behind_the_objective_waits_for_people_who_see_the_loss(world: World) -> None:
    world.policy(rpo=timedelta(0))
    world.order(world.primary, "S-kept")
    wait_until(lambda: world.orders(world.standby) == 11, "the standby")
    world.measure()
    world.stream.cut()
    world.order(world.primary, "S-lost")
    world.measure()
    world.primary.kill()

    run = world.follow()

    plan = world.plan(run)
    assert world.resources.placements.of(PRODUCTION).active_side == PRODUCTION
    assert [risk for risk in plan["risks"] if "would be lost, more than 0 s" in risk], plan
    assert plan["facts"]["lost_transactions_at_most"] >= 1
    assert plan["facts"]["lost_bytes_at_most"] > 0


def test_a_planned_switchover_loses_nothing_and_leads_back(
    world: World, azure: AzureNetwork
) -> None:
    azure.slow = True
    world.lead_by(azure.traffic("alias", "origins"))
    there = world.follow(RegionDegraded(environment=PRODUCTION, planned=True))
    planned = world.plan(there)["steps"]
    world.approve(there)
    world.work(there)
    led = azure.origins
    azure.slow = False
    world.order(world.standby, "S-there")
    world.follow(RegionRecovered(environment=PRODUCTION))
    back = world.follow(RegionDegraded(environment=PRODUCTION, planned=True))
    world.approve(back)
    world.work(back)
    world.order(world.primary, "S-back")

    for run in (there, back):
        closed = world.facts(run, "close_failover")
        assert (closed["fence"], closed["lost_bytes"], closed["lost"]) == ("proven", 0, [])
        assert closed["promotion_lsn"] >= closed["fenced_lsn"]
    assert "set Front Door acme/erp/north enabledState: Disabled -> Enabled" in planned
    assert led == {"west": "Disabled", "north": "Enabled"}
    assert azure.origins == {"west": "Enabled", "north": "Disabled"}
    places = [each["place"] for each in world.facts(back, "redirect_traffic")["changes"]]
    assert "DNS shop.acme.example" in places
    assert world.orders(world.primary) == 12
    assert world.pods() == {PRODUCTION: EVERYBODY, STANDBY: NOBODY}
    assert world.routes() == {
        PRODUCTION: ["erp.acme.example", "shop.acme.example"],
        STANDBY: ["erp-standby.acme.example"],
    }
