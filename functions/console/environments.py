"""Environments on request: who has which until when; asking, extending, removing."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field, ValidationError

from functions.console.access import READ, FormOperator, Operator
from functions.console.api import Published, publish_as
from functions.console.desk import At, Desk
from functions.console.problems import REFUSALS
from functions.console.rendering import Asked
from shared.errors import explain
from shared.identity import Caller
from shared.ledger.environments import EnvironmentsOnRequest, FailedRemoval, OnRequest
from shared.messages.environments import NAME, EnvironmentExpired, EnvironmentRequested

router = APIRouter(
    prefix="/api/environments", tags=["environments"], dependencies=[READ], responses=REFUSALS
)
page_router = APIRouter(prefix="/environments", dependencies=[READ], include_in_schema=False)

Hours = Annotated[float, Field(gt=0, le=24 * 90)]


class Wanted(BaseModel):
    """What somebody asks for."""

    name: str = Field(pattern=NAME)
    offer: str = Field(min_length=1, max_length=63)
    hours: Hours


class Longer(BaseModel):
    """For how long from now, and why."""

    hours: Hours
    reason: str = Field(min_length=1, max_length=1000)


class Shown(BaseModel):
    """An environment on request."""

    name: str
    offer: str
    status: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    url: str
    namespace: str
    database: str
    """Server and name."""
    removal: str | None
    """What is to be expected when it is to go and is still there."""

    @classmethod
    def of(cls, found: OnRequest, failed: FailedRemoval | None) -> "Shown":
        place = found.place
        return cls(
            name=found.name,
            offer=found.offer,
            status=found.status,
            requested_by=found.requested_by,
            requested_at=found.requested_at,
            expires_at=found.expires_at,
            url=place.endpoints[0].base_url,
            namespace=place.namespace,
            database=f"{place.database.server}/{place.database.name}",
            removal=failed.outlook if failed else None,
        )


@router.get("")
def list_environments(desk: At) -> list[Shown]:
    """Those that are not over, by name."""
    return [shown for _, shown in _current(desk)]


@router.post("", status_code=202)
def request_environment(wanted: Wanted, desk: At, caller: Operator) -> Published:
    """Ask for one; its run says what became of it."""
    return _request(desk, caller, wanted.name, wanted.offer, wanted.hours)


@router.get("/{name}")
def show_environment(name: str, desk: At) -> Shown:
    """One that is not over."""
    return _shown(desk, name)


@router.post("/{name}/extension")
def extend_environment(name: str, longer: Longer, desk: At, caller: Operator) -> Shown:
    """Let it live on, as long as its offer allows."""
    _extend(desk, caller, name, longer.hours, longer.reason)
    return _shown(desk, name)


@router.delete("/{name}", status_code=202)
def remove_environment(name: str, desk: At, caller: Operator) -> Published:
    """Have it removed with all that is in it; its run says what became of that."""
    return _remove(desk, caller, name)


@page_router.get("")
def show_environments(page: Asked) -> Response:
    """Who has which until when, and what is offered."""
    offers, found = page.desk.estate.offers, _current(page.desk)
    return page.show("environments.html", offers=offers, found=found)


@page_router.post("")
def ask(
    desk: At,
    caller: FormOperator,
    name: Annotated[str, Form(max_length=63)],
    offer: Annotated[str, Form(max_length=63)],
    hours: Annotated[float, Form(gt=0, le=24 * 90)],
) -> Response:
    """Ask for one, and lead to its run's list."""
    _request(desk, caller, name, offer, hours)
    return RedirectResponse(f"/runs?environment={name}", 303)


@page_router.post("/{name}")
def change(
    name: str,
    desk: At,
    caller: FormOperator,
    verdict: Annotated[Literal["extend", "remove"], Form()],
    hours: Annotated[float, Form(gt=0, le=24 * 90)] = 24,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Extend or remove one."""
    if verdict == "extend":
        _extend(desk, caller, name, hours, reason.strip() or "no reason given")
        return RedirectResponse("/environments", 303)
    _remove(desk, caller, name)
    return RedirectResponse(f"/runs?environment={name}", 303)


def _current(desk: Desk) -> list[tuple[OnRequest, Shown]]:
    on_request = EnvironmentsOnRequest(desk.ledger)
    failed = on_request.failed_removals()
    return [(each, Shown.of(each, failed.get(each.name))) for each in on_request.current()]


def _shown(desk: Desk, name: str) -> Shown:
    on_request = EnvironmentsOnRequest(desk.ledger)
    return Shown.of(on_request.named(name), on_request.failed_removals().get(name))


def _request(desk: Desk, caller: Caller, name: str, offer: str, hours: float) -> Published:
    try:
        event = EnvironmentRequested(
            environment=name, offer=offer, hours=hours, requested_by=caller.name
        )
    except ValidationError as error:
        raise HTTPException(422, explain(error)) from None
    return publish_as(desk, caller, event)


def _extend(desk: Desk, caller: Caller, name: str, hours: float, reason: str) -> None:
    on_request = EnvironmentsOnRequest(desk.ledger)
    offer = desk.estate.offer(on_request.named(name).offer)
    on_request.extend(name, offer, timedelta(hours=hours), by=caller.name, reason=reason)


def _remove(desk: Desk, caller: Caller, name: str) -> Published:
    EnvironmentsOnRequest(desk.ledger).named(name)
    return publish_as(desk, caller, EnvironmentExpired(environment=name, removed_by=caller.name))
