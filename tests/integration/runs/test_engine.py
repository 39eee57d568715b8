"""What the engine promises, a story each."""

import json
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from functions.upkeep import announce_overdue_runs, redrive_stuck_steps, send_left_behind
from shared.errors import PermanentError, TemporaryError
from shared.estate import load_estate
from shared.runs import Again
from shared.runs.evidence import is_intact
from shared.runs.intake import Intake
from tests.integration.runs.conftest import FIRE, GOODS, Arrived, Burning, fails_once

GRACE = timedelta(seconds=30)
ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"


def test_an_event_runs_every_step_once_and_leaves_evidence(engine):
    run = engine.happen(Arrived(environment="north"))
    engine.deliver_all()

    assert engine.status(run) == "succeeded"
    assert engine.yard.done == ["unload", "shelve 3"]
    assert engine.announced() == [
        "run-started",
        "step-succeeded",
        "step-succeeded",
        "run-succeeded",
    ]
    assert engine.ledger.evidence(run) is not None


def test_a_repeated_event_changes_nothing(engine):
    run = engine.happen(Arrived(environment="north"))
    engine.happen(Arrived(environment="north"))
    engine.deliver_all()

    assert len(engine.ledger.recent_runs()) == 1
    assert engine.status(run) == "succeeded"


def test_another_report_of_the_same_thing_is_coalesced_into_the_run_in_progress(engine):
    engine.happen(Arrived(environment="north", lorry="7"))
    second = engine.happen(Arrived(environment="north", lorry="7"), id="e-2")

    assert second is None
    assert engine.ledger.event("/test", "e-2").disposition == "coalesced"


def test_an_event_that_concerns_nobody_is_ignored_with_a_reason(engine):
    engine.happen(Arrived(environment="nowhere"))

    event = engine.ledger.event("/test", "e-1")
    assert event.disposition == "ignored"
    assert "nowhere" in event.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "Invalid JSON"),
        (b'{"type": "departed", "data": {}}', "no runbook answers this type"),
        (b'{"type": "arrived", "data": {}}', "environment: Field required"),
    ],
    ids=["bad JSON", "unknown type", "failed schema"],
)
def test_what_can_never_be_handled_is_parked_and_announced_and_starts_nothing(engine, body, reason):
    engine.receive(body)

    [parked] = engine.ledger.parked_messages()
    assert reason in parked.reason
    assert parked.body == body.decode()
    assert engine.announced() == ["message-parked"]
    assert engine.ledger.recent_runs() == []


def test_a_parked_event_may_come_again_once_it_can_be_handled(engine):
    engine.know(FIRE)
    engine.happen(Arrived(environment="north"))
    assert engine.ledger.event("/test", "e-1").disposition == "parked"
    engine.know(GOODS, FIRE)

    run = engine.happen(Arrived(environment="north"))

    assert run is not None


def test_a_second_delivery_does_not_repeat_a_step(engine):
    engine.happen(Arrived(environment="north"))
    [command] = engine.bus.take("goods")

    engine.deliver(command)
    engine.deliver(command)

    assert engine.yard.done == ["unload"]


def test_a_delivery_beside_a_live_attempt_comes_back_when_its_lease_expires(engine):
    engine.happen(Arrived(environment="north"))
    [command] = engine.bus.take("goods")
    engine.yard.behave = lambda run: engine.deliver(command) if run.attempt == 1 else None

    engine.deliver(command)

    put_off, following = engine.bus.take("goods")
    assert put_off.scheduled_for == engine.now + timedelta(seconds=60)
    assert following.subject == "shelve"
    assert engine.yard.done == ["unload"]


def test_an_attempt_that_lost_its_lease_is_discarded_and_the_newer_one_is_right(engine):
    run = engine.happen(Arrived(environment="north"))
    [command] = engine.bus.take("goods")
    mine = []

    def outlived_by_a_second_delivery(this):
        mine.append((this.attempt, this.still_mine()))
        if this.attempt == 1:
            engine.pass_time(seconds=61)
            engine.deliver(command)
            mine.append((1, this.still_mine()))
            raise PermanentError("what comes too late counts for nothing")

    engine.yard.behave = outlived_by_a_second_delivery
    engine.deliver(command)
    engine.yard.behave = lambda _: None
    engine.deliver_all()

    assert mine == [(1, True), (2, True), (1, False)]
    assert engine.yard.done == ["unload", "unload", "shelve 3"]
    outcomes = [a["outcome"] for a in engine.ledger.run_record(run)["attempts"]]
    assert outcomes == ["lost", "succeeded", "succeeded"]


def test_a_temporary_error_is_tried_again_after_the_delay_it_asks_for(engine):
    run = engine.happen(Arrived(environment="north"))
    engine.yard.behave = fails_once(TemporaryError("rain", delay=timedelta(seconds=40)))
    started = engine.now

    engine.deliver_all()

    assert engine.status(run) == "succeeded"
    assert engine.now - started == timedelta(seconds=40)


def test_an_unexpected_error_is_tried_again_later_and_later_until_attempts_run_out(engine):
    run = engine.happen(Arrived(environment="north"))

    def always(this):
        if this.step == "unload":
            raise ZeroDivisionError("a bug")

    engine.yard.behave = always
    engine.deliver_all()

    assert engine.status(run) == "failed"
    assert engine.yard.done == ["unload", "unload", "unload", "load_back"]
    assert "attempt 3 was the last" in engine.ledger.run_record(run)["run"]["reason"]


def test_a_permanent_error_fails_the_run_after_one_delivery_and_undoes_in_reverse(engine):
    run = engine.happen(Arrived(environment="north"))

    def no_shelf(this):
        if this.step == "shelve":
            raise PermanentError("no shelf is free")

    engine.yard.behave = no_shelf
    engine.deliver_all()

    assert engine.status(run) == "failed"
    assert engine.yard.done == ["unload", "shelve 3", "unshelve", "load_back"]
    assert engine.announced()[-1] == "run-failed"


def test_a_reason_that_cannot_be_stored_fails_the_run_all_the_same(engine):
    run = engine.happen(Arrived(environment="north"))

    def binary(this):
        raise PermanentError("the log ends with \x00\ud800")

    engine.yard.behave = binary
    engine.deliver_all()

    assert engine.status(run) == "failed"
    assert "the log ends with" in engine.ledger.run_record(run)["run"]["reason"]


def test_a_step_that_was_never_begun_is_not_undone(engine):
    engine.happen(Arrived(environment="north"))
    engine.yard.behave = fails_once(PermanentError("the lorry is empty"))

    engine.deliver_all()

    assert engine.yard.done == ["unload", "load_back"]


def test_an_undo_that_fails_is_named_and_the_others_go_on(engine):
    run = engine.happen(Arrived(environment="north"))

    def behave(this):
        if this.step in ("shelve", "unshelve"):
            raise PermanentError(f"{this.step} is broken")

    engine.yard.behave = behave
    engine.deliver_all()

    assert engine.status(run) == "failed"
    assert engine.yard.done == ["unload", "shelve 3", "unshelve", "load_back"]
    said = [json.loads(e.body) for e in engine.bus.sent if e.subject == "run-failed"]
    assert said[0]["data"]["left_behind"] == ["unshelve"]


def test_long_work_is_looked_in_on_with_its_checkpoint_within_one_attempt(engine):
    run = engine.happen(Arrived(environment="north"))
    seen = []

    def three_looks(this):
        if this.step == "unload":
            seen.append((this.attempt, dict(this.checkpoint)))
            if len(seen) < 3:
                return Again(timedelta(seconds=5), {"crates": len(seen)})
        return None

    engine.yard.behave = three_looks
    engine.deliver_all()

    assert engine.status(run) == "succeeded"
    assert seen == [(1, {}), (1, {"crates": 1}), (1, {"crates": 2})]


def test_a_step_that_never_gets_done_ends_at_its_deadline(engine):
    run = engine.happen(Arrived(environment="north"))
    engine.yard.behave = lambda this: Again(timedelta(minutes=3)) if this.step == "unload" else None

    engine.deliver_all()

    assert engine.status(run) == "failed"
    assert "time limit" in engine.ledger.run_record(run)["run"]["reason"]


def test_one_run_at_a_time_changes_an_environment_and_epochs_grow(engine):
    first = engine.happen(Arrived(environment="north", lorry="1"))
    second = engine.happen(Arrived(environment="north", lorry="2"), id="e-2")
    elsewhere = engine.happen(Arrived(environment="south", lorry="3"), id="e-3")
    assert [engine.status(r) for r in (first, second, elsewhere)] == [
        "running",
        "waiting",
        "running",
    ]

    engine.deliver_all()

    assert engine.status(second) == "succeeded"
    epochs = [engine.ledger.run_record(r)["run"]["epoch"] for r in (first, second, elsewhere)]
    assert epochs == [1, 2, 1]


def test_an_urgent_run_supersedes_at_the_next_step_boundary_once_the_other_is_undone(engine):
    routine = engine.happen(Arrived(environment="north"))
    urgent = engine.happen(Burning(environment="north"), id="e-2")

    engine.deliver_all()
    assert engine.status(routine) == "superseded"
    engine.deliver_all("fire")

    assert engine.status(urgent) == "succeeded"
    assert engine.yard.done == ["unload", "load_back", "extinguish"]


def test_only_urgent_work_of_tier_one_travels_on_the_express_topic(engine):
    engine.intake = Intake((GOODS, FIRE), load_estate(ESTATE))

    engine.happen(Burning(environment="acme-prod"))
    engine.happen(Burning(environment="acme-staging"), id="e-2")
    engine.happen(Arrived(environment="acme-prod"), id="e-3")

    express, ordinary = engine.bus.take("fire-express"), engine.bus.take("fire")
    assert [(each.subject, len(ordinary)) for each in express] == [("extinguish", 1)]
    engine.deliver(express[0])
    assert [each.subject for each in engine.bus.take("goods")] == ["unload"]


def test_messages_that_could_not_be_sent_are_sent_by_upkeep(engine):
    engine.bus.broken = True
    with pytest.raises(ConnectionError):
        engine.happen(Arrived(environment="north"))
    engine.bus.broken = False
    engine.pass_time(seconds=11)

    send_left_behind(engine.outbox, timedelta(seconds=10))

    engine.deliver_all()
    assert engine.status(engine.ledger.runs_of_event("/test", "e-1")[0]) == "succeeded"
    assert engine.ledger.counts().unsent == 0


def test_a_step_whose_command_got_lost_is_driven_on(engine):
    run = engine.happen(Arrived(environment="north"))
    engine.bus.take("goods")
    engine.pass_time(seconds=31)

    redrive_stuck_steps(engine.ledger, engine.runner, GRACE)

    engine.deliver_all()
    assert engine.status(run) == "succeeded"


def test_a_process_that_dies_every_time_ends_the_run_and_not_the_platform(engine):
    run = engine.happen(Arrived(environment="north"))

    class Killed(BaseException):
        pass

    def die(this):
        if this.step == "unload":
            raise Killed

    engine.yard.behave = die
    for _ in range(3):
        with pytest.raises(Killed):
            engine.deliver_all()
        engine.pass_time(seconds=100)
        redrive_stuck_steps(engine.ledger, engine.runner, GRACE)
    engine.deliver_all()

    assert engine.status(run) == "failed"
    assert "died or hung" in engine.ledger.run_record(run)["run"]["reason"]


def test_a_step_without_code_ends_at_its_deadline(engine):
    run = engine.happen(Arrived(environment="north"))
    engine.bus.take("goods")
    engine.pass_time(minutes=11)

    redrive_stuck_steps(engine.ledger, engine.runner, GRACE)

    assert engine.status(run) == "failed"


def test_a_run_that_takes_too_long_is_announced_once(engine):
    engine.happen(Arrived(environment="north"))
    engine.pass_time(minutes=31)

    announce_overdue_runs(engine.runner)
    announce_overdue_runs(engine.runner)

    assert engine.announced().count("run-overdue") == 1


def test_the_plan_of_a_run_does_not_change_under_it(engine):
    run = engine.happen(Arrived(environment="north"))

    names = [step.name for step in engine.ledger.progress(run)]

    assert names == ["unload", "shelve", "unshelve", "load_back"]


def test_facts_that_do_not_fit_the_deployed_step_fail_the_run_without_repeating_them(
    engine, empty_ledger
):
    run = engine.happen(Arrived(environment="north"))
    with psycopg.connect(empty_ledger) as conn:
        conn.execute("""update steps set input = '{"secret": "hunter2"}' where name = 'unload'""")

    engine.deliver_all()

    reason = engine.ledger.run_record(run)["run"]["reason"]
    assert "do not fit Arrived" in reason
    assert "hunter2" not in reason


def test_an_event_is_put_off_while_the_ledger_is_out_of_reach(engine, monkeypatch):
    @contextmanager
    def unreachable():
        raise psycopg.OperationalError("connection refused")
        yield

    monkeypatch.setattr(engine.ledger, "transaction", unreachable)
    monkeypatch.setattr("shared.ledger.ledger.PATIENCE", timedelta(0))

    engine.receive(b'{"id": "e-9", "type": "arrived", "data": {"environment": "north"}}')

    [later] = engine.bus.take("platform-events")
    assert later.scheduled_for is not None
    monkeypatch.undo()
    engine.receive(later.body.encode(), message_id=later.id)
    assert engine.ledger.event("/manual", "e-9").disposition == "started"


def test_evidence_that_was_changed_is_found_out(engine, empty_ledger):
    run = engine.happen(Arrived(environment="north"))
    engine.deliver_all()
    sealed = engine.ledger.evidence(run)

    assert is_intact(sealed)
    with psycopg.connect(empty_ledger) as conn:
        conn.execute("update evidence set body = jsonb_set(body, '{run,status}', '\"failed\"')")
    assert not is_intact(engine.ledger.evidence(run))
