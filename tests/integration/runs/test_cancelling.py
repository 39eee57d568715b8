"""A person gives a run up, or has it tried again."""

from datetime import timedelta
from uuid import uuid4

import pytest

from shared.errors import PermanentError, TemporaryError
from shared.runs import Again
from shared.runs.cancelling import NoSuchRun, NotCancelled, NotRetried, cancel, retry
from shared.runs.evidence import is_intact
from tests.integration.runs.conftest import Arrived, Engine, fails_once


def give_up(engine: Engine, run: object, reason: str = "wrong backup") -> None:
    cancel(engine.ledger, engine.outbox.post, run, by="ann", reason=reason)  # type: ignore[arg-type]


def test_a_run_that_waits_for_its_next_look_is_given_up_at_once_and_undone(engine):
    engine.yard.behave = lambda _run: Again(timedelta(hours=1), {"crates": 3})
    run = engine.happen(Arrived(environment="north"))
    [command] = engine.bus.take("goods")
    engine.deliver(command)

    give_up(engine, run)
    engine.yard.behave = lambda _run: None
    engine.bus.take("platform-events")
    undo = [each for each in engine.bus.take("goods") if each.subject == "load-back"]
    engine.deliver(undo[0])

    assert engine.status(run) == "failed"
    assert engine.yard.done == ["unload", "load_back"]
    assert engine.yard.last.checkpoint == {"crates": 3}
    assert "cancelled by ann: wrong backup" in engine.ledger.recent_runs()[0].reason
    assert is_intact(engine.ledger.evidence(run))


@pytest.mark.parametrize(
    "outcome", [lambda: None, lambda: Again(timedelta(0)), lambda: fail(TemporaryError("later"))]
)
def test_an_attempt_at_work_ends_first_and_nothing_follows_it_but_the_undo(engine, outcome):
    def behave(run):
        if run.step == "unload":
            give_up(engine, run.id)
            engine.yard.behave = lambda _run: None
            return outcome()
        return None

    engine.yard.behave = behave
    run = engine.happen(Arrived(environment="north"))
    engine.deliver_all()

    assert engine.status(run) == "failed"
    assert engine.yard.done == ["unload", "load_back"]
    assert "cancelled by ann" in engine.ledger.recent_runs()[0].reason


def fail(error):
    raise error


def test_the_last_step_may_still_succeed(engine):
    def behave(run):
        if run.step == "shelve":
            give_up(engine, run.id)

    engine.yard.behave = behave
    run = engine.happen(Arrived(environment="north"))
    engine.deliver_all()

    assert engine.status(run) == "succeeded"


def test_a_run_that_has_not_begun_ends_without_a_step_and_lets_the_next_one_go(engine):
    first = engine.happen(Arrived(environment="north"))
    second = engine.happen(Arrived(environment="north", lorry="2"), id="e-2")
    third = engine.happen(Arrived(environment="north", lorry="3"), id="e-3")

    give_up(engine, second)
    engine.deliver_all()

    assert [engine.status(run) for run in (first, second, third)] == [
        "succeeded",
        "failed",
        "succeeded",
    ]
    assert engine.yard.done == ["unload", "shelve 3"] * 2
    assert is_intact(engine.ledger.evidence(second))


def test_what_is_over_or_unknown_is_not_cancelled(engine):
    run = engine.happen(Arrived(environment="north"))
    engine.deliver_all()

    with pytest.raises(NotCancelled, match="succeeded"):
        give_up(engine, run)
    with pytest.raises(NoSuchRun):
        give_up(engine, uuid4())
    with pytest.raises(NotCancelled, match="why"):
        give_up(engine, run, reason=" ")


def test_a_failed_run_is_tried_again_once_by_an_event_of_its_own(engine):
    engine.yard.behave = fails_once(PermanentError("broken"))
    run = engine.happen(Arrived(environment="north"))
    engine.deliver_all()
    engine.pass_time(minutes=1)

    def again():
        return retry(engine.ledger, engine.bus, engine.intake, run, by="ann", now=engine.now)

    events = [again(), again()]
    for envelope in engine.bus.take("platform-events"):
        engine.receive(envelope.body.encode())
    engine.deliver_all()

    assert {event.source for event in events} == {"/manual/ann"}
    assert [found.status for found in engine.ledger.recent_runs()] == ["succeeded", "failed"]


def test_only_what_did_not_succeed_is_tried_again(engine):
    run = engine.happen(Arrived(environment="north"))
    engine.deliver_all()

    with pytest.raises(NotRetried, match="succeeded"):
        retry(engine.ledger, engine.bus, engine.intake, run, by="ann", now=engine.now)
