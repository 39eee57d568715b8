"""Runbooks as tables of steps, and the checks that a table makes sense before anything runs."""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cached_property
from inspect import Parameter, signature
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from shared.errors import TemporaryError
from shared.estate import Estate
from shared.messages import Event, Message


class RunbookInvalid(Exception):
    """A runbook's table cannot work; found at start-up, before any message is taken."""


class LeaseLost(TemporaryError):
    """Another attempt has taken over; this one must not act any more."""


class Priority(IntEnum):
    """Whose turn it is first, among runs that wait for the same environment."""

    ROUTINE = 0
    URGENT = 10
    """May supersede a routine run at that run's next step boundary."""
    EXPRESS = 20
    """Urgent, in an environment of tier 1: its commands travel on a topic of their own."""


EXPRESS = "-express"
"""What the name of that topic, and of the functions behind it, ends in."""


@dataclass(frozen=True)
class Again:
    """The work goes on elsewhere: look in on it later.

    ``checkpoint`` is what the next look finds in ``run.checkpoint``; JSON values only.
    """

    after: timedelta
    checkpoint: Mapping[str, Any] = field(default_factory=dict)
    gives_way: bool = False
    """Whether a more urgent run need not wait for the end of this step: it is then undone."""
    at_most: timedelta | None = None
    """With it each look waits twice as long as the one before, up to this: thousands that wait for
    minutes would otherwise ask the ledger for nothing else."""

    def pause(self, looks: int) -> timedelta:
        """How long to wait after so many looks.

        >>> again = Again(timedelta(seconds=1), at_most=timedelta(seconds=5))
        >>> [again.pause(looks).seconds for looks in (1, 2, 9)]
        [1, 2, 5]
        """
        if self.at_most is None:
            return self.after
        return min(self.after * 2.0 ** min(looks - 1, 16), self.at_most)


@dataclass(frozen=True)
class Run:
    """What a step may know of the run that it is a part of."""

    id: UUID
    environment: str
    epoch: int
    """Carried to wherever an effect lands: an older epoch is refused there."""
    step: str
    attempt: int
    checkpoint: Mapping[str, Any]
    """From the last ``Again`` of this step; empty at first."""
    still_mine: Callable[[], bool]
    """Asks the ledger whether this attempt may still act."""

    @property
    def short(self) -> str:
        """Eight hexadecimal digits that name what belongs to this run."""
        return self.id.hex[:8]

    def moment(self, name: str) -> datetime | None:
        """A time that the checkpoint knows."""
        said = self.checkpoint.get(name)
        return datetime.fromisoformat(said) if said else None


def still_mine(run: Run) -> None:
    """Raise LeaseLost when this attempt may not act any more: asked before each outside effect."""
    if not run.still_mine():
        raise LeaseLost(f"another attempt at {run.step} has taken over; this one stops")


@dataclass(frozen=True)
class Step:
    """One reaction, safe to repeat, and how it is treated.

    ``undo`` gets the same message as the step, and the step's last checkpoint; it runs when the
    step was begun and the run failed later, and must cope with an effect that never happened.
    """

    handler: Callable[..., Message | Again]
    undo: Callable[..., Message | Again | None] | None = None
    max_attempts: int = 5
    time_limit: timedelta = timedelta(hours=1)
    steps_aside: bool = False
    """Whether other runs may have the environment between two looks; then neither this step nor
    one before it can have an undo."""

    @property
    def name(self) -> str:
        return self.handler.__name__


@dataclass(frozen=True)
class Runbook:
    """An agent's answer to one kind of event."""

    name: str
    """The agent's name, and its topic's."""
    on: type[Event]
    concerns: Callable[[Any, Estate], tuple[str, ...]]
    """The environments for which an event starts a run each."""
    steps: tuple[Step, ...]
    coalesce: Callable[[Any], str] = lambda event: str(event)
    """Two events with the same key, while a run of the first is not over, are one run."""
    priority: Priority = Priority.ROUTINE
    overdue_after: timedelta = timedelta(hours=4)

    def __post_init__(self) -> None:
        names = [action.name for action in self.actions()]
        if len(set(names)) < len(names):
            raise RunbookInvalid(f"{self.name}: a step name appears twice in {names}")
        last_aside = max((n for n, step in enumerate(self.steps, 1) if step.steps_aside), default=0)
        if any(step.undo for step in self.steps[:last_aside]):
            raise RunbookInvalid(f"{self.name}: a run that steps aside has nothing to undo")
        expected: type[Message] = self.on
        for step in self.steps:
            _takes(self.name, step.handler, expected)
            if step.undo:
                _takes(self.name, step.undo, expected)
            expected = _returns(self.name, step.handler)

    def priority_in(self, tier: int | None) -> Priority:
        """Of a run in an environment of that tier; None for one that the estate does not know."""
        express = self.priority is Priority.URGENT and tier == 1
        return Priority.EXPRESS if express else self.priority

    @property
    def topics(self) -> tuple[str, ...]:
        """Where commands to its steps travel."""
        express = self.priority is Priority.URGENT
        return (self.name, self.name + EXPRESS) if express else (self.name,)

    def actions(self) -> tuple["Action", ...]:
        """Every step in order, then every undo in reverse order: the plan of a run."""
        do = [Action(self.name, step.handler, step) for step in self.steps]
        undo = [Action(self.name, s.undo, s, undoes=s.name) for s in self.steps[::-1] if s.undo]
        return (*do, *undo)


@dataclass(frozen=True)
class Action:
    """A function that a subscription triggers: a step, or the undo of one."""

    topic: str
    handler: Callable[..., Message | Again | None]
    step: Step
    undoes: str | None = None

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def subscription(self) -> str:
        """The subscription, and the subject of the commands that it lets through."""
        return self.name.replace("_", "-")

    @cached_property
    def consumes(self) -> type[Message]:
        """The model of the handler's first argument."""
        first = next(iter(signature(self.handler).parameters))
        found: type[Message] = get_type_hints(self.handler)[first]
        return found

    @cached_property
    def resources(self) -> tuple[str, ...]:
        """The names of the keyword-only arguments."""
        parameters = signature(self.handler).parameters.values()
        return tuple(p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY)


def _takes(runbook: str, handler: Callable[..., object], expected: type[Message]) -> None:
    parameters = list(signature(handler).parameters.values())
    given = get_type_hints(handler).get(parameters[0].name)
    if given is not expected:
        raise RunbookInvalid(
            f"{runbook}: {handler.__name__} takes {given}, but gets {expected.__name__}"
        )
    if any(p.kind is not Parameter.KEYWORD_ONLY for p in parameters[1:]):
        raise RunbookInvalid(
            f"{runbook}: all arguments of {handler.__name__} but the first are keyword-only"
        )


def _returns(runbook: str, handler: Callable[..., object]) -> type[Message]:
    said = get_type_hints(handler).get("return")
    options = get_args(said) if get_origin(said) in (Union, types.UnionType) else (said,)
    facts = [o for o in options if isinstance(o, type) and issubclass(o, Message)]
    if len(facts) != 1 or not set(options) <= {*facts, Again}:
        raise RunbookInvalid(
            f"{runbook}: {handler.__name__} must return one message (or Again), not {said}"
        )
    return facts[0]
