"""Drills are asked for, passed over and looked at over HTTP."""

import json
import re
from dataclasses import replace

import httpx

from functions.failover import DRILL
from shared.estate import Estate
from shared.runs.intake import Intake
from tests.integration.console.stage import Stage

ALWAYS = {"days": ["monday", "thursday"], "opens": "03:00", "closes": "04:00"}
CALENDAR = {"name": "nights", "time_zone": "UTC", "windows": [ALWAYS]}
SCHEDULE = {"name": "rehearsals", "classes": ["production"], "drill": "nights"}


def rehearsed(stage: Stage) -> None:
    """Go on with an estate that has its production rehearsed."""
    plain = stage.estate.model_dump(by_alias=True)
    estate = Estate.model_validate(plain | {"calendars": [CALENDAR], "schedules": [SCHEDULE]})
    desk = replace(stage.desk, estate=estate, intake=Intake((DRILL,), estate))
    stage.app.state.desk = desk


def test_a_drill_is_asked_for_and_the_next_one_passed_over(stage: Stage, web: httpx.Client) -> None:
    rehearsed(stage)
    place = "/api/drills/acme-prod"

    [before] = web.get("/api/drills").json()
    skipped = web.post(place, json={"verdict": "skip"}).json()
    held = web.post(place, json={"verdict": "hold"})

    assert (before["environment"], before["due_at"], before["skipped_by"]) == (
        "acme-prod",
        None,
        None,
    )
    assert skipped["next_at"] > before["next_at"]
    assert skipped["skipped_by"] == "ann@acme.example"
    assert held.status_code == 202
    [asked] = [json.loads(e.body) for e in stage.bus.sent if e.subject == "drill-requested"]
    assert (asked["source"], asked["data"]["environment"]) == (
        "/manual/ann@acme.example",
        "acme-prod",
    )

    page = web.get("/drills").text
    assert "passed over by ann@acme.example" in page
    [token] = re.findall(r'name="token" value="(\w+)"', page)
    form = {"token": token, "verdict": "hold"}
    assert web.post("/drills/acme-prod", data=form).status_code == 303


def test_what_cannot_be_drilled_or_skipped_is_refused(stage: Stage, web: httpx.Client) -> None:
    unscheduled = web.post("/api/drills/acme-prod", json={"verdict": "skip"})
    staging = web.post("/api/drills/acme-staging", json={"verdict": "hold"})
    unknown = web.post("/api/drills/acme", json={"verdict": "hold"})
    nonsense = web.post("/api/drills/acme-prod", json={"verdict": "later"})

    codes = [each.status_code for each in (unscheduled, staging, unknown, nonsense)]
    assert codes == [409, 409, 404, 422]
    assert "state one in the estate" in unscheduled.json()["detail"]
    assert stage.bus.sent == []
