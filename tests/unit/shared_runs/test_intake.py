import json

import pytest

from shared.runs.intake import Received, Unacceptable, read_event


def received(body: object, message_id: str = "m-1") -> Received:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Received("platform-events", "accept-event", message_id, text, {})


def test_a_cloud_event_is_read_as_it_is():
    event = read_event(received({"id": "1", "source": "/s", "type": "t", "data": {"a": 1}}))

    assert (event.id, event.source, event.type, event.data) == ("1", "/s", "t", {"a": 1})


def test_a_hand_typed_event_is_known_by_its_message_id():
    event = read_event(received({"type": "t", "data": {}}, message_id="typed-in-the-portal"))

    assert (event.source, event.id) == ("/manual", "typed-in-the-portal")


def test_without_any_id_the_body_is_the_identity():
    first = read_event(received({"type": "t", "data": {"n": 1}}, message_id=""))
    again = read_event(received({"type": "t", "data": {"n": 1}}, message_id=""))
    other = read_event(received({"type": "t", "data": {"n": 2}}, message_id=""))

    assert first.id == again.id != other.id


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\xff\xfe", "message: Invalid JSON"),
        (b"[]", "message: Input should be an object"),
        ({"data": {}}, "type: Field required"),
        ({"type": "t", "data": 5}, "data: Input should be"),
        ({"type": "t", "data": {}, "specversion": "0.3"}, "specversion: Input should be"),
    ],
    ids=["no JSON", "no object", "no type", "data no object", "old CloudEvents"],
)
def test_what_can_never_be_an_event_is_refused_with_the_reason(body, says):
    with pytest.raises(Unacceptable, match=says):
        read_event(received(body))


def test_a_refusal_does_not_repeat_what_was_in_the_message():
    with pytest.raises(Unacceptable) as refused:
        read_event(received({"type": 5, "data": {"password": "hunter2"}, "id": "1"}))

    assert "hunter2" not in str(refused.value)
