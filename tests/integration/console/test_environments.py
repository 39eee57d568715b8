"""Environments on request by page and by API."""

from dataclasses import replace

import httpx
import pytest

from functions.console.access import form_token
from functions.environments import REMOVAL, RUNBOOK
from shared.ledger.environments import EnvironmentsOnRequest
from shared.messages import CloudEvent
from shared.runs.intake import Intake
from tests.integration.console.stage import ANN, Stage
from tests.integration.environments.removals import fail_removal


@pytest.fixture(autouse=True)
def answered(stage: Stage) -> None:
    """Somebody answers such requests."""
    intake = Intake((RUNBOOK, REMOVAL), stage.estate)
    stage.desk = replace(stage.desk, intake=intake)
    stage.app.state.desk = stage.desk


def published(stage: Stage) -> list[tuple[str, dict[str, object]]]:
    said = [CloudEvent.model_validate_json(each.body) for each in stage.bus.sent]
    stage.bus.sent.clear()
    return [(each.type, each.data) for each in said]


def test_who_asks_is_who_is_signed_in(stage: Stage, web: httpx.Client) -> None:
    wanted = {"name": "ana-fix", "offer": "qa-small", "hours": 24}

    asked = web.post("/api/environments", json=wanted | {"requested_by": "somebody else"})

    assert asked.status_code == 202
    [(kind, data)] = published(stage)
    assert kind == "environment-requested"
    assert (data["environment"], data["requested_by"]) == ("ana-fix", ANN.name)
    assert web.post("/api/environments", json=wanted | {"name": "acme-prod"}).status_code == 400
    assert web.post("/api/environments", json=wanted | {"name": "A B"}).status_code == 422
    assert published(stage) == []


def test_it_is_shown_extended_within_limits_and_removed(stage: Stage, web: httpx.Client) -> None:
    found = stage.reserve("ana-fix")
    path = "/api/environments/ana-fix"

    longer = web.post(f"{path}/extension", json={"hours": 48, "reason": "a review"})
    too_long = web.post(f"{path}/extension", json={"hours": 500, "reason": "a review"})
    unknown = web.post("/api/environments/nobody/extension", json={"hours": 1, "reason": "x"})

    assert longer.json()["expires_at"] > found.expires_at.isoformat()
    assert (too_long.status_code, unknown.status_code) == (409, 404)
    assert [each["name"] for each in web.get("/api/environments").json()] == ["ana-fix"]
    assert "ana-fix.qa.acme.example" in web.get("/environments").text
    assert "until" in web.get("/").text
    asleep = web.post("/api/schedules/ana-fix", json={"verdict": "sleep", "reason": "holidays"})
    assert (asleep.json()["state"], published(stage)[-1][0]) == ("going to sleep", "hours-changed")
    assert all("holidays" in web.get(page).text for page in ("/", "/schedules"))
    assert web.delete("/api/environments/nobody").status_code == 404
    form = {"token": form_token(stage.desk, ANN), "verdict": "remove"}
    assert web.post("/environments/ana-fix", data=form | {"token": "x"}).status_code == 403
    web.post("/environments/ana-fix", data=form)
    [(kind, data)] = published(stage)
    assert (kind, data["removed_by"]) == ("environment-expired", ANN.name)

    EnvironmentsOnRequest(stage.ledger).closing(found.id)
    fail_removal(stage.url, "ana-fix")
    expected = web.get(path).json()["removal"]
    assert "its removal failed once, and is tried again at" in expected
    assert expected in web.get("/").text
    page = web.get("/environments").text
    assert expected in page
    assert ('value="remove"' in page, 'value="extend"' in page) == (True, False)
