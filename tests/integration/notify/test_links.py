"""Deciding by the signed link of a notification: who may, on what, and how often."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from shared.identity import Caller, Role
from shared.messages import CloudEvent
from shared.notifying.links import Link, sign
from tests.integration.console.stage import Degraded, Stage
from tests.integration.notify.people import ANN, BOB, PAGE, People, webhook
from tests.webhookreceiver import WebhookReceiver

ACTION = "Promote acme-standby to production"


@pytest.fixture
def people(stage: Stage, receiver: WebhookReceiver) -> People:
    only = {"about": ["approval-requested"]}
    return People(stage, receiver, webhook("channel", **only), webhook("ann", approver=ANN, **only))


@pytest.fixture
def asked(stage: Stage, people: People) -> str:
    """The id of an approval that waits, of which people were told."""
    stage.happen(Degraded(environment="acme-prod"))
    stage.work()
    people.hear()
    people.post()
    return stage.approvals.newest(status="waiting")[0].id


def decide(
    web: httpx.Client, id: str, token: str, verdict: str = "approve", reason: str = ""
) -> httpx.Response:
    form = {"token": token, "verdict": verdict, "reason": reason}
    return web.post(f"/links/approvals/{id}/decision", data=form)


def nothing_is_decided(stage: Stage, id: str) -> bool:
    approval, decisions = stage.approvals.show(id)
    return approval.status == "waiting" and decisions == []


def test_the_approver_alone_gets_a_signed_link_and_it_shows_exactly_this_plan(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    links = {each.body["link"] for each in people.receiver.posted}

    shown = web.post(f"/links/approvals/{asked}", data={"token": people.token()})

    assert links == {
        f"{PAGE}/approvals/{asked}",
        f"{PAGE}/links/approvals/{asked}#{people.token()}",
    }
    assert shown.status_code == 200
    assert all(text in shown.text for text in (ACTION, "12 transactions", f"you are {ANN}"))
    assert nothing_is_decided(stage, asked)


def test_whoever_fetches_the_link_sees_nothing_and_decides_nothing(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    places = (f"/links/approvals/{asked}", f"/links/approvals/{asked}/decision")
    query = {"token": people.token(), "verdict": "approve"}

    answers = [web.get(place, params=query) for place in places]

    assert [each.status_code for each in answers] == [200, 405]
    assert ACTION not in answers[0].text
    assert nothing_is_decided(stage, asked)


def test_a_decision_by_link_is_the_addressees_and_the_run_goes_on(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    stage.caller = None

    answer = decide(web, asked, people.token(), reason="the region is down")
    approval, [decision] = stage.approvals.show(asked)
    record = stage.ledger.run_record(approval.run_id)

    assert answer.status_code == 200
    assert "<button" not in answer.text
    assert approval.is_granted
    assert (decision.person, decision.reason) == (ANN, "the region is down")
    assert record is not None
    [given] = [each for each in record["audit"] if each["what"] == "approval_given"]
    assert given["facts"]["by_link"] is True


def test_a_link_is_for_one_decision_also_while_others_must_still_approve(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    with psycopg.connect(stage.url) as ledger:
        ledger.execute("update approvals set needed = 2")

    first = decide(web, asked, people.token())
    again = [decide(web, asked, people.token(), verdict, "no") for verdict in ("approve", "reject")]

    assert first.status_code == 200
    assert [each.status_code for each in again] == [409, 409]
    assert all("a link is for one decision" in each.text for each in again)
    assert stage.approvals.show(asked)[0].missing == 1


def test_a_link_without_a_reason_rejects_nothing(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    refused = decide(web, asked, people.token(), "reject")

    assert refused.status_code == 409
    assert "a rejection needs a reason" in refused.text
    assert nothing_is_decided(stage, asked)


def test_a_link_that_was_changed_anywhere_opens_nothing(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    token = people.token()
    who, expiry, mac = token.split(".")
    another = sign(b"another key", _link(stage, asked))
    changed = [token[:-1], token + "A", f"{who}.{int(expiry) + 1}.{mac}", f"Ym9i.{expiry}.{mac}"]
    changed += [f"{who}.{expiry}.{mac[::-1]}", f"{who}.{'9' * 99}.{mac}", another, "..", "x", "ä"]

    answers = [decide(web, asked, each) for each in changed]

    assert {each.status_code for each in answers} == {409}
    assert all("was changed on its way" in each.text for each in answers)
    assert nothing_is_decided(stage, asked)


def test_a_link_to_another_plan_opens_nothing(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    """Neither one of another approval, nor one of a plan that was since exchanged."""
    token = people.token()
    stage.happen(Degraded(environment="acme-standby"))
    stage.work(2)
    other = stage.approvals.newest(environment="acme-standby")[0].id

    elsewhere = decide(web, other, token)
    with psycopg.connect(stage.url) as ledger:
        ledger.execute("update approvals set plan_sha256 = repeat('0', 64)")
    exchanged = decide(web, asked, token)

    assert [elsewhere.status_code, exchanged.status_code] == [409, 409]
    assert "sent for another plan" in elsewhere.text
    assert "sent for another plan" in exchanged.text
    assert nothing_is_decided(stage, asked)
    assert nothing_is_decided(stage, other)


def test_a_link_ends_with_its_approval(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    stage.earliest = stage.approvals.show(asked)[0].expires_at

    refused = decide(web, asked, people.token())

    assert refused.status_code == 409
    assert "The link has expired" in refused.text
    assert nothing_is_decided(stage, asked)


def test_who_is_no_approver_any_more_has_a_link_to_nothing(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    stage.app.state.desk = replace(stage.desk, estate=stage.estate)

    refused = decide(web, asked, people.token())

    assert refused.status_code == 409
    assert "may not decide any more" in refused.text
    assert nothing_is_decided(stage, asked)


def test_where_people_sign_in_the_link_is_only_for_its_addressee(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    stage.app.state.desk = replace(stage.desk, sign_in_needed=True)
    callers = [
        None,
        Caller(ANN, frozenset({Role.READER})),
        Caller(BOB, frozenset(Role)),
        Caller(ANN.title(), frozenset({Role.APPROVER})),
    ]

    answers = []
    for stage.caller in callers:
        answers.append(decide(web, asked, people.token()).status_code)

    assert answers == [401, 403, 409, 200]


def test_who_asked_for_a_run_of_tier_1_cannot_approve_it_by_link_either(
    web: httpx.Client, stage: Stage, people: People
) -> None:
    event = Degraded(environment="acme-prod")
    said = CloudEvent.of(event, id="e", source=f"/manual/{ANN}", time=datetime.now(UTC))
    stage.receive(said.model_dump_json().encode())
    stage.work()
    people.hear()
    people.post()
    with psycopg.connect(stage.url) as ledger:
        ledger.execute("update approvals set needed = 2")
    [approval] = stage.approvals.newest(status="waiting")

    refused = decide(web, approval.id, people.token())

    assert refused.status_code == 409
    assert nothing_is_decided(stage, approval.id)


def test_a_form_of_another_site_decides_nothing(
    web: httpx.Client, stage: Stage, people: People, asked: str
) -> None:
    web.headers["sec-fetch-site"] = "cross-site"

    refused = decide(web, asked, people.token())

    assert refused.status_code == 403
    assert nothing_is_decided(stage, asked)


def _link(stage: Stage, id: str) -> Link:
    approval, _ = stage.approvals.show(id)
    return Link(id, approval.plan_sha256, approval.expires_at, ANN)
