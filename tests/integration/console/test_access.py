"""Every path asks who is there: nothing is open but health, style and script."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi.routing import APIRoute

from functions.console import health, links
from functions.console.access import form_token
from functions.console.application import ROUTERS
from shared.identity import Caller, Role
from shared.limits import RateLimit
from tests.integration.console.stage import ANN, Stage, served

if TYPE_CHECKING:
    from infra.local.postgres import PostgresServer

OPEN = {*health.OPEN, "/static/{name}"}
ROUTES = [
    (method, route.path)
    for router in ROUTERS
    if router is not links.router  # a signed link says who may do what: see test_links.py
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
]
NEEDS = {
    ("POST", "/api/approvals/{id}/decision"): Role.APPROVER,
    ("POST", "/approvals/{id}"): Role.APPROVER,
    ("POST", "/api/parked/{id}/replay"): Role.OPERATOR,
    ("POST", "/api/parked/{id}/discard"): Role.OPERATOR,
    ("POST", "/parked/{id}"): Role.OPERATOR,
    ("POST", "/api/events"): Role.OPERATOR,
    ("POST", "/api/runs/{id}/cancel"): Role.OPERATOR,
    ("POST", "/api/runs/{id}/retry"): Role.OPERATOR,
    ("POST", "/runs/{id}"): Role.OPERATOR,
    ("POST", "/api/environments"): Role.OPERATOR,
    ("POST", "/api/environments/{name}/extension"): Role.OPERATOR,
    ("DELETE", "/api/environments/{name}"): Role.OPERATOR,
    ("POST", "/environments"): Role.OPERATOR,
    ("POST", "/environments/{name}"): Role.OPERATOR,
    ("POST", "/api/drills/{environment}"): Role.OPERATOR,
    ("POST", "/drills/{environment}"): Role.OPERATOR,
    ("POST", "/api/schedules/{environment}"): Role.OPERATOR,
    ("POST", "/schedules/{environment}"): Role.OPERATOR,
}
"""Whatever changes something; all else only takes a reader."""


@pytest.fixture(scope="module")
def shared_stage(postgres: "PostgresServer") -> Iterator[tuple[Stage, httpx.Client]]:
    """One ledger and one server for all: what is refused leaves nothing behind."""
    postgres.create_database("console_access")
    stage = Stage(postgres.dsn("console_access"))
    with served(stage.app) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield stage, client
    stage.close()
    postgres.drop_database("console_access")


@pytest.fixture
def stage(shared_stage: tuple[Stage, httpx.Client]) -> Stage:
    stage, _ = shared_stage
    stage.caller = ANN
    stage.app.state.desk = stage.desk
    return stage


@pytest.fixture
def web(shared_stage: tuple[Stage, httpx.Client]) -> httpx.Client:
    return shared_stage[1]


def ask(web: httpx.Client, method: str, path: str, **more: str) -> int:
    return web.request(method, re.sub(r"\{\w+\}", "1", path), headers=more).status_code


def test_whatever_changes_something_takes_more_than_a_reader() -> None:
    assert {route for route in ROUTES if route[0] != "GET"} == set(NEEDS)


def test_nobody_gets_in_anywhere_without_being_known(stage: Stage, web: httpx.Client) -> None:
    stage.caller = None

    let_in = {path for method, path in ROUTES if ask(web, method, path) != 401}

    assert let_in == OPEN


def test_who_is_known_but_has_no_role_gets_in_nowhere(stage: Stage, web: httpx.Client) -> None:
    stage.caller = Caller("ben", frozenset())

    let_in = {path for method, path in ROUTES if ask(web, method, path) != 403}

    assert let_in == OPEN


@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_it_is_for_and_no_more(
    role: Role, stage: Stage, web: httpx.Client
) -> None:
    stage.caller = Caller("ben", frozenset({role}))

    refused = {route for route in ROUTES if ask(web, *route) == 403}

    assert refused == {route for route, needed in NEEDS.items() if needed is not role}


def test_another_sites_page_changes_nothing(web: httpx.Client) -> None:
    for said in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert [ask(web, *route, **said) for route in NEEDS] == [403] * len(NEEDS)


def test_a_form_without_its_token_changes_nothing(stage: Stage, web: httpx.Client) -> None:
    stage.park(b"{")
    [message] = stage.ledger.parked_messages()
    other = form_token(stage.desk, Caller("ben", ANN.roles))

    for token in ("", "wrong", other):
        form = {"token": token, "verdict": "discard"}
        answer = web.post(f"/parked/{message.id}", data=form)
        assert answer.status_code in (403, 422)

    assert stage.ledger.parked_messages() == [message]


def test_who_asks_too_often_is_told_to_wait(stage: Stage, web: httpx.Client) -> None:
    stage.allow(RateLimit(2, timedelta(hours=1)))

    change = web.post("/api/parked/unknown/discard")
    answers = [web.get("/api/runs") for _ in range(2)]

    assert change.status_code == 409
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[-1].headers["retry-after"] == "60"
