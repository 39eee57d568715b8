"""The pages for people: with JavaScript a part of them renews itself, without it they reload."""

from datetime import timedelta
from typing import Annotated, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import RedirectResponse, Response

from functions.console import api
from functions.console.access import READ, FormApprover, FormOperator
from functions.console.board import board
from functions.console.desk import At, Desk
from functions.console.rendering import STATIC, Asked, static_file
from functions.console.timeline import tell
from shared.capabilities import health
from shared.ledger.approvals import Approval
from shared.ledger.records import RunStatus
from shared.runs.cancelling import cancel
from shared.runs.parking import causes, verdict
from shared.runs.telling import OVER

OFTEN = timedelta(seconds=1)
"""A run at work is looked at again."""
SELDOM = timedelta(seconds=2)

PAGE = 50
STATUSES: tuple[str, ...] = get_args(RunStatus)

router = APIRouter(dependencies=[READ], include_in_schema=False)
open_router = APIRouter(include_in_schema=False)


@open_router.get("/static/{name}")
def static(name: str) -> Response:
    """Style and script: the same for everybody, so open to everybody."""
    if name not in STATIC:
        raise HTTPException(404, "There is no such file.")
    keep = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(static_file(name), media_type=STATIC[name], headers=keep)


@router.get("/")
def show_board(page: Asked) -> Response:
    """The estate, and what waits for a person."""
    desk = page.desk
    counts = desk.ledger.counts()
    return page.show_live(
        "board",
        SELDOM,
        cards=board(desk),
        at_work=counts.active_runs,
        active=desk.ledger.active_runs(limit=PAGE),
        recent=[run for run in desk.ledger.recent_runs(limit=10) if run.status in OVER],
        approvals=len(desk.approvals.newest(status="waiting")),
        parked=counts.parked,
    )


@router.get("/runs")
def show_runs(
    page: Asked, environment: str = "", status: str = "", behind: UUID | None = None
) -> Response:
    """Runs, newest first, a page at a time."""
    found = page.desk.ledger.recent_runs(
        environment=environment or None, status=status or None, behind=behind, limit=PAGE
    )
    url = page.request.url
    older = url.include_query_params(behind=found[-1].id) if len(found) == PAGE else None
    return page.show_live(
        "runs",
        SELDOM,
        runs=found,
        older=older and f"{older.path}?{older.remove_query_params('seen').query}",
        environments=[each.name for each in page.desk.estate.environments],
        statuses=STATUSES,
        chosen={"environment": environment, "status": status},
    )


@router.get("/runs/{id}")
def show_run(id: UUID, page: Asked) -> Response:
    """One run, live while it is at work."""
    desk = page.desk
    story = tell(api.show_run(id, desk), desk.ledger.progress(id), desk.ledger.clock())
    return page.show_live(
        "run",
        None if story.is_over else OFTEN,
        able=health(desk.ledger, desk.estate).get(story.environment, ()),
        story=story,
        seal=api.show_evidence(id, desk) if story.is_over else None,
        approval=_waiting_approval(desk, id, story.environment),
    )


@router.post("/runs/{id}")
def steer_run(
    id: UUID,
    desk: At,
    caller: FormOperator,
    verdict: Annotated[Literal["cancel", "retry"], Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Cancel a run, or have it tried again by one that follows."""
    if verdict == "cancel":
        cancel(desk.ledger, desk.post, id, by=caller.name, reason=reason)
        return RedirectResponse(f"/runs/{id}", 303)
    api.retry_run(id, desk, caller)
    return RedirectResponse("/", 303)


def _waiting_approval(desk: Desk, run: UUID, environment: str) -> Approval | None:
    waiting = desk.approvals.newest(status="waiting", environment=environment)
    return next((each for each in waiting if each.run_id == run), None)


@router.get("/approvals")
def show_approvals(page: Asked) -> Response:
    """What steps asked people for: what waits comes first."""
    found = sorted(page.desk.approvals.newest(), key=lambda each: each.status != "waiting")
    return page.show_live("approvals", SELDOM, approvals=found)


@router.get("/approvals/{id}")
def show_approval(id: str, page: Asked) -> Response:
    """Everything that an approver must see, and one decision."""
    approval, decisions = page.desk.approvals.show(id)
    every = SELDOM if approval.status == "waiting" else None
    return page.show_live("approval", every, approval=approval, decisions=decisions)


@router.post("/approvals/{id}")
def decide(
    id: str,
    desk: At,
    caller: FormApprover,
    verdict: Annotated[Literal["approve", "reject", "break-glass"], Form()],
    plan: Annotated[str, Form(min_length=8, max_length=64)],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Record a decision on exactly the plan that the form showed."""
    said = api.Verdict(verdict=verdict, plan=plan, reason=reason.strip() or None)
    api.decide(id, said, desk, caller)
    return RedirectResponse(f"/approvals/{id}", 303)


@router.get("/parked")
def show_parked(page: Asked) -> Response:
    """Parked messages by cause, each with what a replay would do."""
    messages = page.desk.ledger.parked_messages()
    verdicts = {each.id: verdict(each, page.desk.intake) for each in messages}
    return page.show("parked.html", causes=causes(messages), verdicts=verdicts)


@router.post("/parked/{id}")
def resolve(
    id: str,
    desk: At,
    caller: FormOperator,
    verdict: Annotated[Literal["replay", "discard"], Form()],
) -> Response:
    """Replay or discard one message."""
    settle = api.replay_parked if verdict == "replay" else api.discard_parked
    settle(id, desk, caller)
    return RedirectResponse("/parked", 303)
