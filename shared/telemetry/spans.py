"""The trace of a run that is over, drawn from the ledger: also of attempts whose process died."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from shared.telemetry.context import span_id, trace_id

Row = Mapping[str, Any]
FAILED = ("retrying", "failed", "lost")


class RunSpans:
    """Event, run, steps and their undoing, attempts and approvals.

    Below an attempt, the process that makes it exports what it does while the run goes on.
    """

    def __init__(self, record: Row, resource: Resource) -> None:
        self._run: Row = record["run"]
        self._record = record
        self._id = UUID(self._run["id"])
        self._trace = trace_id(self._run["traceparent"])
        self._root = context_of(self._trace, self._id.hex[:16])
        self._resource = resource

    def __iter__(self) -> Iterator[ReadableSpan]:
        yield self._event()
        yield self._whole()
        for step in self._record["steps"]:
            if step["started_at"] is not None:
                yield self._step(step)
        for attempt in self._record["attempts"]:
            yield self._attempt(attempt)
        for approval in self._record["approvals"]:
            yield self._approval(approval)

    def _event(self) -> ReadableSpan:
        event = self._record["event"]
        brought = event["body"].get("traceparent")
        said = {f"event.{name}": event[name] for name in ("source", "id", "type")}
        return self._span(
            event["type"],
            context_of(self._trace, span_id(self._id, "event")),
            _parse(brought) if brought else None,
            (event["received_at"], self._run["created_at"]),
            said,
            kind=SpanKind.CONSUMER,
        )

    def _whole(self) -> ReadableSpan:
        run = self._run
        return self._span(
            run["runbook"],
            self._root,
            context_of(self._trace, span_id(self._id, "event")),
            (run["created_at"], run["ended_at"]),
            {"epoch": run["epoch"], "status": run["status"]},
            failed=run["reason"] or "" if run["status"] == "failed" else None,
            events=[_entry(entry) for entry in self._record["audit"]],
        )

    def _step(self, step: Row) -> ReadableSpan:
        undoes = step["undoes"]
        return self._span(
            step["name"],
            self._below(step["name"]),
            self._root,
            (step["started_at"], step["ended_at"]),
            {"step": step["name"], "status": step["status"], "undoes": undoes},
            failed=step["error"] or "" if step["status"] == "failed" else None,
            links=[Link(self._below(undoes))] if undoes else [],
        )

    def _attempt(self, attempt: Row) -> ReadableSpan:
        name, number, outcome = self._name(attempt), attempt["number"], attempt["outcome"]
        return self._span(
            "attempt",
            self._below(name, number),
            self._below(name),
            (attempt["started_at"], attempt["ended_at"]),
            {"step": name, "attempt": number, "outcome": outcome, "looks": attempt["looks"]},
            failed=attempt["error"] or "" if outcome in FAILED else None,
        )

    def _approval(self, approval: Row) -> ReadableSpan:
        name, status = self._name(approval), approval["status"]
        return self._span(
            "approval",
            self._below(name, "approval"),
            self._below(name),
            (approval["requested_at"], approval["decided_at"]),
            {"step": name, "status": status, "tier": approval["tier"]},
            failed=status if status in ("rejected", "expired") else None,
        )

    def _name(self, row: Row) -> str:
        [name] = [s["name"] for s in self._record["steps"] if s["position"] == row["position"]]
        return str(name)

    def _below(self, *names: str | int) -> SpanContext:
        return context_of(self._trace, span_id(self._id, *names))

    def _span(
        self,
        name: str,
        context: SpanContext,
        parent: SpanContext | None,
        between: tuple[str, str | None],
        facts: dict[str, Any],
        *,
        failed: str | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        events: list[Event] | None = None,
        links: list[Link] | None = None,
    ) -> ReadableSpan:
        began, ended = between
        return ReadableSpan(
            name,
            context,
            parent,
            self._resource,
            spelled(self._common() | facts | {"reason": failed or None}),
            events or (),
            links or (),
            kind,
            status=Status(StatusCode.UNSET if failed is None else StatusCode.ERROR, failed),
            start_time=_nanoseconds(began),
            end_time=_nanoseconds(ended or self._run["ended_at"]),
        )

    def _common(self) -> dict[str, Any]:
        return {"run": self._run["id"]} | {n: self._run[n] for n in ("runbook", "environment")}


def spelled(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes under our own prefix; what is not known is left out."""
    return {f"signalbox.{name}": value for name, value in facts.items() if value is not None}


def context_of(trace: str, span: str) -> SpanContext:
    """A context that came from elsewhere, and is recorded."""
    return SpanContext(int(trace, 16), int(span, 16), True, TraceFlags(TraceFlags.SAMPLED))


def _parse(traceparent: str) -> SpanContext:
    _, trace, span, _ = traceparent.split("-", 3)
    return context_of(trace, span)


def _entry(entry: Row) -> Event:
    """People and reasons that an audit entry may name stay in the ledger."""
    facts = {name: entry["facts"].get(name) for name in ("step", "attempt", "approval")}
    return Event(entry["what"], spelled(facts), _nanoseconds(entry["at"]))


def _nanoseconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1_000_000) * 1000
