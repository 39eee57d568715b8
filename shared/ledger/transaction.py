"""One transaction of the ledger: one short method per query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, cast
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.bus import Envelope
from shared.ledger.records import (
    Disposition,
    Kind,
    Link,
    ParkedMessage,
    RunRecord,
    RunStatus,
    StepRecord,
    StuckStep,
)
from shared.ledger.sql import load_queries
from shared.messages import CloudEvent

R = TypeVar("R")

queries = {
    name: query
    for file in (
        "queries.sql",
        "overview.sql",
        "retention.sql",
        "workloads.sql",
        "environments.sql",
    )
    for name, query in load_queries(__package__, file).items()
}


@dataclass(frozen=True, slots=True)
class _Undo:
    position: int
    input: dict[str, Any]
    checkpoint: dict[str, Any] | None


class Transaction:
    """One transaction; ``now`` is its one instant, which every query may name."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        self._conn = conn
        self.now = now
        self.queued: list[Envelope] = []
        """What the transaction recorded for sending."""

    def do(self, query: str, **values: Any) -> None:
        self._conn.execute(queries[query], {"now": self.now, **values})

    def _to(self, step: StepRecord, query: str, **values: Any) -> None:
        self.do(query, run=step.run_id, position=step.position, **values)

    def all_of(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        return self._conn.execute(queries[query], {"now": self.now, **values}).fetchall()

    def rows(self, record: type[R], query: str, **values: Any) -> list[R]:
        with self._conn.cursor(row_factory=class_row(record)) as cursor:
            return cursor.execute(queries[query], {"now": self.now, **values}).fetchall()

    def row(self, record: type[R], query: str, **values: Any) -> R | None:
        with self._conn.cursor(row_factory=class_row(record)) as cursor:
            return cursor.execute(queries[query], {"now": self.now, **values}).fetchone()

    def needed(self, record: type[R], query: str, **values: Any) -> R:
        row = self.row(record, query, **values)
        assert row is not None, query
        return row

    def execute_literal(self, statement: Literal["set local synchronous_commit = off"]) -> None:
        self._conn.execute(statement)

    # -- events --------------------------------------------------------------------------

    def insert_event(
        self, event: CloudEvent, environment: str | None, read_as: str | None = None
    ) -> bool:
        """False when the event is known already; a parked one may come again."""
        return bool(
            self.all_of(
                "insert_event",
                source=event.source,
                id=event.id,
                type=event.type,
                environment=environment,
                read_as=read_as,
                body=Jsonb(event.model_dump(mode="json", exclude_none=True)),
            )
        )

    def settle_event(
        self,
        source: str,
        id: str,
        disposition: Disposition,
        reason: str | None,
        *,
        coalesced_with: Sequence[UUID] = (),
        parked: str | None = None,
    ) -> None:
        self.do(
            "settle_event",
            source=source,
            id=id,
            disposition=disposition,
            reason=reason,
            coalesced_with=list(coalesced_with),
            parked=parked,
        )

    # -- interlock -----------------------------------------------------------------------

    def lock_interlock(self, environment: str) -> UUID | None:
        """The run that holds it."""
        [(holder,)] = self.all_of("lock_interlock", environment=environment)
        return cast("UUID | None", holder)

    def hold_interlock(self, environment: str, run: UUID) -> int:
        """Give the interlock to a run; return the new epoch."""
        [(epoch,)] = self.all_of("hold_interlock", environment=environment, run=run)
        return int(epoch)

    def release_interlock(self, environment: str, run: UUID) -> None:
        self.do("release_interlock", environment=environment, run=run)

    def next_waiting_run(self, environment: str) -> tuple[UUID, str | None] | None:
        """Who comes next, and the step that it goes on with if it has stepped aside."""
        found = self.all_of("next_waiting_run", environment=environment)
        return (found[0][0], found[0][1]) if found else None

    def step_aside(self, step: StepRecord) -> None:
        """Let the step's run wait without the interlock."""
        self.do("step_aside", environment=step.environment, run=step.run_id)

    # -- runs ----------------------------------------------------------------------------

    def find_run_to_coalesce_with(self, environment: str, runbook: str, key: str) -> UUID | None:
        found = self.all_of(
            "find_run_to_coalesce_with", environment=environment, runbook=runbook, key=key
        )
        return found[0][0] if found else None

    def insert_run(
        self,
        *,
        id: UUID,
        runbook: str,
        environment: str,
        event: CloudEvent,
        coalesce_key: str | None,
        traceparent: str | None,
        priority: int,
        overdue_after: timedelta,
    ) -> None:
        self.do(
            "insert_run",
            id=id,
            runbook=runbook,
            environment=environment,
            event_source=event.source,
            event_id=event.id,
            coalesce_key=coalesce_key,
            traceparent=traceparent,
            priority=priority,
            overdue_after=overdue_after,
        )

    def insert_step(
        self,
        run: UUID,
        position: int,
        *,
        name: str,
        kind: Kind,
        undoes: str | None,
        max_attempts: int,
        time_limit: timedelta,
        input: Mapping[str, Any] | None,
    ) -> None:
        self.do(
            "insert_step",
            run=run,
            position=position,
            name=name,
            kind=kind,
            undoes=undoes,
            max_attempts=max_attempts,
            time_limit=time_limit,
            input=_json(input),
        )

    def start_run(self, run: UUID, epoch: int) -> RunRecord:
        return self.needed(RunRecord, "start_run", run=run, epoch=epoch)

    def turn_back(
        self, run: UUID, *, reason: str, ends_as: Literal["failed", "superseded"]
    ) -> None:
        self.do("turn_back", run=run, reason=reason, ends_as=ends_as)

    def run_state(self, run: UUID) -> RunRecord | None:
        return self.row(RunRecord, "run_state", run=run)

    def ask_to_cancel(self, run: UUID, said: str) -> RunRecord | None:
        """None when the run is over or turns back; the first one who asked is remembered."""
        return self.row(RunRecord, "ask_to_cancel", run=run, said=said)

    def end_unstarted(self, run: UUID, said: str) -> None:
        """Fail a run that waits for its interlock, which is locked."""
        self.do("end_unstarted", run=run, said=said)

    def end_run(self, run: UUID, status: RunStatus) -> None:
        self.do("end_run", run=run, status=status)

    def overdue_runs(self) -> list[RunRecord]:
        """Runs that have just become overdue; each is returned once."""
        return self.rows(RunRecord, "overdue_runs")

    def current_step(self, run: UUID) -> str:
        found = self.all_of("current_step", run=run)
        return found[0][0] if found else "none"

    # -- steps ---------------------------------------------------------------------------

    def lock_step(self, run: UUID, step: str) -> StepRecord | None:
        return self.row(StepRecord, "lock_step", run=run, step=step)

    def following_step(self, run: UUID, kind: Kind, position: int) -> str | None:
        """The name of the pending step of a kind that comes next behind a position."""
        found = self.all_of("following_step", run=run, kind=kind, position=position)
        return found[0][0] if found else None

    def ready_step(self, run: UUID, step: str, input: Mapping[str, Any] | None = None) -> None:
        self.do("ready_step", run=run, step=step, input=_json(input))

    def lease_step(self, step: StepRecord, attempt: int, lease: UUID, until: datetime) -> None:
        """Lease the step to an attempt, and open that or look in on it once more."""
        self._to(step, "lease_step", attempt=attempt, epoch=step.epoch, lease=lease, until=until)

    def close_attempt(self, step: StepRecord, outcome: str, error: str | None = None) -> None:
        self._to(step, "close_attempt", number=step.attempt, outcome=outcome, error=error)

    def end_step(
        self,
        step: StepRecord,
        status: Literal["succeeded", "failed"],
        *,
        output: Mapping[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        """End the step, and its attempt if there is one, the same way."""
        self._to(
            step, "end_step", attempt=step.attempt, status=status, output=_json(output), error=error
        )

    def postpone_step(
        self,
        step: StepRecord,
        due_at: datetime,
        *,
        attempt: int,
        checkpoint: Mapping[str, Any] | None,
        error: str | None = None,
    ) -> None:
        self._to(
            step,
            "postpone_step",
            due_at=due_at,
            attempt=attempt,
            checkpoint=_json(checkpoint),
            error=error,
        )

    def give_up_step(self, step: StepRecord, checkpoint: Mapping[str, Any]) -> None:
        """End the step as neither done nor failed: its undo finds the checkpoint."""
        self._to(step, "give_up_step", checkpoint=_json(checkpoint))

    def wake_step(self, step: StepRecord) -> None:
        """Make the step due now, or after the look that an attempt is at."""
        self._to(step, "wake_step")

    def plan_undo(self, run: UUID) -> None:
        """Make the undo of every step that was begun pending; skip everything else that is."""
        for undo in self.rows(_Undo, "steps_to_undo", run=run):
            self.do(
                "plan_undo",
                run=run,
                position=undo.position,
                input=_json(undo.input),
                checkpoint=_json(undo.checkpoint),
            )
        self.skip_steps(run)

    def skip_steps(self, run: UUID) -> None:
        self.do("skip_steps_without_input", run=run)

    def failed_undo_steps(self, run: UUID) -> tuple[str, ...]:
        return tuple(name for (name,) in self.all_of("failed_undo_steps", run=run))

    def stuck_steps(self, *, grace: timedelta, limit: int) -> list[StuckStep]:
        return self.rows(StuckStep, "stuck_steps", before=self.now - grace, limit=limit)

    def count_redrive(self, step: StepRecord) -> int:
        [(redrives,)] = self.all_of("count_redrive", run=step.run_id, position=step.position)
        return int(redrives)

    # -- messages ------------------------------------------------------------------------

    def queue(self, envelopes: Iterable[Envelope]) -> None:
        """Record messages to send when the transaction commits; a repeated id is the same one."""
        self.queued.extend(envelopes)

    def write_outbox(self) -> None:
        """Record all that was queued: the last statement of a transaction."""
        if self.queued:
            messages = Jsonb([_row(envelope) for envelope in self.queued])
            self.do("insert_outbox", messages=messages)

    def park(
        self,
        *,
        id: str,
        topic: str,
        subscription: str,
        message_id: str,
        reason: str,
        body: str,
        properties: Mapping[str, Any],
    ) -> bool:
        """False when the message is parked already."""
        return bool(
            self.all_of(
                "insert_parked",
                id=id,
                topic=topic,
                subscription=subscription,
                message_id=message_id,
                reason=reason,
                body=body,
                properties=Jsonb(dict(properties)),
            )
        )

    def resolve_parked(
        self, id: str, resolution: Literal["replayed", "discarded"], by: str
    ) -> ParkedMessage | None:
        """The message, or None when there is no such unresolved one."""
        return self.row(ParkedMessage, "resolve_parked", id=id, resolution=resolution, by=by)

    # -- record --------------------------------------------------------------------------

    def audit(self, run: UUID, what: str, **facts: Any) -> None:
        self.do("insert_audit", run=run, what=what, facts=Jsonb(facts))

    def run_record(self, run: UUID) -> dict[str, Any] | None:
        found = self.all_of("run_record", run=run)
        if not found:
            return None
        parts = ("run", "event", "steps", "attempts", "audit", "approvals")
        return dict(zip(parts, found[0], strict=True))

    def next_link(self, environment: str) -> Link:
        """Where the chain of an environment goes on; locked until the transaction ends."""
        return self.needed(Link, "next_link", environment=environment)

    def seal(self, run: UUID, body: Mapping[str, Any], sha256: str, link: Link) -> None:
        self.do(
            "insert_evidence",
            run=run,
            body=Jsonb(body),
            sha256=sha256,
            environment=link.environment,
            number=link.number,
        )


def _json(value: Mapping[str, Any] | None) -> Jsonb | None:
    return None if value is None else Jsonb(value)


def _row(envelope: Envelope) -> dict[str, Any]:
    at = envelope.scheduled_for
    plain = {"scheduled_for": at and at.isoformat(), "properties": dict(envelope.properties)}
    return vars(envelope) | plain
