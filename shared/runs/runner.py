"""Around a step: begin the attempt, call the step, record the outcome. The only caller of steps."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
import structlog
from pydantic import ValidationError
from structlog.contextvars import bound_contextvars

from shared.errors import PermanentError, TemporaryError, explain
from shared.ledger import Ledger, StepRecord, Transaction
from shared.messages import Command
from shared.runs.attempts import Failed, Outcome, Retrying, Succeeded, begin, finish
from shared.runs.outbox import Post, commit
from shared.runs.reading import storable
from shared.runs.runbook import Action, Again, Run, RunbookInvalid
from shared.telemetry import SILENT, Telemetry
from shared.telemetry.context import trace_id

log = structlog.get_logger()
T = TypeVar("T")


class Runner:
    """Delivers commands to steps.

    ``beating`` keeps a lease alive while its step works; ``lease`` is how long an attempt that
    is not heard of keeps others out.
    """

    def __init__(
        self,
        ledger: Ledger,
        post: Post,
        resources: object,
        *,
        beating: Callable[[UUID], AbstractContextManager[None]],
        lease: timedelta = timedelta(seconds=60),
        new_lease: Callable[[], UUID] = uuid4,
        telemetry: Telemetry = SILENT,
    ) -> None:
        self._ledger = ledger
        self._post = post
        self._resources = resources
        self._beating = beating
        self._lease = lease
        self._new_lease = new_lease
        self._telemetry = telemetry

    def bind(self, action: Action) -> Callable[..., Any]:
        """The action's handler with its resources filled in by name, but for ``run``.

        Raises RunbookInvalid when it asks for a resource that there is none of.
        """
        known = {name: getattr(self._resources, name, None) for name in action.resources}
        if missing := [name for name, found in known.items() if found is None and name != "run"]:
            raise RunbookInvalid(f"{action.name} asks for unknown resources: {', '.join(missing)}")
        known.pop("run", None)
        return partial(action.handler, **known)

    def deliver(self, action: Action, command: Command) -> None:
        """Do one attempt of a step. Returning settles the message; raising hands it back to the
        bus, which only a ledger out of reach may cause, and UnknownStep, which parks it."""
        with bound_contextvars(run=str(command.run), step=command.step):
            lease = self._new_lease()
            begun = self.commit(lambda tx: begin(tx, command, lease, self._lease))
            if begun is None:
                return
            facts = {"environment": begun.environment, "epoch": begun.epoch}
            facts |= {"trace_id": trace_id(begun.traceparent)} if begun.traceparent else {}
            with bound_contextvars(attempt=begun.attempt, **facts):
                self._attempt(action, begun, lease)

    def _attempt(self, action: Action, begun: StepRecord, lease: UUID) -> None:
        with self._telemetry.attempt(begun) as ended:
            with self._beating(lease):
                outcome = self._call(action, begun, lease)
            aside = action.step.steps_aside
            if self.commit(lambda tx: finish(tx, begun, outcome, steps_aside=aside)):
                ended(type(outcome).__name__.lower(), getattr(outcome, "reason", None))
            else:
                log.warning("attempt_outlived", outcome=type(outcome).__name__)
                ended("outlived", "another attempt has taken the step over")

    def commit(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in a transaction, then send what it queued."""
        return commit(self._ledger, self._post, work)

    def _call(self, action: Action, step: StepRecord, lease: UUID) -> Outcome:
        log.info("step_started")
        try:
            message = action.consumes.model_validate(step.input)
        except ValidationError as error:
            wrong = explain(error)
            return Failed(f"the ledger's facts do not fit {action.consumes.__name__}: {wrong}")
        given = {"run": self._run(step, lease)} if "run" in action.resources else {}
        try:
            result = self.bind(action)(message, **given)
        except PermanentError as error:
            log.warning("step_failed", error=type(error).__name__, reason=str(error))
            return Failed(_reason(error))
        except TemporaryError as error:
            log.warning("step_will_retry", error=type(error).__name__, reason=str(error))
            return Retrying(_reason(error), error.delay)
        except Exception as error:
            log.exception("step_broke")
            return Retrying(_reason(error), None)
        if isinstance(result, Again):
            log.info("step_goes_on", after=result.after.total_seconds())
            return result
        log.info("step_succeeded")
        return Succeeded(result.model_dump(mode="json") if result else {})

    def _run(self, step: StepRecord, lease: UUID) -> Run:
        return Run(
            id=step.run_id,
            environment=step.environment,
            epoch=step.epoch,
            step=step.name,
            attempt=step.attempt,
            checkpoint=step.checkpoint or {},
            still_mine=lambda: self._ledger.holds_lease(step.run_id, lease),
        )


def _reason(error: Exception) -> str:
    return storable(f"{type(error).__name__}: {_said(error)}"[:2000])


def _said(error: Exception) -> str:
    """The error's text, as far as it cannot quote rows: it goes into the evidence."""
    if isinstance(error, ValidationError):
        return explain(error)
    if not isinstance(error, psycopg.Error) or error.sqlstate is None:
        return str(error)
    if error.sqlstate.startswith("22"):  # data exceptions quote the data
        return f"SQLSTATE {error.sqlstate}; the log has PostgreSQL's message"
    return error.diag.message_primary or f"SQLSTATE {error.sqlstate}"
