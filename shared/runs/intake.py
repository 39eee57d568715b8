"""An event becomes runs, once and only once; a message that can never be one is parked."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import ValidationError

from shared.errors import PermanentError
from shared.estate import Estate
from shared.ledger import Transaction
from shared.messages import CloudEvent, Event
from shared.messages.announcements import MessageParked
from shared.runs.commands import announce_parked, run_id, trace_of
from shared.runs.interlock import grant_next
from shared.runs.runbook import Runbook

log = structlog.get_logger()


class Unacceptable(PermanentError):
    """The message is no event that Signalbox can ever answer; it was parked."""


@dataclass(frozen=True)
class Received:
    """A message as a subscription handed it over."""

    topic: str
    subscription: str
    message_id: str
    body: bytes
    properties: Mapping[str, Any]


def read_event(received: Received) -> CloudEvent:
    """The event in a message; a hand-typed one may lack an id. Raises Unacceptable."""
    try:
        return CloudEvent.model_validate_json(received.body)
    except ValidationError as error:
        if [e["loc"] for e in error.errors()] != [("id",)]:
            raise Unacceptable(explain(error)) from None
    digest = hashlib.sha256(received.body).hexdigest()[:16]
    typed: dict[str, Any] = json.loads(received.body)
    return CloudEvent.model_validate(typed | {"id": received.message_id or digest})


def explain(error: ValidationError) -> str:
    """What does not fit, without the values, which may be secrets."""
    return "; ".join(
        f"{'.'.join(map(str, e['loc'])) or 'message'}: {e['msg']}"
        for e in error.errors(include_input=False, include_url=False)
    )


class Intake:
    """Knows which runbook answers which event."""

    def __init__(self, runbooks: Iterable[Runbook], estate: Estate) -> None:
        self._runbooks = {runbook.on.type: runbook for runbook in runbooks}
        self._estate = estate

    def understand(self, event: CloudEvent) -> tuple[Runbook, Event, tuple[str, ...]]:
        """The runbook, the typed event and the environments concerned. Raises Unacceptable."""
        runbook = self._runbooks.get(event.type)
        if runbook is None:
            known = ", ".join(sorted(self._runbooks))
            raise Unacceptable(f"no runbook answers {event.type!r}; known types: {known}")
        try:
            typed = runbook.on.model_validate(event.data)
            return runbook, typed, runbook.concerns(typed, self._estate)
        except ValidationError as error:
            raise Unacceptable(f"data of {event.type}: {explain(error)}") from None
        except PermanentError as error:
            raise Unacceptable(str(error)) from error

    def accept(
        self,
        tx: Transaction,
        event: CloudEvent,
        understood: tuple[Runbook, Event, tuple[str, ...]],
    ) -> None:
        """Record an event and start its runs; a known event changes nothing."""
        runbook, typed, environments = understood
        if not _insert(tx, event, typed.environment):
            log.info("event_was_known", source=event.source, id=event.id)
            return
        if not environments:
            reason = f"no environment takes part in {runbook.name} of {typed.environment}"
            tx.settle_event(event.source, event.id, "ignored", reason)
            return
        started = [
            environment
            for environment in sorted(environments)
            if _start(tx, event, runbook, typed, environment)
        ]
        tx.settle_event(event.source, event.id, "started" if started else "coalesced", None)
        for environment in started:
            grant_next(tx, environment)


def _insert(tx: Transaction, event: CloudEvent, environment: str | None) -> bool:
    return tx.insert_event(
        source=event.source,
        id=event.id,
        type=event.type,
        environment=environment,
        body=event.model_dump(mode="json", exclude_none=True),
    )


def _start(
    tx: Transaction, event: CloudEvent, runbook: Runbook, typed: Event, environment: str
) -> bool:
    """Insert a run that waits for its turn; False when a run of the same thing is not over."""
    tx.lock_interlock(environment)
    key = runbook.coalesce(typed)
    if tx.find_run_to_coalesce_with(environment, runbook.name, key):
        return False
    run = run_id(event.source, event.id, runbook.name, environment)
    tx.insert_run(
        id=run,
        runbook=runbook.name,
        environment=environment,
        event=(event.source, event.id),
        coalesce_key=key,
        traceparent=event.traceparent or trace_of(run),
        priority=runbook.priority,
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
    return True


def park(
    tx: Transaction, received: Received, reason: str, *, event: CloudEvent | None = None
) -> None:
    """Keep a message that can never be handled, with its reason, and say so."""
    id = f"{received.subscription}:{received.message_id}"
    fresh = tx.park(
        id=id,
        topic=received.topic,
        subscription=received.subscription,
        message_id=received.message_id,
        reason=reason,
        body=received.body.decode("utf-8", errors="replace"),
        properties=received.properties,
    )
    if event and _insert(tx, event, event.subject):
        tx.settle_event(event.source, event.id, "parked", reason)
    if fresh:
        log.warning("message_parked", parked=id, reason=reason)
        announce_parked(
            tx,
            MessageParked(
                parked=id,
                topic=received.topic,
                subscription=received.subscription,
                reason=reason,
                at=tx.now,
            ),
        )
