from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from shared.messages import Event, Message
from shared.runs import Again, Run, Runbook, Step
from shared.runs.runbook import Priority, RunbookInvalid


class Arrived(Event):
    type: ClassVar[str] = "arrived"


class Unloaded(Message):
    crates: int


class Shelved(Message):
    shelf: str


def unload(event: Arrived, *, run: Run) -> Unloaded | Again:
    return Unloaded(crates=3)


def load_back(event: Arrived) -> None: ...


def shelve(unloaded: Unloaded) -> Shelved:
    return Shelved(shelf="A1")


def runbook(*steps: Step) -> Runbook:
    return Runbook(name="goods", on=Arrived, concerns=lambda *_: (), steps=steps)


def test_the_plan_is_every_step_in_order_and_then_every_undo_in_reverse():
    def unshelve(unloaded: Unloaded) -> None: ...

    plan = runbook(Step(unload, undo=load_back), Step(shelve, undo=unshelve)).actions()

    assert [action.name for action in plan] == ["unload", "shelve", "unshelve", "load_back"]
    assert [action.undoes for action in plan] == [None, None, "shelve", "unload"]


def test_a_run_that_steps_aside_has_nothing_to_undo():
    def unshelve(unloaded: Unloaded) -> None: ...

    runbook(Step(unload, steps_aside=True), Step(shelve, undo=unshelve))

    with pytest.raises(RunbookInvalid, match="steps aside has nothing to undo"):
        runbook(Step(unload, undo=load_back), Step(shelve, steps_aside=True))


def test_a_step_listens_on_the_subscription_that_bears_its_name():
    undo = runbook(Step(unload, undo=load_back)).actions()[1]

    assert (undo.topic, undo.subscription) == ("goods", "load-back")


@pytest.mark.parametrize(
    ("priority", "topics", "of_tier_one"),
    [
        (Priority.ROUTINE, ("goods",), Priority.ROUTINE),
        (Priority.URGENT, ("goods", "goods-express"), Priority.EXPRESS),
    ],
)
def test_only_urgent_work_has_an_express_topic_and_only_tier_one_takes_it(
    priority, topics, of_tier_one
):
    book = replace(runbook(Step(unload)), priority=priority)

    assert book.topics == topics
    assert [book.priority_in(tier) for tier in (1, 2, 3, None)] == [of_tier_one, *[priority] * 3]


def test_a_step_that_gets_other_facts_than_it_takes_is_refused_at_once():
    with pytest.raises(RunbookInvalid, match=r"shelve takes .*Unloaded.* but gets Arrived"):
        runbook(Step(shelve))


def test_a_step_that_returns_nothing_to_go_on_with_is_refused():
    def forget(event: Arrived) -> None: ...

    with pytest.raises(RunbookInvalid, match="must return one message"):
        runbook(Step(forget))  # type: ignore[arg-type]


def test_the_same_name_twice_is_refused():
    with pytest.raises(RunbookInvalid, match="appears twice"):
        runbook(Step(unload), Step(unload))


def test_a_resource_that_is_not_keyword_only_is_refused():
    def grab(event: Arrived, run: Run) -> Unloaded:
        return Unloaded(crates=0)

    with pytest.raises(RunbookInvalid, match="keyword-only"):
        runbook(Step(grab))


def test_facts_become_the_next_message_and_keep_what_was_known():
    class Counted(Unloaded):
        pallets: int

    counted = Unloaded(crates=3).become(Counted, pallets=1)

    assert counted == Counted(crates=3, pallets=1)


def test_a_step_has_an_hour_unless_it_says_otherwise():
    assert Step(unload).time_limit == timedelta(hours=1)
