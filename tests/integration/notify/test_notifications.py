"""What people are told by webhook, and what becomes of it when the receiver does not take it."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from shared.messages.announcements import MessageParked
from shared.runs.parking import replay
from tests.integration.console.stage import Degraded, Stage
from tests.integration.notify.people import KEY, PAGE, PATH, People, webhook
from tests.webhookreceiver import WebhookReceiver


@pytest.fixture
def people(stage: Stage, receiver: WebhookReceiver) -> People:
    return People(stage, receiver, webhook("tickets"))


def fail_a_run(stage: Stage) -> str:
    run = stage.backup("backups/broken/manifest.json")
    stage.work()
    return str(run)


def test_people_are_told_of_a_failed_run_once_however_often_it_is_announced(
    stage: Stage, people: People
) -> None:
    run = fail_a_run(stage)

    for _ in range(2):
        people.hear()
        people.post()

    [posted] = people.receiver.posted
    assert posted.body == {
        "id": f"{run}:run-failed",
        "type": "run-failed",
        "at": posted.body["at"],
        "environment": "acme-staging",
        "title": "Failed: refresh of acme-staging",
        "what": "What it did is undone; the environment is as it was.",
        "why": "check_archive: PermanentError: the archive of acme-prod is <b>broken</b>",
        "link": f"{PAGE}/runs/{run}",
    }


def test_a_notification_that_the_bus_delivers_twice_is_posted_once(
    stage: Stage, people: People
) -> None:
    fail_a_run(stage)
    people.hear()
    stage.bus.sent += people.waiting()

    people.post()

    assert people.told() == ["run-failed"]


def test_each_webhook_hears_what_it_wants_of_the_environments_it_wants(
    stage: Stage, receiver: WebhookReceiver
) -> None:
    people = People(
        stage,
        receiver,
        webhook("all"),
        webhook("only-refreshes", about=["run-failed/refresh", "run-started/failover"]),
        webhook("only-failovers", about=["run-failed/failover"]),
        webhook("elsewhere", environments=["acme-training"]),
    )
    fail_a_run(stage)

    people.hear()

    assert len(people.waiting()) == 2
    assert all('"webhook":"all"' in e.body or "only-refreshes" in e.body for e in people.waiting())


def test_json_is_signed_so_that_a_changed_or_replayed_one_can_be_refused(
    stage: Stage, people: People
) -> None:
    fail_a_run(stage)
    people.hear()
    people.post()
    [posted] = people.receiver.posted

    def expected(content: bytes, at: str) -> str:
        signed = f"{posted.headers['webhook-id']}.{at}.".encode() + content
        key = base64.b64decode(KEY.removeprefix("whsec_"))
        return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()

    at = posted.headers["webhook-timestamp"]
    assert posted.headers["webhook-signature"] == expected(posted.content, at)
    assert posted.headers["webhook-signature"] != expected(posted.content + b" ", at)
    assert posted.headers["webhook-signature"] != expected(posted.content, str(int(at) + 1))
    assert posted.headers["webhook-id"] == posted.body["id"]


@pytest.mark.parametrize("failure", [500, 0])
def test_what_a_receiver_cannot_take_now_is_posted_again_later(
    stage: Stage, people: People, failure: int
) -> None:
    """0 is a receiver that does not answer within our patience."""
    people.receiver.answers += [failure, failure]
    fail_a_run(stage)
    people.hear()
    [first] = people.waiting()
    trace = first.properties["traceparent"]
    waits = []

    for _ in range(2):
        people.post()
        [again] = people.waiting()
        assert again.properties["traceparent"] == again.properties["Diagnostic-Id"] == trace
        assert again.scheduled_for is not None
        waits.append(again.scheduled_for - stage.ledger.clock())
    people.post()

    assert timedelta(0) < waits[0] <= timedelta(seconds=15) < waits[1] <= timedelta(seconds=30)
    assert len(people.receiver.posted) == 3
    assert people.waiting() == []
    assert stage.ledger.parked_messages() == []


def test_after_the_stated_time_it_is_parked_unannounced_and_can_be_replayed(
    stage: Stage, people: People
) -> None:
    people.receiver.answers += [503] * 100
    fail_a_run(stage)
    people.hear()
    began = stage.ledger.clock()

    while people.waiting():
        people.post()
    [parked] = stage.ledger.parked_messages()
    parked_after, tries = stage.ledger.clock() - began, len(people.receiver.posted)
    people.receiver.answers.clear()
    replay(stage.ledger, stage.bus, parked.id, "ann@acme.example")
    people.post()

    assert timedelta(hours=11) < parked_after <= timedelta(hours=12)
    assert f"given up after {tries} tries" in parked.reason
    assert "webhook tickets answered 503" in parked.reason
    assert MessageParked.type not in {each.subject for each in stage.bus.sent}
    assert len(people.receiver.posted) == tries + 1
    assert stage.ledger.parked_messages() == []


@pytest.mark.parametrize("status", [307, 404])
def test_a_redirect_or_a_refusal_is_parked_after_one_delivery(
    stage: Stage, people: People, status: int
) -> None:
    people.receiver.answers += [status]
    fail_a_run(stage)
    people.hear()

    people.post()

    [parked] = stage.ledger.parked_messages()
    assert (
        f"WebhookRefused: webhook tickets answered {status}: correct the address" in parked.reason
    )
    assert [each.path for each in people.receiver.posted] == [PATH], "nobody went elsewhere"
    assert people.waiting() == []


def test_an_outage_of_the_receiver_leaves_no_secret_in_the_ledger_and_no_run_behind(
    stage: Stage, people: People
) -> None:
    people.receiver.answers += [500, 404]
    run = stage.happen(Degraded(environment="acme-prod"))
    stage.work()
    [approval] = stage.approvals.newest(status="waiting")
    people.hear()

    people.post()
    people.post()
    stage.approvals.approve(approval.id, plan=approval.plan_sha256, person="ann@acme.example")
    stage.work()

    record = stage.ledger.run_record(run)
    assert record is not None
    assert record["run"]["status"] == "succeeded"
    with psycopg.connect(stage.url) as ledger:
        kept = "\n".join(
            str(row)
            for table in ("outbox", "parked", "notifications")
            for row in ledger.execute(f"select * from {table}".encode())
        )
    assert "tickets" in kept
    assert PATH not in kept
    assert KEY not in kept


def test_what_is_no_notification_is_parked(stage: Stage, people: People) -> None:
    fail_a_run(stage)
    people.hear()
    [envelope] = people.waiting()
    stage.bus.sent.remove(envelope)
    stage.bus.sent.append(replace(envelope, body='{"webhook": "tickets"}'))

    people.post()

    [parked] = stage.ledger.parked_messages()
    assert "announcement: Field required" in parked.reason
    assert people.told() == []
