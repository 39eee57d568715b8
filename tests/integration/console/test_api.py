"""The API: what programs get, and how they are refused."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from psycopg_pool import PoolTimeout

from shared.identity import Caller, Role
from shared.ledger.history import FailoverHistory
from tests.integration.console.stage import ANN, Degraded, Stage


def test_runs_are_read_a_page_at_a_time_until_no_link_leads_on(
    stage: Stage, web: httpx.Client
) -> None:
    runs = [str(stage.backup(f"backups/acme-prod/{n}/manifest.json")) for n in range(5)]

    seen, path = [], "/api/runs?limit=2"
    while path:
        answer = web.get(path)
        seen += [run["id"] for run in answer.json()]
        path = answer.links.get("next", {}).get("url", "")

    assert seen == runs[::-1]


def test_a_run_is_shown_with_all_that_the_ledger_has(stage: Stage, web: httpx.Client) -> None:
    run = stage.backup()
    stage.work(4)

    record = web.get(f"/api/runs/{run}").json()
    sealed = web.get(f"/api/runs/{run}/evidence").json()

    assert record["run"]["status"] == "succeeded"
    assert [step["name"] for step in record["steps"]] == [
        "check_archive",
        "copy_rows",
        "publish_environment",
    ]
    assert sealed["intact"] is True


def test_what_has_not_changed_is_not_sent_again(stage: Stage, web: httpx.Client) -> None:
    run = stage.backup()
    first = web.get(f"/api/runs/{run}")
    known = {"if-none-match": first.headers["etag"]}

    again = web.get(f"/api/runs/{run}", headers=known)
    stage.work()
    changed = web.get(f"/api/runs/{run}", headers=known)

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/runs/e2c0e0a4-1f8b-4b55-a9e9-5a3a7a3a1c11", 404),
        ("/api/runs/%3Cscript%3E", 422),
        ("/api/runs?limit=0", 422),
        ("/api/approvals/none", 404),
        ("/api/nothing/%3Cscript%3E", 404),
        ("/api/events/7", 404),
    ],
)
def test_a_refusal_is_a_problem_that_repeats_nothing(
    path: str, status: int, web: httpx.Client
) -> None:
    answer = web.get(path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert "script" not in answer.text


def test_an_approval_is_decided_by_who_is_signed_in_and_only_for_the_plan_shown(
    stage: Stage, web: httpx.Client
) -> None:
    run = stage.happen(Degraded(environment="acme-prod"))
    stage.work()
    [waiting] = web.get("/api/approvals?status=waiting").json()
    path = f"/api/approvals/{waiting['id']}/decision"

    other = web.post(path, json={"verdict": "approve", "plan": "0" * 64})
    said = {"verdict": "approve", "plan": waiting["plan_sha256"], "person": "somebody else"}
    decided = web.post(path, json=said)
    stage.work()

    assert other.status_code == 409
    assert decided.json()["approved_by"] == [ANN.name]
    assert web.get(f"/api/runs/{run}").json()["run"]["status"] == "succeeded"


def test_a_run_is_given_up_with_a_reason_and_tried_again(stage: Stage, web: httpx.Client) -> None:
    run = stage.backup()

    without = web.post(f"/api/runs/{run}/cancel", json={"reason": ""})
    cancelled = web.post(f"/api/runs/{run}/cancel", json={"reason": "wrong backup"})
    again = web.post(f"/api/runs/{run}/cancel", json={"reason": "wrong backup"})
    retried = web.post(f"/api/runs/{run}/retry")

    assert [without.status_code, cancelled.status_code, again.status_code] == [422, 202, 409]
    assert retried.json() == {"source": f"/manual/{ANN.name}", "id": f"retry-of-{run}"}
    assert f"cancelled by {ANN.name}" in web.get(f"/runs/{run}").text


def test_a_published_event_is_checked_first_and_then_on_the_bus(
    stage: Stage, web: httpx.Client
) -> None:
    wrong = web.post("/api/events", content=b'{"type": "backup-completed"}')
    right = web.post(
        "/api/events",
        json={
            "type": "backup-completed",
            "id": "7",
            "data": {"environment": "acme-prod", "manifest": "backups/acme-prod/m.json"},
        },
    )

    assert wrong.status_code == 400
    assert (right.status_code, right.json()["id"]) == (202, "7")
    assert [envelope.topic for envelope in stage.bus.sent] == ["platform-events"]


def test_nobody_asks_for_a_run_under_another_name(stage: Stage, web: httpx.Client) -> None:
    data = {"environment": "acme-prod", "manifest": "backups/acme-prod/m.json"}
    event = {"type": "backup-completed", "source": "/manual/bob", "data": data}

    approver = web.post("/api/events", json=event)
    stage.caller = Caller("olga", frozenset({Role.OPERATOR}))
    operator = web.post("/api/events", json=event)
    tool = web.post("/api/events", json=event | {"source": "/backup/nightly"})

    assert approver.json()["source"] == f"/manual/{ANN.name}"
    assert operator.status_code == 400
    assert "/manual/olga" in operator.json()["detail"]
    assert tool.json()["source"] == "/backup/nightly"


def test_every_received_event_tells_what_became_of_it(stage: Stage, web: httpx.Client) -> None:
    run = stage.backup()

    [event] = web.get("/api/events").json()
    whole = web.get(f"/api/events/{event['number']}").json()

    assert event["disposition"] == "started"
    assert whole["event"] == event
    assert whole["body"]["type"] == "backup-completed"
    assert str(run) in web.get("/api/runs").text


def test_a_parked_message_shows_its_body_to_operators_only(stage: Stage, web: httpx.Client) -> None:
    stage.park(b"password=hunter2")

    [seen] = web.get("/api/parked").json()
    stage.caller = Caller("ben", frozenset({Role.READER}))
    [hidden] = web.get("/api/parked").json()

    assert seen["body"] == "password=hunter2"
    assert hidden == seen | {"body": None}
    assert "hunter2" not in web.get("/parked").text


def test_a_parked_message_is_replayed_or_discarded_once(stage: Stage, web: httpx.Client) -> None:
    stage.park(b"[1]")
    stage.park(b"[2]")
    two, one = (each["id"] for each in web.get("/api/parked").json())

    answers = [
        web.post(f"/api/parked/{one}/replay").status_code,
        web.post(f"/api/parked/{two}/discard").status_code,
        web.post(f"/api/parked/{two}/replay").status_code,
    ]

    assert answers == [202, 200, 409]
    assert [envelope.body for envelope in stage.bus.sent if envelope.id.startswith("replay:")] == [
        "[1]"
    ]


def test_what_is_no_json_is_not_replayed_and_stays_parked(stage: Stage, web: httpx.Client) -> None:
    stage.park(b"hello")
    [message] = web.get("/api/parked").json()

    answer = web.post(f"/api/parked/{message['id']}/replay")

    assert answer.status_code == 409
    assert "discard" in answer.json()["detail"]
    assert web.get("/api/parked").json() == [message]


def test_the_estate_says_what_each_environment_holds_and_who_holds_it(
    stage: Stage, web: httpx.Client
) -> None:
    stage.keep_up("acme-prod", until=datetime(2099, 1, 2, tzinfo=UTC))
    done, going = stage.backup(), stage.backup("backups/acme-prod/2/manifest.json")
    stage.work(4)

    cards = {card["name"]: card for card in web.get("/api/estate").json()}

    staging, production = cards["acme-staging"], cards["acme-prod"]
    assert staging["now"]["refreshed_by"] == str(done)
    assert staging["now"]["held_by"] == str(going)
    assert staging["now"]["checkpoint"] == f"before_{done.hex[:8]}"
    assert production["now"]["verified_by"] == str(done)
    assert cards["acme-training"]["now"]["refreshed_at"] is None
    assert datetime.fromisoformat(production["login_since"]) <= datetime.now(UTC)
    assert production["certificate"]["ends_at"] == "2099-01-02T00:00:00Z"
    page = web.get("/").text
    assert "<dt>Login</dt><dd>exchanged" in page
    assert '<dt>Certificate</dt><dd>ends <time datetime="2099-01-02' in page
    assert "login_a" not in json.dumps(cards) + page, "a role's name helps whoever has no business"


def test_the_board_shows_what_is_at_work_however_much_has_ended_since(
    stage: Stage, web: httpx.Client
) -> None:
    going = stage.backup()
    with psycopg.connect(stage.url) as ledger:
        ledger.execute(
            "insert into runs (id, runbook, environment, event_source, event_id, status, priority,"
            " overdue_after, created_at, started_at, ended_at)"
            " select gen_random_uuid(), 'lag', 'acme-prod', event_source, event_id, 'succeeded', 0,"
            " overdue_after, created_at + n * interval '1 second', now(), now()"
            " from runs, generate_series(1, 51) as n"
        )

    page = web.get("/").text

    assert "<strong>1</strong> at work" in page
    assert str(going) in page.partition("<h2>At work</h2>")[2].partition("<h2>Latest</h2>")[0]


def test_a_failed_run_is_a_concern_until_another_one_succeeds(
    stage: Stage, web: httpx.Client
) -> None:
    def concern() -> str | None:
        return {card["name"]: card["concern"] for card in web.get("/api/estate").json()}[
            "acme-staging"
        ]

    stage.backup("backups/broken/manifest.json")
    stage.work()
    failed = concern()
    stage.backup()
    stage.work(4)

    assert failed == "the last refresh failed"
    assert concern() is None


def test_the_board_claims_nothing_of_a_standby_that_nobody_has_heard_of(
    stage: Stage, web: httpx.Client
) -> None:
    web.get("/api/health")  # the first use migrates
    with psycopg.connect(stage.url) as ledger:
        ledger.execute(
            "insert into lag_samples (environment, at, silent)"
            " values ('acme-prod', now(), 'erp-standby: connection refused')"
        )

    cards = {card["name"]: card for card in web.get("/api/estate").json()}

    assert cards["acme-standby"]["serves"] == "nobody: the standby"
    assert {each["verdict"] for each in cards["acme-standby"]["able"]} == {"idle"}
    assert {each["verdict"] for each in cards["acme-prod"]["able"]} == {"unknown"}
    assert "sequences-ahead was never checked" in web.get("/").text
    for name in ("acme-prod", "acme-standby"):
        assert cards[name]["concern"] == "the lag is not known"
    assert "connection refused" in web.get("/").text
    assert "streaming" not in web.get("/").text


def test_metrics_tell_what_the_ledger_counts(stage: Stage, web: httpx.Client) -> None:
    stage.backup()
    stage.work(4)
    stage.backup("backups/broken/manifest.json")
    stage.work()
    stage.park(b"{")
    stage.earliest += timedelta(hours=1)

    text = web.get("/api/metrics").text
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    assert samples["signalbox_run_seconds_count", "refresh", "succeeded"] == 1
    assert samples["signalbox_run_seconds_count", "failed", "refresh"] == 1
    assert samples["signalbox_parked",] == 1
    assert samples["signalbox_data_age_seconds", "acme-staging"] >= 3600
    assert samples["signalbox_attempts_total", "failed"] == 1


def test_health_is_ready_only_while_the_ledger_answers(stage: Stage, web: httpx.Client) -> None:
    healthy = web.get("/api/health")
    ready = web.get("/api/health/ready").status_code

    def gone() -> None:
        raise PoolTimeout

    stage.ledger.counts = gone  # type: ignore[method-assign, assignment]

    assert (healthy.json()["status"], ready) == ("healthy", 200)
    assert web.get("/api/health/ready").status_code == 503
    assert web.get("/api/health/live").status_code == 200


def test_the_openapi_document_names_every_path_of_the_api(web: httpx.Client) -> None:
    document = web.get("/api/openapi.json").json()

    assert document["openapi"].startswith("3.1")
    assert {"/api/runs", "/api/approvals/{id}/decision", "/api/parked/{id}/replay"} <= set(
        document["paths"]
    )
    assert document["paths"]["/api/runs/{id}"]["get"]["summary"]


def test_the_page_of_drills_shows_what_a_drill_achieved(stage: Stage, web: httpx.Client) -> None:
    facts = {"took": "PT62S", "rto": "PT60S", "rto_met": False}
    facts |= {"rpo": "PT5S", "rpo_met": True, "lost_seconds": 0.4}
    before = web.get("/drills").text

    FailoverHistory(stage.ledger).record_drill(
        uuid4(), "acme-prod", source="a sample", passed=False, facts=facts
    )

    after = web.get("/drills").text
    assert "There was none yet" in before
    assert "drill from a sample, acme-prod" in after
    assert "62.0 s" in after
