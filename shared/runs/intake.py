"""An event becomes runs, once and only once; a message that can never be one is parked."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from uuid import UUID

import structlog
from pydantic import ValidationError

from shared.errors import PermanentError, explain
from shared.estate import Estate
from shared.ledger import Disposition, Transaction
from shared.messages import CloudEvent, Event
from shared.messages.announcements import MessageParked
from shared.runs.commands import announce_parked, run_id
from shared.runs.interlock import grant_next
from shared.runs.reading import Received, Unacceptable, digest, storable
from shared.runs.runbook import Priority, Runbook
from shared.runs.translation import Claim, translate
from shared.signs import listed
from shared.telemetry.context import trace_of

log = structlog.get_logger()

LONGEST_REASON = 2_000
"""Characters of a reason that is kept."""

UNREADABLE = "/unreadable"
"""The source under which a message is listed that is no event at all."""


@dataclass(frozen=True)
class Reaction:
    """A runbook that answers an event, and where."""

    runbook: Runbook
    event: Event
    environments: tuple[str, ...]


@dataclass(frozen=True)
class Understood:
    """What an event stands for."""

    reactions: tuple[Reaction, ...]
    read_as: str | None = None
    """The type of Signalbox's own that an event of Azure was translated to."""
    environment: str | None = None
    ignored: str | None = None
    """Why nothing answers, when nothing does."""

    @property
    def environments(self) -> tuple[str, ...]:
        """Those for which a run starts."""
        return tuple(sorted({name for each in self.reactions for name in each.environments}))


class Intake:
    """Knows which runbook answers which event."""

    def __init__(self, runbooks: Iterable[Runbook], estate: Estate) -> None:
        self._runbooks = {runbook.on.type: runbook for runbook in runbooks}
        self._estate = estate
        self._tiers = {each.name: each.tier for each in estate.environments}

    def understand(self, event: CloudEvent) -> Understood:
        """What an event stands for. Raises Unacceptable, which says what to send instead."""
        translation = translate(event, self._estate)
        if translation is not None:
            return self._translated(translation.claims, translation.silent)
        if event.type not in self._runbooks:
            raise Unacceptable(f"no runbook answers this type; {self._hint(event.type)}")
        return _understood((self._reaction(event.type, event.data),))

    def _translated(self, claims: tuple[Claim, ...], silent: str) -> Understood:
        answered = [claim for claim in claims if claim.type in self._runbooks]
        if answered:
            reactions = tuple(self._reaction(claim.type, claim.data) for claim in answered)
            return _understood(reactions, read_as=answered[0].type)
        if not claims:
            return Understood((), ignored=silent)
        first = claims[0]
        reason = f"no runbook answers {first.type}"
        return Understood((), first.type, first.environment, ignored=reason)

    def _reaction(self, kind: str, data: dict[str, object]) -> Reaction:
        runbook = self._runbooks[kind]
        try:
            typed = runbook.on.model_validate(data)
        except ValidationError as error:
            raise Unacceptable(f"{kind}: {_advice(error, data)}; {self._example(kind)}") from None
        if runbook.on.of_the_estate:
            self._refuse_unknown(typed.environment)
        try:
            return Reaction(runbook, typed, runbook.concerns(typed, self._estate))
        except PermanentError as error:
            raise Unacceptable(str(error)) from error

    def _refuse_unknown(self, environment: str) -> None:
        if self._tiers and environment not in self._tiers:
            raise Unacceptable(
                f"the estate has no environment {environment};"
                f" {_nearest(environment, self._tiers)}it has {listed(self._tiers)}"
            )

    def _hint(self, kind: str) -> str:
        known = sorted(self._runbooks)
        near = get_close_matches(kind, known, n=1)
        return (
            f"{_nearest(kind, known)}known types: {listed(known)};"
            f" {self._example((near or known)[0]) if known else ''}"
        )

    def _example(self, kind: str) -> str:
        """The shortest event of a type that a person can type."""
        fields = self._runbooks[kind].on.model_fields.items()
        facts = {
            name: (field.examples or [f"<{name}>"])[0]
            for name, field in fields
            if field.is_required()
        }
        known = next(iter(self._tiers), None)
        typed = {"type": kind, **facts, **({"environment": known} if known else {})}
        return f"for example {json.dumps(typed)}"

    def accept(self, tx: Transaction, event: CloudEvent, understood: Understood) -> None:
        """Record an event and start its runs; a known event changes nothing."""
        if not tx.insert_event(event, understood.environment, understood.read_as):
            log.info("event_was_known", source=event.source, id=event.id)
            return
        started: dict[UUID, str] = {}
        coalesced: list[UUID] = []
        for environment, reaction in _in_order(understood.reactions):
            running = _find_same(tx, reaction, environment)
            if running:
                coalesced.append(running)
            else:
                priority = reaction.runbook.priority_in(self._tiers.get(environment))
                started[_start(tx, event, reaction, environment, priority)] = environment
        disposition, reason = _outcome(understood, bool(started), bool(coalesced))
        tx.settle_event(event.source, event.id, disposition, reason, coalesced_with=coalesced)
        for environment in started.values():
            grant_next(tx, environment)


def _understood(reactions: tuple[Reaction, ...], read_as: str | None = None) -> Understood:
    first = reactions[0]
    idle = not any(reaction.environments for reaction in reactions)
    told = f"no environment takes part in {first.runbook.name} of {first.event.environment}"
    return Understood(reactions, read_as, first.event.environment, told if idle else None)


def _nearest(given: str, known: Iterable[str]) -> str:
    near = get_close_matches(given, list(known), n=1)
    return f"did you mean {near[0]}? " if near else ""


def _advice(error: ValidationError, data: Mapping[str, object]) -> str:
    """What does not fit, and which missing field is only misspelt."""
    missing = {str(e["loc"][0]) for e in error.errors() if e["type"] == "missing"}
    misspelt = [name for name in sorted(missing) if get_close_matches(name, data.keys() - missing)]
    hints = "".join(f"; something is spelt almost like {name}" for name in misspelt)
    return explain(error) + hints


def _in_order(reactions: Iterable[Reaction]) -> list[tuple[str, Reaction]]:
    """Each environment once per runbook; sorted, so that two events lock in the same order."""
    found = {
        (environment, reaction.runbook.name): reaction
        for reaction in reactions
        for environment in reaction.environments
    }
    return [(environment, found[environment, name]) for environment, name in sorted(found)]


def _outcome(
    understood: Understood, started: bool, coalesced: bool
) -> tuple[Disposition, str | None]:
    if started or coalesced:
        return "started" if started else "coalesced", None
    return "ignored", understood.ignored


def _find_same(tx: Transaction, reaction: Reaction, environment: str) -> UUID | None:
    """The run of the same thing that is not over, with its environment locked."""
    tx.lock_interlock(environment)
    key = reaction.runbook.coalesce(reaction.event)
    return tx.find_run_to_coalesce_with(environment, reaction.runbook.name, key)


def _start(
    tx: Transaction, event: CloudEvent, reaction: Reaction, environment: str, priority: Priority
) -> UUID:
    """Insert a run that waits for its turn."""
    runbook, typed = reaction.runbook, reaction.event
    run = run_id(event.source, event.id, runbook.name, environment)
    tx.insert_run(
        id=run,
        runbook=runbook.name,
        environment=environment,
        event=event,
        coalesce_key=runbook.coalesce(typed),
        traceparent=trace_of(run, event.traceparent),
        priority=priority,
        overdue_after=runbook.overdue_after,
    )
    for position, action in enumerate(runbook.actions(), start=1):
        tx.insert_step(
            run,
            position,
            name=action.name,
            kind="undo" if action.undoes else "do",
            undoes=action.undoes,
            max_attempts=action.step.max_attempts,
            time_limit=action.step.time_limit,
            input=typed.model_dump(mode="json") if position == 1 else None,
        )
    return run


def parked_id(received: Received) -> str:
    """The same message is parked once; another one that bears its id is not lost over it.

    Short enough to be part of a message's id, and of what a person can type.
    """
    legible = re.sub(r"[^\w.:/-]", "-", received.message_id, flags=re.ASCII)[:48]
    whole = digest(storable(received.message_id).encode() + received.body)[:8]
    return ":".join(filter(None, (received.subscription, legible, whole)))


def _storable(value: object) -> object:
    return value if isinstance(value, bool | int | None) else storable(str(value))


def unreadable(received: Received) -> CloudEvent:
    """What stands in the list of events for a message that is none."""
    return CloudEvent(source=UNREADABLE, id=parked_id(received), type="unreadable", data={})


def park(
    tx: Transaction,
    received: Received,
    reason: str,
    *,
    event: CloudEvent | None = None,
    announced: bool = True,
) -> None:
    """Keep a message that can never be handled, with its reason, and say so.

    A reason can be as long as its sender likes; one that is announced has to fit into a message.
    """
    reason = reason[:LONGEST_REASON]
    id = parked_id(received)
    fresh = tx.park(
        id=id,
        topic=received.topic,
        subscription=received.subscription,
        message_id=storable(received.message_id),
        reason=reason,
        body=storable(received.body.decode("utf-8", errors="replace")),
        properties={storable(name): _storable(it) for name, it in received.properties.items()},
    )
    if event and tx.insert_event(event, event.subject):
        tx.settle_event(event.source, event.id, "parked", reason, parked=id)
    if fresh:
        log.warning("message_parked", parked=id, reason=reason)
    if fresh and announced:
        place = {"topic": received.topic, "subscription": received.subscription}
        announce_parked(tx, MessageParked(parked=id, reason=reason, at=tx.now, **place))
