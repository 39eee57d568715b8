"""What a request meets before a handler sees it, and every answer bears."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

import azure.functions as func
import pytest
from azure.functions.meta import Datum

from functions.console import Desk, build_console
from shared.identity import Caller, Role
from shared.limits import RateLimit
from shared.triggers import MAX_BODY, Answer, Asked, Guard, Handle, on_event_grid, on_http, on_web

KEY = "the-key"


def guarded(handle: Handle, role: Role = Role.READER, limit: int = 10) -> Handle:
    guard = Guard(identify, RateLimit(limit, timedelta(minutes=1)))
    return lambda asked: guard.refusal(asked, role) or handle(asked)


def identify(headers: Mapping[str, str]) -> Caller | None:
    known = headers.get("x-functions-key") == KEY
    return Caller("machine", frozenset({Role.READER})) if known else None


def served(handle: Callable[[Asked], Answer]) -> Callable[..., func.HttpResponse]:
    """The function that the host would call."""
    app = func.FunctionApp()
    on_http(app, "ask", "POST", "ask/{id}", handle)
    [function] = app.get_functions()
    found: Callable[..., func.HttpResponse] = function.get_user_function()
    return found


def request(
    *, key: str | None = KEY, body: bytes = b"", params: dict[str, str] | None = None
) -> func.HttpRequest:
    headers = {"X-Functions-Key": key} if key else {}
    return func.HttpRequest(
        "POST", "/api/ask", headers=headers, params=params or {}, route_params={}, body=body
    )


def test_the_host_lets_through_every_method_that_the_console_answers() -> None:
    app, console = func.FunctionApp(), build_console(cast("Desk", None))
    on_web(app, "console", console)

    [function] = app.get_functions()
    let_through = function.get_trigger().get_dict_repr()["methods"]

    wanted = {method.upper() for path in console.openapi()["paths"].values() for method in path}
    assert "DELETE" in wanted
    assert wanted <= {str(each.value) for each in let_through}


def test_an_answer_bears_what_browsers_must_obey() -> None:
    ask = served(guarded(lambda asked: Answer({"got": len(asked.body)})))

    answer = ask(request(body=b"12345"))

    assert (answer.status_code, json.loads(answer.get_body())) == (200, {"got": 5})
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("asked", "role", "status"),
    [
        (request(key=None), Role.READER, 401),
        (request(key="guessed"), Role.READER, 401),
        (request(key=None, params={"code": KEY}), Role.READER, 401),
        (request(params={"code": "anything"}), Role.READER, 401),
        (request(), Role.APPROVER, 403),
        (request(body=b"x" * (MAX_BODY + 1)), Role.READER, 413),
    ],
    ids=["no key", "wrong key", "key in the URL", "code in the URL", "no role", "large body"],
)
def test_who_is_not_let_in_gets_a_problem_and_reaches_nothing(
    asked: func.HttpRequest, role: Role, status: int
) -> None:
    reached: list[Asked] = []

    def handle(asked: Asked) -> Answer:
        reached.append(asked)
        return Answer({})

    answer = served(guarded(handle, role))(asked)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert json.loads(answer.get_body())["status"] == status
    assert reached == []


def test_too_many_requests_are_told_when_to_come_again() -> None:
    ask = served(guarded(lambda _: Answer({}), limit=1))

    statuses = [ask(request()).status_code for _ in range(2)]

    assert statuses == [200, 429]
    assert ask(request()).headers["Retry-After"] == "60"


# -- Event Grid ----------------------------------------------------------------------------------

CLOUD: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "/subscriptions/s",
    "type": "Microsoft.Storage.BlobCreated",
    "subject": "/blobServices/default/containers/c/blobs/b",
    "time": "2026-11-20T02:14:07.841235+00:00",
    "data": {"url": "https://x"},
    "traceparent": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
}
GRID = {
    "id": "1",
    "topic": "/subscriptions/s",
    "eventType": "Microsoft.Storage.BlobCreated",
    "subject": "/blobServices/default/containers/c/blobs/b",
    "eventTime": "2026-11-20T02:14:07.8412357Z",
    "data": {"url": "https://x"},
    "dataVersion": "",
}


@pytest.mark.parametrize("sent", [CLOUD, GRID], ids=["CloudEvents", "Event Grid"])
def test_an_event_of_either_schema_is_handed_on_as_the_same_cloud_event(
    sent: dict[str, Any],
) -> None:
    app, got = func.FunctionApp(), list[bytes]()
    on_event_grid(app, "take", got.append)
    [function] = app.get_functions()
    converter = func.get_binding_registry().get("eventGridTrigger")

    function.get_user_function()(
        converter.decode(Datum(json.dumps(sent), "json"), trigger_metadata={})
    )
    [event] = map(json.loads, got)

    expected = {name: CLOUD[name] for name in ("id", "source", "type", "subject", "data")}
    assert expected.items() <= event.items()
    assert event["time"].startswith("2026-11-20T02:14:07")
    assert event.get("traceparent") == sent.get("traceparent")
