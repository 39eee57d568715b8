"""What runs change in the simulation: wagons, points and gates, and the steps that change them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, ClassVar

from shared.errors import PermanentError, TemporaryError
from shared.messages import Event, Message
from shared.runs import Again, Priority, Run, Runbook, Step
from shared.runs.approvals import ApprovalPlan, Approvals, wait_for


class Shunted(Event):
    """A wagon was shunted: routine work."""

    type: ClassVar[str] = "shunted"
    mood: str = "fine"
    """How the run's steps behave: fine, shaky (temporary errors), doomed (one fails for good)."""


class Collided(Event):
    """A collision: urgent work."""

    type: ClassVar[str] = "collided"
    mood: str = "fine"


class Claimed(Event):
    """Builders claim the line for themselves: people have to agree."""

    type: ClassVar[str] = "claimed"
    mood: str = "fine"


class Slotted(Event):
    """A train waits for its slot: others pass meanwhile."""

    type: ClassVar[str] = "slotted"
    mood: str = "fine"


class Facts(Message):
    mood: str
    effects: tuple[str, ...] = ()


class StaleEpoch(PermanentError):
    """A newer run has been at the target."""


class Undone(PermanentError):
    """The run that wants this has turned back."""


@dataclass
class Target:
    """What runs change: refuses older epochs, what is there already, and what was undone."""

    point: Any
    present: dict[str, list[str]] = field(default_factory=dict)
    applied: Counter[str] = field(default_factory=Counter)
    epochs: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def apply(self, run: Run, effect: str) -> None:
        key = f"{run.short}/{effect}"
        self.point(f"before effect {key}")
        if run.epoch < self.epochs.get(run.environment, 0):
            raise StaleEpoch(key)
        self.epochs[run.environment] = run.epoch
        if key in self.gone:
            raise Undone(key)
        if key not in self.present.setdefault(run.environment, []):
            self.present[run.environment].append(key)
            self.applied[key] += 1
        self.point(f"after effect {key}")

    def undo(self, run: Run, effect: str) -> None:
        key = f"{run.short}/{effect}"
        self.point(f"before undoing {key}")
        if run.epoch < self.epochs.get(run.environment, 0):
            raise StaleEpoch(key)
        self.epochs[run.environment] = run.epoch
        self.gone.add(key)
        if key in self.present.get(run.environment, []):
            self.present[run.environment].remove(key)
        self.point(f"after undoing {key}")


def _act(facts: Facts, effect: str, run: Run, target: Target, chance: Random) -> Facts:
    if not run.still_mine():
        raise TemporaryError("the lease is lost")
    if facts.mood == "shaky" and chance.random() < 0.3:
        raise TemporaryError("signal at danger", delay=timedelta(seconds=3))
    if facts.mood == "shaky" and chance.random() < 0.1:
        raise ZeroDivisionError("a bug")
    target.apply(run, effect)
    if facts.mood == "doomed" and effect == "close":
        raise PermanentError("the points are broken")
    return Facts(mood=facts.mood, effects=(*facts.effects, effect))


def set_points(event: Shunted, *, run: Run, target: Target, chance: Random) -> Facts | Again:
    return _act(Facts(mood=event.mood), "set", run, target, chance)


def unset_points(event: Shunted, *, run: Run, target: Target) -> None:
    target.undo(run, "set")


def clear_track(facts: Facts, *, run: Run, target: Target, chance: Random) -> Facts | Again:
    looks = run.checkpoint.get("looks", 0)
    if looks < 2:
        return Again(timedelta(seconds=10), {"looks": looks + 1})
    return _act(facts, "clear", run, target, chance)


def restore_track(facts: Facts, *, run: Run, target: Target) -> None:
    target.undo(run, "clear")


def close_gate(facts: Facts, *, run: Run, target: Target, chance: Random) -> Facts:
    return _act(facts, "close", run, target, chance)


def open_gate(facts: Facts, *, run: Run, target: Target) -> None:
    target.undo(run, "close")


def stop_trains(event: Collided, *, run: Run, target: Target, chance: Random) -> Facts:
    return _act(Facts(mood=event.mood), "stop", run, target, chance)


def start_trains(event: Collided, *, run: Run, target: Target) -> None:
    target.undo(run, "stop")


def close_line(event: Claimed, *, run: Run, target: Target, chance: Random) -> Facts:
    return _act(Facts(mood=event.mood), "close", run, target, chance)


def open_line(event: Claimed, *, run: Run, target: Target) -> None:
    target.undo(run, "close")


def occupy_line(
    facts: Facts, *, run: Run, target: Target, chance: Random, approvals: Approvals
) -> Facts | Again:
    plan = ApprovalPlan(action="Occupy the line", facts={"mood": facts.mood})
    approval = approvals.ask(run, lambda: plan, tier=1, expires_after=timedelta(minutes=5))
    if not approval.is_granted:
        return wait_for(approval)
    return _act(facts, "occupy", run, target, chance)


def leave_line(facts: Facts, *, run: Run, target: Target) -> None:
    target.undo(run, "occupy")


def await_slot(event: Slotted, *, run: Run) -> Facts | Again:
    looks = run.checkpoint.get("looks", 0)
    if looks < 3:
        return Again(timedelta(seconds=20), {"looks": looks + 1})
    return Facts(mood=event.mood)


def depart(facts: Facts, *, run: Run, target: Target, chance: Random) -> Facts:
    return _act(facts, "depart", run, target, chance)


def come_back(facts: Facts, *, run: Run, target: Target) -> None:
    target.undo(run, "depart")


SHUNTING = Runbook(
    name="shunting",
    on=Shunted,
    concerns=lambda event, _: (event.environment,),
    coalesce=lambda event: event.mood,
    steps=(
        Step(set_points, undo=unset_points, max_attempts=20),
        Step(clear_track, undo=restore_track, max_attempts=20),
        Step(close_gate, undo=open_gate, max_attempts=20),
    ),
)
RESCUE = Runbook(
    name="rescue",
    on=Collided,
    concerns=lambda event, _: (event.environment,),
    steps=(Step(stop_trains, undo=start_trains, max_attempts=20),),
    priority=Priority.URGENT,
)
POSSESSION = Runbook(
    name="possession",
    on=Claimed,
    concerns=lambda event, _: (event.environment,),
    coalesce=lambda event: event.mood,
    steps=(
        Step(close_line, undo=open_line, max_attempts=20),
        Step(occupy_line, undo=leave_line, max_attempts=20),
    ),
)
DEPARTURE = Runbook(
    name="departure",
    on=Slotted,
    concerns=lambda event, _: (event.environment,),
    coalesce=lambda event: event.mood,
    steps=(
        Step(await_slot, max_attempts=20, steps_aside=True),
        Step(depart, undo=come_back, max_attempts=20),
    ),
)
RUNBOOKS = (SHUNTING, RESCUE, POSSESSION, DEPARTURE)
CLAIMANT = "ann"
PEOPLE = (CLAIMANT, "bob", "cem")
ACTIONS = {(a.topic, a.subscription): a for book in RUNBOOKS for a in book.actions()}
EFFECTS = {
    "shunting": ["set", "clear", "close"],
    "rescue": ["stop"],
    "possession": ["close", "occupy"],
    "departure": ["depart"],
}
"""What a run that succeeded leaves behind."""
