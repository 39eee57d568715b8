"""Environments are woken, put to sleep and looked at over HTTP."""

import re

import httpx

from tests.integration.console.stage import Stage


def test_an_environment_is_woken_put_to_sleep_and_left_to_its_schedule(
    stage: Stage, web: httpx.Client
) -> None:
    place = "/api/schedules/acme-staging"
    asleep = web.post(place, json={"verdict": "sleep", "reason": "nobody is here"}).json()
    assert (asleep["wanted"], asleep["until"], asleep["overridden"]) == ("asleep", None, True)
    assert asleep["because"] == "ann@acme.example: nobody is here"
    [asked] = [each for each in stage.bus.sent if each.subject == "hours-changed"]
    assert "ann@acme.example: nobody is here" in asked.body

    woken = web.post(place, json={"verdict": "wake", "until": "2099-01-01T00:00:00Z"}).json()
    assert (woken["wanted"], woken["until"]) == ("awake", "2099-01-01T00:00:00Z")
    assert woken["state"] == "awake"
    assert "2099-01-01 00:00:00" in web.get("/").text, "the board says so, too"
    [listed] = web.get("/api/schedules").json()
    assert listed == woken

    page = web.get("/schedules").text
    [token] = re.findall(r'name="token" value="(\w+)"', page)
    form = {"token": token, "verdict": "follow"}
    assert web.post("/schedules/acme-staging", data=form).status_code == 303
    assert not web.get("/api/schedules").json()[0]["overridden"]


def test_who_may_not_sleep_is_refused_with_the_reason(stage: Stage, web: httpx.Client) -> None:
    production = web.post("/api/schedules/acme-prod", json={"verdict": "sleep"})
    unknown = web.post("/api/schedules/acme", json={"verdict": "wake"})
    nothing = web.post("/api/schedules/acme-staging", json={"verdict": "skip"})

    assert (production.status_code, unknown.status_code, nothing.status_code) == (409, 404, 409)
    assert "it never sleeps" in production.json()["detail"]
    assert web.get("/api/schedules").json() == []
