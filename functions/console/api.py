"""The API for programs: JSON in, JSON out, refusals as problem+json."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel, Field

from functions.console.access import READ, Approver, Operator, Reader
from functions.console.board import Card, board
from functions.console.desk import At, Desk
from functions.console.problems import REFUSALS
from shared.identity import Caller, Role
from shared.ledger import ReceivedEvent, RunSummary
from shared.ledger.approvals import Approval, Decision
from shared.messages import CloudEvent, Event
from shared.runs.cancelling import NoSuchRun, cancel, retry
from shared.runs.deciding import MANUAL
from shared.runs.evidence import is_intact
from shared.runs.parking import discard, replay
from shared.runs.publishing import publish
from shared.runs.reading import Received, Unacceptable, read_event

router = APIRouter(prefix="/api", dependencies=[READ], responses=REFUSALS)

MOST = 2**62
"""Above the number of every event."""

Limit = Annotated[int, Query(ge=1, le=500)]


def _lead_on(request: Request, response: Response, **place: object) -> None:
    following = request.url.include_query_params(**place)
    response.headers["link"] = f'<{following.path}?{following.query}>; rel="next"'


@router.get("/runs", tags=["runs"])
def list_runs(
    request: Request,
    response: Response,
    desk: At,
    environment: str | None = None,
    status: str | None = None,
    runbook: str | None = None,
    behind: UUID | None = None,
    limit: Limit = 20,
) -> list[RunSummary]:
    """Runs, newest first. The header ``Link`` leads to the next page while there is one."""
    found = desk.ledger.recent_runs(
        environment=environment, status=status, runbook=runbook, behind=behind, limit=limit
    )
    if len(found) == limit:
        _lead_on(request, response, behind=found[-1].id)
    return found


@router.get("/runs/{id}", tags=["runs"])
def show_run(id: UUID, desk: At) -> dict[str, Any]:
    """Everything that the ledger has about one run."""
    record = desk.ledger.run_record(id)
    if record is None:
        raise NoSuchRun(f"there is no run {id}")
    return record


class Published(BaseModel):
    """The identity of an event on its way to the intake."""

    source: str
    id: str


class SealedRecord(BaseModel):
    """The evidence of a run that is over."""

    sha256: str
    intact: bool
    """Whether the record is still the one that was sealed."""
    evidence: dict[str, Any]


@router.get("/runs/{id}/evidence", tags=["runs"])
def show_evidence(id: UUID, desk: At) -> SealedRecord:
    """The sealed record of a run that is over, and whether its seal holds."""
    found = desk.ledger.evidence(id)
    if found is None:
        raise HTTPException(404, "There is no evidence: the run is not over, or there is none.")
    return SealedRecord(
        sha256=found.sha256, intact=is_intact(found), evidence=json.loads(found.body)
    )


class WhyCancelled(BaseModel):
    reason: str = Field(min_length=1, max_length=1000)


@router.post("/runs/{id}/cancel", tags=["runs"], status_code=202)
def cancel_run(id: UUID, why: WhyCancelled, desk: At, caller: Operator) -> dict[str, str]:
    """Give a run up: what it did is undone once the attempt at work has ended."""
    cancel(desk.ledger, desk.post, id, by=caller.name, reason=why.reason)
    return {"cancelled": str(id)}


@router.post("/runs/{id}/retry", tags=["runs"], status_code=202)
def retry_run(id: UUID, desk: At, caller: Operator) -> Published:
    """Publish the event of a failed run again, for its environment only."""
    now = desk.ledger.clock()
    event = retry(desk.ledger, desk.bus, desk.intake, id, by=caller.name, now=now)
    return Published(source=event.source, id=event.id)


class ApprovalShown(BaseModel):
    approval: Approval
    decisions: list[Decision]


class Verdict(BaseModel):
    """What a person says to a plan. The name is that of the sign-in, never given here."""

    verdict: Literal["approve", "reject", "break-glass"]
    plan: str = Field(min_length=8, max_length=64)
    """The SHA-256 of the plan that was shown, or at least its first eight digits."""
    reason: str | None = Field(default=None, max_length=1000)


@router.get("/approvals", tags=["approvals"])
def list_approvals(
    desk: At, status: str | None = None, environment: str | None = None, limit: Limit = 50
) -> list[Approval]:
    """What steps asked people for, newest first."""
    return desk.approvals.newest(status=status, environment=environment, limit=limit)


@router.get("/approvals/{id}", tags=["approvals"])
def show_approval(id: str, desk: At) -> ApprovalShown:
    """One approval: the plan, its hash, and what people said so far."""
    approval, decisions = desk.approvals.show(id)
    return ApprovalShown(approval=approval, decisions=decisions)


@router.post("/approvals/{id}/decision", tags=["approvals"])
def decide(id: str, verdict: Verdict, desk: At, caller: Approver) -> Approval:
    """Approve or reject exactly the plan whose hash is stated."""
    said = {"plan": verdict.plan, "person": caller.name}
    if verdict.verdict == "reject":
        return desk.approvals.reject(id, **said, reason=verdict.reason or "")
    alone = verdict.verdict == "break-glass"
    return desk.approvals.approve(id, **said, reason=verdict.reason, break_glass=alone)


class ParkedShown(BaseModel):
    id: str
    topic: str
    subscription: str
    reason: str
    parked_at: datetime
    resolution: Literal["replayed", "discarded"] | None
    body: str | None
    """Only for operators: somebody may have typed anything into it."""


@router.get("/parked", tags=["parked"])
def list_parked(
    desk: At, caller: Reader, resolved: bool = False, limit: Limit = 100
) -> list[ParkedShown]:
    """Messages that could not be handled, newest first."""
    shown = caller.may(Role.OPERATOR)
    return [
        ParkedShown(
            id=each.id,
            topic=each.topic,
            subscription=each.subscription,
            reason=each.reason,
            parked_at=each.parked_at,
            resolution=each.resolution,
            body=each.body if shown else None,
        )
        for each in desk.ledger.parked_messages(resolved=resolved, limit=limit)
    ]


@router.post("/parked/{id}/replay", tags=["parked"], status_code=202)
def replay_parked(id: str, desk: At, caller: Operator) -> dict[str, str]:
    """Send a message again, after what kept it from being handled was mended."""
    replay(desk.ledger, desk.bus, id, caller.name)
    return {"replayed": id}


@router.post("/parked/{id}/discard", tags=["parked"])
def discard_parked(id: str, desk: At, caller: Operator) -> dict[str, str]:
    """Give a message up; it stays in the ledger."""
    discard(desk.ledger, id, caller.name)
    return {"discarded": id}


@router.get("/estate", tags=["estate"])
def show_estate(desk: At) -> list[Card]:
    """Every environment: what it serves, how fresh its data is, who holds it."""
    return board(desk)


@router.get("/events", tags=["events"])
def list_events(
    request: Request,
    response: Response,
    desk: At,
    environment: str | None = None,
    disposition: str | None = None,
    type: str | None = None,
    before: Annotated[int | None, Query(ge=0, le=MOST)] = None,
    source: str | None = None,
    id: str | None = None,
    limit: Limit = 20,
) -> list[ReceivedEvent]:
    """What became of every event, newest first; ``source`` and ``id`` together find one."""
    if source and id:
        found = desk.ledger.event(source, id)
        return [found] if found else []
    events = desk.ledger.recent_events(
        environment=environment, disposition=disposition, type=type, before=before, limit=limit
    )
    if len(events) == limit:
        _lead_on(request, response, before=events[-1].number)
    return events


class EventShown(BaseModel):
    event: ReceivedEvent
    body: dict[str, Any]
    """The event as it was understood; empty for a message that was none."""


@router.get("/events/{number}", tags=["events"])
def show_event(number: Annotated[int, PathParameter(ge=0, le=MOST)], desk: At) -> EventShown:
    """One event by its number, with its body."""
    found = desk.ledger.event_by_number(number)
    if found is None:
        raise HTTPException(404, "There is no event of this number.")
    return EventShown(event=found, body=desk.ledger.event_body(number))


async def _body(request: Request) -> bytes:
    return await request.body()


Raw = Annotated[bytes, Depends(_body)]
EVENT = {
    "requestBody": {"content": {"application/cloudevents+json": {"schema": {"type": "object"}}}}
}


@router.post("/events", tags=["events"], status_code=202, openapi_extra=EVENT)
def publish_event(body: Raw, desk: At, caller: Operator) -> Published:
    """Check an event as intake will, and publish it; who may approve does so in their own name."""
    try:
        event = signed(read_event(Received("http", "http", "", body, {})), caller)
    except Unacceptable as refused:
        raise HTTPException(400, str(refused)) from None
    return _publish(desk, event)


def publish_as(desk: Desk, caller: Caller, event: Event) -> Published:
    """Publish an event of ours in somebody's name."""
    source, now = f"{MANUAL}{caller.name}", desk.ledger.clock()
    return _publish(desk, CloudEvent.of(event, id=str(uuid4()), source=source, time=now))


def _publish(desk: Desk, event: CloudEvent) -> Published:
    try:
        desk.intake.understand(event)
    except Unacceptable as refused:
        raise HTTPException(400, str(refused)) from None
    publish(desk.bus, event)
    return Published(source=event.source, id=event.id)


def signed(event: CloudEvent, caller: Caller) -> CloudEvent:
    """Nobody counts towards the approval of what they asked for themselves under another name."""
    own = f"{MANUAL}{caller.name}"
    if caller.may(Role.APPROVER):
        return event.model_copy(update={"source": own})
    if caller.has_name and event.source.startswith(MANUAL) and event.source != own:
        raise Unacceptable(f"source {event.source} is another person's: leave it out, or say {own}")
    return event


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> dict[str, Any]:
    """This API as an OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return document
