"""Whatever arrives is an event, or refused with a sentence that says what to send instead."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.runbooks import RUNBOOKS
from shared.estate import load_estate
from shared.runs.intake import Intake
from shared.runs.reading import MAX_BYTES, Received, Unacceptable, read_event

ROOT = Path(__file__).parents[3]
INTAKE = Intake(RUNBOOKS, load_estate(ROOT / "infra" / "local" / "estate.yaml"))
FACTS = {"environment": "acme-prod", "manifest": "backups/acme-prod/20261122T020000Z/manifest.json"}
TYPED = {"type": "backup-completed", **FACTS}
COMPLETE = {
    "specversion": "1.0",
    "id": "1",
    "source": "/backup",
    "type": "backup-completed",
    "data": FACTS,
}


def received(body: object, message_id: str = "m-1") -> Received:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Received("platform-events", "accept-event", message_id, text, {})


def refusal(body: object) -> str:
    with pytest.raises(Unacceptable) as refused:
        INTAKE.understand(read_event(received(body)))
    return str(refused.value)


# -- what is understood --------------------------------------------------------------------------


def test_a_cloud_event_is_read_as_it_is() -> None:
    event = read_event(received({"id": "1", "source": "/s", "type": "t", "data": {"a": 1}}))

    assert (event.id, event.source, event.type, event.data) == ("1", "/s", "t", {"a": 1})


@pytest.mark.parametrize(
    "body",
    [
        TYPED,
        {"type": "backup-completed", "data": FACTS},
        COMPLETE,
        [COMPLETE],
        json.dumps(TYPED, indent=2).encode("utf-8-sig"),
        COMPLETE | {"datacontenttype": "application/json; charset=utf-8"},
        COMPLETE | {"traceparent": "no trace at all"},
        COMPLETE | {"traceparent": f"00-{'0' * 32}-{'0' * 16}-01"},
        COMPLETE | {"partitionkey": "an extension"},
    ],
    ids=[
        "bare",
        "with data",
        "complete",
        "array",
        "BOM",
        "charset",
        "bad trace",
        "no trace",
        "extension",
    ],
)
def test_every_way_to_write_an_event_means_the_same(body: object) -> None:
    event = read_event(received(body))

    assert event.data == FACTS
    assert event.traceparent is None
    assert INTAKE.understand(event).environments == ("acme-staging",)


def test_a_hand_typed_event_is_known_by_its_message_id() -> None:
    event = read_event(received({"type": "t", "data": {}}, message_id="typed-in-the-portal"))

    assert (event.source, event.id) == ("/manual", "typed-in-the-portal")


def test_without_any_id_the_body_is_the_identity() -> None:
    first = read_event(received({"type": "t", "data": {"n": 1}}, message_id=""))
    again = read_event(received({"type": "t", "data": {"n": 1}}, message_id=""))
    other = read_event(received({"type": "t", "data": {"n": 2}}, message_id=""))

    assert first.id == again.id != other.id


# -- what is refused, and what the engineer is told ----------------------------------------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the message is empty"),
        (b"{'type': 'backup-completed'}", "enclosed in double quotes in line 1, column 2"),
        (b'{"type": "backup-completed",\n}', "line 2, column 1"),
        (json.dumps(TYPED).encode("utf-16"), "UTF-16: send it as UTF-8"),
        (b'{"type": "caf\xe9"}', "no UTF-8 text"),
        (b"[]", "no JSON object|array of several"),
        ([COMPLETE, COMPLETE], "one event per message"),
        (json.dumps(json.dumps(TYPED)).encode(), "send the JSON object itself"),
        (json.dumps(TYPED | {"note": "x" * MAX_BYTES}).encode(), "put what is large into blob"),
        (b"[" * 60_000, "nested deeper"),
        ({"type": "t", "data": json.loads("[" * 40 + "]" * 40)}, "nested deeper"),
        (b'{"type": "a", "type": "b", "data": {}}', "'type' is there twice"),
        (b'{"type": "t", "data": {"n": NaN}}', "NaN is no number"),
        (b'{"type": "t", "data": {"n": 1e999}}', "a number is too large"),
        (b'{"type": "t", "data": {"n": ' + b"9" * 5000 + b"}}", "more than 40 digits"),
        (b'{"type": "t", "data": {"n": "\\u0000"}}', "the character NUL"),
        (b'{"type": "t", "data": {"\\ud800": 1}}', "half a surrogate pair"),
        ({"data": {}}, "type: Field required"),
        ({"type": "t", "data": 5}, "data: Input should be"),
        ({"type": "t", "data": {}, "specversion": "0.3"}, "specversion: Input should be"),
        (COMPLETE | {"id": "i" * 2000}, "source and id have more than 1,500 bytes"),
        (COMPLETE | {"type": "red \x1b[31m"}, "type: .* characters that cannot be shown"),
        (COMPLETE | {"time": "2026-11-22T02:00:00"}, "time: Input should have timezone"),
        (TYPED | {"type": "backup-complete"}, "did you mean backup-completed"),
        (TYPED | {"type": "make-coffee"}, 'for example {"type": "backup-completed"'),
        (TYPED | {"environment": "acme-prud"}, "did you mean acme-prod"),
        (TYPED | {"environment": 5}, "environment: Input should be a valid string"),
        (TYPED | {"target": "acme-training"}, "is not refreshed from acme-prod"),
        ({"type": "backup-completed", "environment": "acme-prod"}, '"manifest": "backups/acme-'),
        (
            {"type": "backup-completed", "environment": "acme-prod", "manifset": "a/b"},
            "spelt almost like manifest",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rubbish_is_refused_with_what_to_send_instead(body: object, says: str) -> None:
    assert re.search(says, refusal(body))


def test_what_a_refusal_offers_as_an_example_is_accepted() -> None:
    told = refusal({"type": "backup-complete"} | FACTS)
    offered = told[told.index("{") :]

    assert INTAKE.understand(read_event(received(offered.encode()))).environments


@pytest.mark.parametrize(
    "body",
    [
        {"type": 5, "data": {"password": "hunter2"}, "id": "1"},
        {"type": "hunter2", "data": {}},
        TYPED | {"environment": "<hunter2>"},
        TYPED | {"target": "<hunter2>"},
        TYPED | {"manifest": "hunter2"},
        b'{"<hunter2>": 1, "<hunter2>": 2}',
    ],
)
def test_a_refusal_does_not_repeat_what_was_in_the_message(body: object) -> None:
    assert "hunter2" not in refusal(body)


# -- anything at all -----------------------------------------------------------------------------

NAMES = st.sampled_from([*COMPLETE, *FACTS, "eventType", "topic", "schemaId", "essentials"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(
        ["backup-completed", "acme-prod", "1.0", "azureMonitorCommonAlertSchema",
         "Microsoft.Storage.BlobCreated", "azure-monitor-alert"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(), inner),
    max_leaves=12,
)  # fmt: skip


@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()), st.text())
@example(b"\xff\xfe\x00", "\x00")
def test_whatever_arrives_is_understood_or_refused_with_a_reason(body: bytes, id: str) -> None:
    try:
        event = read_event(received(body, id))
        INTAKE.understand(event)
    except Unacceptable as refused:
        told = str(refused)
    else:
        told = event.id
        stored: Any = event.model_dump(mode="json")
        assert "\x00" not in json.dumps(stored, allow_nan=False).encode().decode()
    assert told
