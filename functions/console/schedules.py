"""Who is asleep or awake until when, and doing otherwise for once."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from pydantic import AwareDatetime, BaseModel, Field

from functions.console.access import READ, FormOperator, Operator
from functions.console.desk import At, Desk
from functions.console.problems import REFUSALS
from functions.console.rendering import Asked
from shared.identity import Caller
from shared.runs.hours import Hours, Schedules

router = APIRouter(
    prefix="/api/schedules", tags=["schedules"], dependencies=[READ], responses=REFUSALS
)
page_router = APIRouter(prefix="/schedules", dependencies=[READ], include_in_schema=False)

Verdict = Literal["wake", "sleep", "follow", "skip"]


class Shown(BaseModel):
    """What an environment does by the clock."""

    environment: str
    state: Literal["asleep", "waking", "going to sleep", "awake"]
    asleep: bool
    """As far as a run has brought it."""
    wanted: Literal["asleep", "awake"]
    until: datetime | None
    """When that is to end; null: not by the clock."""
    because: str
    overridden: bool
    """Whether a person wants it so."""
    next_refresh: datetime | None
    skipped_by: str | None
    """Who passed the refresh over that would have been due next."""

    @classmethod
    def of(cls, hours: Hours) -> "Shown":
        return cls(
            environment=hours.environment,
            state=hours.state,
            asleep=hours.record.asleep,
            wanted="asleep" if hours.asleep else "awake",
            until=hours.until,
            because=hours.because,
            overridden=hours.record.override_asleep is not None,
            next_refresh=hours.next_refresh,
            skipped_by=hours.record.skipped_by,
        )


class Otherwise(BaseModel):
    """What a person wants."""

    verdict: Verdict
    """``wake`` and ``sleep`` hold until their end; ``follow`` ends them; ``skip`` passes the next
    scheduled refresh over."""
    until: AwareDatetime | None = None
    """For ``wake`` four hours from now when left out, for ``sleep`` the next waking hours."""
    reason: str = Field(default="no reason given", min_length=1, max_length=1000)


@router.get("")
def list_schedules(desk: At) -> list[Shown]:
    """Every environment that follows a schedule, sleeps, or is wanted so by somebody."""
    return [Shown.of(each) for each in schedules_of(desk).all()]


@router.post("/{environment}")
def do_otherwise(environment: str, wanted: Otherwise, desk: At, caller: Operator) -> Shown:
    """Wake an environment or put it to sleep, let it follow its schedule, or skip a refresh."""
    _apply(desk, caller, environment, wanted)
    return Shown.of(schedules_of(desk).of(environment))


@page_router.get("")
def show_schedules(page: Asked) -> Response:
    """Who is asleep or awake until when and why, and when the next refresh is due."""
    found = [Shown.of(each) for each in schedules_of(page.desk).all()]
    return page.show("schedules.html", found=found)


@page_router.post("/{environment}")
def change_hours(
    environment: str,
    desk: At,
    caller: FormOperator,
    verdict: Annotated[Verdict, Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """The same by a form, with the ends that are taken when none is given."""
    why = reason.strip() or "no reason given"
    _apply(desk, caller, environment, Otherwise(verdict=verdict, reason=why))
    return RedirectResponse("/schedules", 303)


def schedules_of(desk: Desk) -> Schedules:
    return Schedules(desk.estate, desk.ledger, desk.post)


def _apply(desk: Desk, caller: Caller, environment: str, wanted: Otherwise) -> None:
    schedules, by = schedules_of(desk), caller.name
    if wanted.verdict == "follow":
        schedules.follow(environment, by=by)
    elif wanted.verdict == "skip":
        schedules.skip_refresh(environment, by=by)
    else:
        asleep = wanted.verdict == "sleep"
        schedules.want(environment, asleep=asleep, until=wanted.until, by=by, reason=wanted.reason)
