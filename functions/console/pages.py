"""The pages for people: with JavaScript a part of them renews itself, without it they reload."""

from datetime import timedelta
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from functions.console.access import (
    READ,
    Approver,
    Operator,
    Reader,
    Token,
    check_token,
    form_token,
)
from functions.console.api import NoSuchRun, SealedRecord, show_evidence
from functions.console.board import board
from functions.console.desk import At
from functions.console.drills import drills, plots
from functions.console.rendering import STATIC, render, render_live, static_file
from functions.console.timeline import tell
from shared.capabilities import health
from shared.identity import Role
from shared.ledger.approvals import Approval
from shared.ledger.records import RunStatus
from shared.runs.cancelling import cancel, retry
from shared.runs.parking import causes, discard, replay, verdict

OFTEN = timedelta(seconds=1)
"""A run at work is looked at again."""
SELDOM = timedelta(seconds=2)

PAGE = 50
STATUSES: tuple[str, ...] = get_args(RunStatus)
ACTIVE = ("running", "undoing", "waiting")

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
def show_board(request: Request, desk: At, caller: Reader) -> Response:
    """The estate, and what waits for a person."""
    recent = desk.ledger.recent_runs(limit=10)
    return render_live(
        request,
        "board",
        SELDOM,
        caller=caller,
        cards=board(desk),
        active=[run for run in desk.ledger.recent_runs(limit=PAGE) if run.status in ACTIVE],
        recent=[run for run in recent if run.status not in ACTIVE],
        approvals=len(desk.approvals.newest(status="waiting")),
        parked=desk.ledger.counts().parked,
        now=desk.ledger.clock(),
    )


@router.get("/runs")
def show_runs(
    request: Request,
    desk: At,
    caller: Reader,
    environment: str = "",
    status: str = "",
    behind: UUID | None = None,
) -> Response:
    """Runs, newest first, a page at a time."""
    found = desk.ledger.recent_runs(
        environment=environment or None, status=status or None, behind=behind, limit=PAGE
    )
    older = request.url.include_query_params(behind=found[-1].id) if len(found) == PAGE else None
    return render_live(
        request,
        "runs",
        SELDOM,
        caller=caller,
        runs=found,
        older=older and f"{older.path}?{older.remove_query_params('seen').query}",
        environments=[each.name for each in desk.estate.environments],
        statuses=STATUSES,
        chosen={"environment": environment, "status": status},
        now=desk.ledger.clock(),
    )


@router.get("/runs/{id}")
def show_run(request: Request, id: UUID, desk: At, caller: Reader) -> Response:
    """One run, live while it is at work."""
    record = desk.ledger.run_record(id)
    if record is None:
        raise NoSuchRun
    story = tell(record, desk.ledger.progress(id), desk.ledger.clock())
    seal: SealedRecord | None = show_evidence(id, desk) if story.is_over else None
    return render_live(
        request,
        "run",
        None if story.is_over else OFTEN,
        able=health(desk.ledger, desk.estate).get(story.environment, ()),
        caller=caller,
        story=story,
        seal=seal,
        may_operate=caller.may(Role.OPERATOR),
        token=form_token(desk, caller),
        approval=_waiting_approval(desk, id, story.environment),
    )


@router.post("/runs/{id}")
def steer_run(
    id: UUID,
    desk: At,
    caller: Operator,
    token: Token,
    verdict: Annotated[Literal["cancel", "retry"], Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Cancel a run, or have it tried again by one that follows."""
    check_token(desk, caller, token)
    if verdict == "cancel":
        cancel(desk.ledger, desk.post, id, by=caller.name, reason=reason)
        return RedirectResponse(f"/runs/{id}", 303)
    now = desk.ledger.clock()
    retry(desk.ledger, desk.bus, desk.intake, id, by=caller.name, now=now)
    return RedirectResponse("/", 303)


def _waiting_approval(desk: At, run: UUID, environment: str) -> Approval | None:
    waiting = desk.approvals.newest(status="waiting", environment=environment)
    return next((each for each in waiting if each.run_id == run), None)


@router.get("/drills")
def show_drills(request: Request, desk: At, caller: Reader) -> Response:
    """Failovers and drills, each against the objectives."""
    shown = drills(desk)
    return render(
        request, "drills.html", caller=caller, drills=shown, plots=plots(shown) if shown else []
    )


# -- approvals -----------------------------------------------------------------------------------


@router.get("/approvals")
def show_approvals(request: Request, desk: At, caller: Reader) -> Response:
    """What steps asked people for: what waits comes first."""
    found = sorted(desk.approvals.newest(), key=lambda each: each.status != "waiting")
    return render_live(
        request, "approvals", SELDOM, caller=caller, approvals=found, now=desk.ledger.clock()
    )


@router.get("/approvals/{id}")
def show_approval(request: Request, id: str, desk: At, caller: Reader) -> Response:
    """Everything that an approver must see, and one decision."""
    approval, decisions = desk.approvals.show(id)
    return render_live(
        request,
        "approval",
        SELDOM if approval.status == "waiting" else None,
        caller=caller,
        approval=approval,
        decisions=decisions,
        may_decide=caller.may(Role.APPROVER),
        token=form_token(desk, caller),
        now=desk.ledger.clock(),
    )


@router.post("/approvals/{id}")
def decide(
    id: str,
    desk: At,
    caller: Approver,
    token: Token,
    verdict: Annotated[Literal["approve", "reject", "break-glass"], Form()],
    plan: Annotated[str, Form(max_length=64)],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Record a decision on exactly the plan that the form showed."""
    check_token(desk, caller, token)
    said: dict[str, Any] = {"plan": plan, "person": caller.name, "reason": reason.strip() or None}
    if verdict == "reject":
        desk.approvals.reject(id, **said | {"reason": reason.strip()})
    else:
        desk.approvals.approve(id, **said, break_glass=verdict == "break-glass")
    return RedirectResponse(f"/approvals/{id}", 303)


# -- parked --------------------------------------------------------------------------------------


@router.get("/parked")
def show_parked(request: Request, desk: At, caller: Reader) -> Response:
    """Parked messages by cause, each with what a replay would do."""
    messages = desk.ledger.parked_messages()
    return render(
        request,
        "parked.html",
        caller=caller,
        causes=causes(messages),
        verdicts={each.id: verdict(each, desk.intake) for each in messages},
        may_operate=caller.may(Role.OPERATOR),
        token=form_token(desk, caller),
        now=desk.ledger.clock(),
    )


@router.post("/parked/{id}")
def resolve(
    id: str,
    desk: At,
    caller: Operator,
    token: Token,
    verdict: Annotated[Literal["replay", "discard"], Form()],
) -> Response:
    """Replay or discard one message."""
    check_token(desk, caller, token)
    if verdict == "replay":
        replay(desk.ledger, desk.bus, id, caller.name)
    else:
        discard(desk.ledger, id, caller.name)
    return RedirectResponse("/parked", 303)
