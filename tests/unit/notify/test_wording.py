"""What people read: every announcement has words, and none holds a secret or a person's name."""

import json
from typing import Any, get_args

import pytest

from functions.runbooks import RUNBOOKS
from shared.estate.notifications import WORTH_KNOWING, AnnouncementType, Notifications
from shared.messages import CloudEvent
from shared.messages.announcements import Announcement, StepFailed, StepRetrying, StepSucceeded
from shared.notifying.shapes import SHAPES
from shared.notifying.wording import LONGEST, WORDS, cause, notice

RUN = {"run": "9d0c", "runbook": "failover", "environment": "acme-prod", "at": "2026-11-22T02:00Z"}
APPROVAL = {"step": "approve_failover", "approval": "a1b2c3"}
SECRET = "postgresql://odoo:hunter2@db.acme.example/acme"
PERSON = "jane.doe@acme.example"
FACTS: dict[str, dict[str, Any]] = {
    "run-started": {"epoch": 3},
    "run-failed": {
        "reason": f"fence: UniqueViolation: {SECRET}",
        "left_behind": ["swap_back"],
        "evidence_sha256": "",
    },
    "run-succeeded": {"evidence_sha256": "0" * 64},
    "run-superseded": {"reason": f"by {PERSON}", "evidence_sha256": "0" * 64},
    "run-overdue": {"step": "fence_primary"},
    "approval-requested": APPROVAL
    | {
        "action": "Promote acme-standby",
        "plan": {"facts": {"secret": SECRET, "person": PERSON}},
        "plan_sha256": "0" * 64,
        "needed": 2,
        "expires_at": "2026-11-22T14:00:00Z",
    },
    "approval-escalated": APPROVAL
    | {"action": "Promote acme-standby", "missing": 1, "expires_at": "2026-11-22T14:00:00Z"},
    "approval-decided": APPROVAL | {"status": "rejected", "person": PERSON, "reason": SECRET},
    "break-glass-used": APPROVAL | {"person": PERSON, "reason": SECRET},
    "message-parked": {
        "parked": "p-1",
        "topic": "platform-events",
        "subscription": "accept-event",
        "reason": f"no environment {PERSON}\n{SECRET}",
    },
    "lag-escalated": {
        "standby": "acme-standby",
        "seconds": 912.4,
        "rpo_seconds": 900.0,
        "outlook": "it falls behind by 2 s per second",
        "promotable": False,
    },
    "drill-due": {"last_at": None, "every_days": 30},
    "debts-owed": {
        "server": "erp-standby",
        "debts": ["work_mem: set work_mem to 65536 on erp-north"],
        "since": "2026-11-22T14:00:00Z",
    },
    "environment-expiring": {
        "offer": "qa-small",
        "requested_by": "ana",
        "expires_at": "2026-11-25T12:00:00Z",
    },
    "certificate-not-seen": {
        "reason": "erp.acme.example:443 serves no certificate: timed out",
        "ends_at": None,
        "seen_at": None,
    },
    "removal-owed": {
        "reason": f"remove_clone_files: UniqueViolation: {SECRET} {PERSON}",
        "outlook": "its removal failed once, and is tried again at 2026-11-25 12:00 UTC",
    },
}


def said(kind: str) -> CloudEvent:
    data = RUN | FACTS[kind]
    return CloudEvent(id="1", source="/signalbox", type=kind, subject="acme-prod", data=data)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", WORDS)
def test_every_announcement_is_told_in_every_shape_without_secrets_and_people(
    kind: str, shape: str
) -> None:
    text = json.dumps(SHAPES[shape](notice(said(kind)), "https://signalbox.example/here"))

    assert "acme-prod" in text
    assert "https://signalbox.example/here" in text
    assert "hunter2" not in text
    assert "jane" not in text


@pytest.mark.parametrize("kind", FACTS)
def test_the_facts_of_these_tests_are_those_of_the_announcement(kind: str) -> None:
    [model] = [each for each in leaves(Announcement) if getattr(each, "type", None) == kind]

    model.model_validate(
        RUN | FACTS[kind] | {"run": "9d0c8b1e-0000-4000-8000-000000000000", "at": "2026-11-22"}
    )


def test_a_webhook_can_be_told_of_every_announcement_but_those_of_single_steps() -> None:
    announced = {each.type for each in leaves(Announcement) if hasattr(each, "type")}
    steps = {each.type for each in (StepSucceeded, StepFailed, StepRetrying)}
    [words] = [each for each in get_args(AnnouncementType) if hasattr(each, "pattern")]
    types, books = words.pattern.strip("^$").split(")(/(")

    assert set(WORDS) == announced - steps
    assert set(types.strip("(").split("|")) == set(WORDS)
    assert set(books.removesuffix("))?").split("|")) == {book.name for book in RUNBOOKS}
    assert {each.partition("/")[0] for each in WORTH_KNOWING} <= set(WORDS)


def leaves(kind: type[Announcement]) -> list[type[Announcement]]:
    return [leaf for each in kind.__subclasses__() for leaf in leaves(each)] or [kind]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("BlobMissing: no archive", "BlobMissing: no archive"),
        ("find_backup: BlobMissing: no archive", "find_backup: BlobMissing: no archive"),
        ("ask: ApprovalRejected: Ann rejected it: Jane fell ill", "ask: ApprovalRejected"),
        ("ask: attempt 3 was the last, and it died", "ask: attempt 3 was the last, and it died"),
        ("cancelled by Ann: Jane fell ill", "cancelled by a person"),
        ("ask: something of Jane's", "ask: see the page"),
    ],
)
def test_why_a_run_failed_is_told_as_far_as_anybody_may_read_it(reason: str, told: str) -> None:
    from_a_run = json.loads(json.dumps(reason))

    assert cause(from_a_run) == told


def test_a_long_text_is_cut_and_an_address_left_out() -> None:
    parked = said("message-parked")
    long = parked.model_copy(update={"data": parked.data | {"reason": f"{PERSON} " + "x" * 999}})

    why = notice(long).why

    assert why is not None
    assert why.startswith("(address) xxx")
    assert len(why) == LONGEST


def test_what_a_message_says_is_no_markup_in_teams_or_slack() -> None:
    forged = said("run-overdue").model_copy(
        update={"data": RUN | {"step": "[x](http://evil) <http://evil|x>", "runbook": "<!here>"}}
    )

    card = SHAPES["teams"](notice(forged), None)["attachments"][0]["content"]
    blocks = SHAPES["slack"](notice(forged), None)

    assert {each["type"] for each in card["body"]} == {"RichTextBlock"}, "no Markdown there"
    assert {each["text"]["type"] for each in blocks["blocks"]} == {"plain_text"}
    assert blocks["text"] == "Overdue: &lt;!here&gt; of acme-prod"
    assert card["actions"] == []


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"shape": "json"}, "signing_key is for the shape json"),
        ({"shape": "slack", "signing_key": "env:KEY"}, "signing_key is for the shape json"),
        ({"shape": "slack", "url": "https://hooks.slack.example/T/B/x"}, "never as its value"),
        ({"shape": "slack", "about": ["run-eaten"]}, "pattern"),
        ({"shape": "slack", "about": ["run-failed/refreshment"]}, "pattern"),
        ({"shape": "slack", "approver": PERSON}, "needs page"),
    ],
)
def test_a_webhook_that_would_not_work_is_refused(facts: dict[str, Any], problem: str) -> None:
    stated = {"name": "on-call", "url": "env:URL"} | facts

    with pytest.raises(ValueError, match=problem) as refused:
        Notifications.model_validate({"webhooks": [stated]})

    assert "hooks.slack.example" not in str(refused.value)
