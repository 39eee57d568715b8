"""Failovers and drills over time: how long they took and what they lost, against the objectives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from functions.console.access import READ, FormOperator, Operator
from functions.console.api import publish_as
from functions.console.desk import At, Desk
from functions.console.problems import REFUSALS
from functions.console.rendering import Asked
from shared.identity import Caller
from shared.ledger.history import FailoverHistory
from shared.messages.drills import DrillRequested
from shared.runs.drills import Drills, Rehearsal

router = APIRouter(prefix="/api/drills", tags=["drills"], dependencies=[READ], responses=REFUSALS)
page_router = APIRouter(prefix="/drills", dependencies=[READ], include_in_schema=False)

Verdict = Literal["hold", "skip"]

WIDTH, HEIGHT = 720, 180
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 28
SHOWN = 50


class Facts(BaseModel):
    """What the last step of a failover says, as far as it is drawn."""

    took: timedelta
    rto: timedelta
    rto_met: bool
    rpo: timedelta
    rpo_met: bool | None
    lost_seconds: float | None


@dataclass(frozen=True)
class Drill:
    run: UUID | None
    """None when no run held the drill."""
    source: str
    environment: str
    at: datetime
    facts: Facts


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    good: bool
    label: str


@dataclass(frozen=True)
class Plot:
    """One measure over time, ready to be drawn; the y axis begins at zero."""

    title: str
    points: tuple[Point, ...]
    goal: float
    """Where the line of the objective is drawn."""
    goal_label: str
    top_label: str


class Otherwise(BaseModel):
    """What a person wants: ``hold`` a drill now, or ``skip`` the next one of the clock."""

    verdict: Verdict


@router.get("")
def list_drills(desk: At) -> list[Rehearsal]:
    """When each failover was rehearsed, has to be again, and is by the clock."""
    return Drills(desk.estate, desk.ledger).all()


@router.post("/{environment}", status_code=202)
def change_drill(environment: str, wanted: Otherwise, desk: At, caller: Operator) -> Rehearsal:
    """Have one held now, or pass the next one over."""
    _apply(desk, caller, environment, wanted.verdict)
    return Drills(desk.estate, desk.ledger).of(environment)


@page_router.get("")
def show_drills(page: Asked) -> Response:
    """Failovers and drills, each against the objectives; and when the next one is held."""
    shown, planned = drills(page.desk), list_drills(page.desk)
    return page.show(
        "drills.html", planned=planned, drills=shown, plots=plots(shown) if shown else []
    )


@page_router.post("/{environment}")
def change_plan(
    environment: str, desk: At, caller: FormOperator, verdict: Annotated[Verdict, Form()]
) -> Response:
    """The same by a form."""
    _apply(desk, caller, environment, verdict)
    return RedirectResponse("/drills", 303)


def _apply(desk: Desk, caller: Caller, environment: str, verdict: Verdict) -> None:
    production, _ = desk.estate.pair(environment)
    if verdict == "skip":
        Drills(desk.estate, desk.ledger).skip(production.name, by=caller.name)
    else:
        publish_as(desk, caller, DrillRequested(environment=production.name))


def drills(desk: Desk) -> list[Drill]:
    """Failovers and drills, oldest first."""
    achieved = FailoverHistory(desk.ledger).achieved(limit=SHOWN)
    return [
        Drill(
            each.run, each.source, each.environment, each.ended_at, Facts.model_validate(each.facts)
        )
        for each in reversed(achieved)
    ]


def plots(shown: Sequence[Drill]) -> list[Plot]:
    """Recovery time and loss of what is shown, which must be something."""
    newest = shown[-1].facts
    took = [(d, d.facts.took.total_seconds(), d.facts.rto_met) for d in shown]
    lost = [
        (d, d.facts.lost_seconds, bool(d.facts.rpo_met))
        for d in shown
        if d.facts.lost_seconds is not None
    ]
    return [_plot("Recovery time (RTO)", took, newest.rto), _plot("Loss (RPO)", lost, newest.rpo)]


def _plot(title: str, values: list[tuple[Drill, float, bool]], goal: timedelta) -> Plot:
    objective = goal.total_seconds()
    top = max([objective, *(value for _, value, _ in values)]) * 1.1 or 1.0
    step = (WIDTH - LEFT - RIGHT) / max(len(values), 1)
    return Plot(
        title=title,
        points=tuple(
            Point(
                x=round(LEFT + step * (number + 0.5), 1),
                y=_height(value, top),
                good=good,
                label=f"{drill.environment}, {drill.at:%F}: {value:.1f} s",
            )
            for number, (drill, value, good) in enumerate(values)
        ),
        goal=_height(objective, top),
        goal_label=f"objective {objective:g} s",
        top_label=f"{top:.0f} s",
    )


def _height(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top, 1)
