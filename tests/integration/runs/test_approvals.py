"""A step waits for people: what they see, who counts, and how every approval comes to an end."""

from datetime import timedelta
from threading import Barrier, Thread

import psycopg
import pytest

from shared.runs.deciding import (
    ApprovalOver,
    NobodyDecides,
    NotFourEyes,
    OtherPlan,
    PlanTampered,
    ReasonMissing,
    UnknownApproval,
)
from tests.integration.runs.conftest import FIRE, Burning, Engine
from tests.integration.runs.market import PATIENT, Market


@pytest.fixture
def market(engine: Engine) -> Market:
    return Market(engine)


def test_a_run_waits_until_two_people_approved_and_goes_on_at_once(market):
    run = market.open()

    market.approve("Bob")
    assert market.yard.done == ["inspect", "look"]
    market.approve("Cem", reason="checked the crates")

    assert market.yard.done == ["inspect", "look", "sell"]
    assert market.engine.status(run) == "succeeded"
    assert [said["missing"] for said in market.said("approval-decided")] == [1, 0]
    [approval] = market.record(run)["approvals"]
    assert (approval["status"], approval["break_glass"]) == ("approved", False)
    assert [d["person"] for d in approval["decisions"]] == ["Bob", "Cem"]


def test_one_person_is_enough_below_tier_one_even_who_asked(market):
    run = market.open(tier=2)

    market.approve("ann")

    assert market.engine.status(run) == "succeeded"


def test_the_announcement_shows_the_plan_and_the_hash_that_a_decision_states(market):
    market.open()

    [said] = market.said("approval-requested")

    assert said["plan"]["facts"]["crates"] == 1
    assert (said["action"], said["needed"]) == ("Sell", 2)
    assert said["plan_sha256"] == market.waiting().plan_sha256


def test_every_look_and_every_attempt_sees_the_same_approval_and_plan(market):
    market.open()
    first = market.waiting()

    market.engine.pass_time(seconds=61)
    market.deliver_due()

    assert market.yard.done == ["inspect", "look", "look"]
    assert market.waiting() == first


@pytest.mark.parametrize("person", ["ann", " ANN "])
def test_who_asked_for_the_run_never_counts_in_tier_one(market, person):
    market.open(by="/manual/ann")

    with pytest.raises(NotFourEyes, match="asked for this run"):
        market.approve(person)

    assert market.waiting().approved_by == []


def test_a_person_counts_once(market):
    market.open()
    market.approve("Bob")

    with pytest.raises(NotFourEyes, match="another person"):
        market.approve("bob")

    assert market.waiting().missing == 1


@pytest.mark.parametrize("plan", ["deadbeef", "abc", ""])
def test_a_decision_about_another_plan_is_refused(market, plan):
    market.open()

    with pytest.raises(OtherPlan, match="signalbox approvals show"):
        market.approve("Bob", plan=plan)

    assert market.waiting().approved_by == []


def test_a_plan_that_was_changed_in_the_ledger_cannot_be_approved_or_used(market, empty_ledger):
    run = market.open(tier=2)
    asked = market.waiting()
    market.approvals.approve(asked.id, plan=asked.plan_sha256, person="Bob")
    change = """update approvals set plan = jsonb_set(plan, '{facts,crates}', '99')"""

    with psycopg.connect(empty_ledger) as conn:
        conn.execute(change)
    market.deliver_due()
    market.open(id="e-2")
    with psycopg.connect(empty_ledger) as conn:
        conn.execute(change)
    with pytest.raises(PlanTampered):
        market.approvals.approve(
            market.waiting().id, plan=market.waiting().plan_sha256, person="Bob"
        )

    assert market.engine.status(run) == "failed"
    assert "PlanTampered" in market.record(run)["run"]["reason"]
    assert market.waiting().approved_by == []


def test_a_rejection_by_one_person_fails_the_run_at_once_and_undoes_it(market):
    run = market.open()
    market.approve("Bob")

    market.reject("Bob", "the crates are wet")

    assert market.engine.status(run) == "failed"
    assert "Bob rejected" in market.record(run)["run"]["reason"]
    assert market.yard.done == ["inspect", "look", "put back"]
    assert market.said("approval-decided")[-1]["reason"] == "the crates are wet"


def test_an_approval_that_nobody_decides_escalates_once_and_then_expires_closed(market):
    run = market.open()
    market.approve("Bob")
    market.engine.pass_time(minutes=16)
    market.upkeep()
    market.upkeep()
    [escalated] = market.said("approval-escalated")

    market.engine.pass_time(minutes=15)
    market.upkeep()

    assert escalated["missing"] == 1
    assert market.engine.status(run) == "failed"
    assert "Bob had approved, 2 needed" in market.record(run)["run"]["reason"]
    assert market.yard.done[-1] == "put back"
    assert "sell" not in market.yard.done
    assert market.said("approval-decided")[-1]["status"] == "expired"


def test_an_approval_ends_with_its_step_however_long_people_were_given(market):
    market.open(tier=PATIENT)

    asked = market.waiting()

    assert asked.expires_at - asked.requested_at == timedelta(hours=2)


def test_an_expired_approval_is_closed_by_the_step_itself_when_upkeep_is_late(market):
    run = market.open()
    market.engine.pass_time(minutes=31)

    market.deliver_due()

    assert market.engine.status(run) == "failed"
    assert "expired" in market.record(run)["run"]["reason"]


@pytest.mark.parametrize("swept", [False, True])
def test_approving_what_has_expired_is_refused_with_a_clear_sentence(market, swept):
    market.open()
    market.engine.pass_time(minutes=31)
    if swept:
        market.upkeep()

    with pytest.raises(ApprovalOver, match=r"expired at .* publish the event again"):
        market.approve("Bob")


def test_an_approval_that_was_given_but_not_used_in_time_expires_too(market):
    run = market.open(tier=2)
    asked = market.waiting()
    market.approvals.approve(asked.id, plan=asked.plan_sha256, person="Bob")
    market.engine.bus.take("market")
    market.engine.pass_time(minutes=31)

    market.upkeep()

    assert market.engine.status(run) == "failed"
    assert "sell" not in market.yard.done


def test_a_used_approval_serves_every_later_attempt_of_its_step(market):
    run = market.open(tier=2)
    failures = [ConnectionError("the buyer hung up")]

    def hang_up(this):
        if this.step == "sell" and market.yard.done[-1] == "sell" and failures:
            raise failures.pop()

    market.yard.behave = hang_up
    market.approve("Bob")
    market.engine.pass_time(minutes=45)
    market.upkeep()

    assert market.yard.done[-2:] == ["sell", "sell"]
    assert market.engine.status(run) == "succeeded"


def test_broken_glass_lets_one_person_decide_loudly_and_is_reviewed_by_another(market):
    run = market.open(by="/manual/ann")
    approval = market.waiting().id

    market.approve("ann", break_glass=True, reason="nobody answers, the warehouse stands")

    assert market.engine.status(run) == "succeeded"
    [said] = market.said("break-glass-used")
    assert said["reason"] == "nobody answers, the warehouse stands"
    assert market.record(run)["approvals"][0]["break_glass"]
    with pytest.raises(NotFourEyes):
        market.approvals.review(approval, person="Ann", reason="fine")
    market.approvals.review(approval, person="Dee", reason="justified: nobody was on call")
    assert market.approvals.show(approval)[1][-1].verdict == "review"


def test_a_broken_glass_a_rejection_and_every_decision_need_what_makes_them_one(market):
    market.open()

    with pytest.raises(ReasonMissing):
        market.approve("Bob", break_glass=True, reason=" ")
    with pytest.raises(ReasonMissing):
        market.reject("Bob", "")
    with pytest.raises(NobodyDecides):
        market.approve(" ")
    with pytest.raises(UnknownApproval, match="approvals list"):
        market.approvals.approve("nope", plan="deadbeef", person="Bob")

    assert market.yard.done == ["inspect", "look"]


def test_two_people_who_approve_at_once_both_count(market):
    run = market.open()
    asked = market.waiting()
    together = Barrier(2)

    def approve(person: str) -> None:
        together.wait()
        market.approvals.approve(asked.id, plan=asked.plan_sha256, person=person)

    threads = [Thread(target=approve, args=(person,)) for person in ("Bob", "Cem")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    market.deliver_due()

    assert market.engine.status(run) == "succeeded"
    assert market.yard.done.count("sell") == 1


def test_a_decision_while_the_step_looks_makes_it_look_again_at_once(market):
    run = market.open(tier=2)
    market.engine.pass_time(seconds=61)

    def approve_meanwhile(this):
        if market.yard.done[-1] == "look":
            asked = market.waiting()
            market.approvals.approve(asked.id, plan=asked.plan_sha256, person="Bob")

    market.yard.behave = approve_meanwhile
    market.deliver_due()

    assert market.yard.done == ["inspect", "look", "look", "sell"]
    assert market.engine.status(run) == "succeeded"


def test_an_approval_is_withdrawn_when_its_step_ends_without_it(market):
    run = market.open()

    def give_up(this):
        if this.step == "sell":
            raise ValueError("a bug")

    market.yard.behave = give_up
    for _ in range(8):
        market.engine.pass_time(minutes=3)
        market.deliver_due()

    assert market.engine.status(run) == "failed"
    assert market.record(run)["approvals"][0]["status"] == "withdrawn"
    with pytest.raises(ApprovalOver, match="its step has ended"):
        market.approve("Bob")


def test_an_urgent_run_does_not_wait_for_people_who_decide_about_a_routine_one(market):
    run = market.open()
    market.engine.know(FIRE)
    urgent = market.engine.happen(Burning(environment="market-e-1"), id="e-2")

    market.engine.pass_time(seconds=61)
    market.deliver_due()

    assert market.engine.status(run) == "superseded"
    assert market.yard.done == ["inspect", "look", "look", "put back"]
    assert market.record(run)["approvals"][0]["status"] == "withdrawn"
    assert market.engine.status(urgent) == "running"


def test_decisions_are_never_changed(market, empty_ledger):
    market.open()
    market.approve("Bob")

    with (
        psycopg.connect(empty_ledger) as conn,
        pytest.raises(psycopg.errors.RaiseException, match="never changed"),
    ):
        conn.execute("update decisions set person = 'Eve'")
