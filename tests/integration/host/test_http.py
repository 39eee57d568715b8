"""HTTP functions, the Event Grid webhook and the host's own pages."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.host import FunctionsHost

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "azure"
WEBHOOK = "/runtime/webhooks/EventGrid"
EVENT = {
    "id": "e-1",
    "topic": "/subscriptions/s",
    "subject": "backups/acme-prod",
    "eventType": "Microsoft.Storage.BlobCreated",
    "eventTime": "2026-11-20T02:14:07.8412357Z",
    "data": {"url": "https://example.invalid/a"},
    "dataVersion": "",
    "metadataVersion": "1",
}


@pytest.fixture
def web(host: FunctionsHost) -> Any:
    with httpx.Client(base_url=host.url) as client:
        yield client


def notify(web: httpx.Client, content: Any, kind: str = "Notification") -> httpx.Response:
    parameters = {"functionName": "accept_event"}
    return web.post(WEBHOOK, params=parameters, json=content, headers={"aeg-event-type": kind})


def test_an_anonymous_route_is_open_and_takes_route_query_and_body(web: httpx.Client) -> None:
    by_route = web.get("/api/greet/ann")
    by_query = web.get("/api/greet", params={"name": "ben"})
    by_body = web.post("/api/greet", content="cem")

    assert [answer.text for answer in (by_route, by_query, by_body)] == [
        "hello ann",
        "hello ben",
        "hello cem",
    ]
    assert by_route.status_code == 201
    assert by_route.headers["x-said-by"] == "greet"


def test_a_route_with_auth_level_function_needs_the_key(
    web: httpx.Client, host: FunctionsHost
) -> None:
    without = web.get("/api/runs/7")
    wrong = web.get("/api/runs/7", headers={"x-functions-key": "guess"})
    by_header = web.get("/api/runs/7", headers={"x-functions-key": host.key})
    by_query = web.get("/api/runs/7", params={"code": host.key})

    assert [answer.status_code for answer in (without, wrong)] == [401, 401]
    assert by_header.text == by_query.text == "run 7"
    assert by_header.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/nothing"), ("GET", "/api/runs/seven"), ("DELETE", "/api/greet"), ("GET", "/")],
)
def test_a_path_or_method_that_no_function_has_is_not_found(
    web: httpx.Client, method: str, path: str
) -> None:
    assert web.request(method, path).status_code == 404


def test_a_function_that_raises_answers_500_and_says_nothing_else(web: httpx.Client) -> None:
    answer = web.get("/api/broken")

    assert (answer.status_code, answer.content) == (500, b"")


def test_health_and_functions_are_listed(web: httpx.Client, host: FunctionsHost) -> None:
    status = web.get("/admin/host/status").json()
    functions = web.get("/admin/functions").json()

    assert status["state"] == "Running"
    assert [function["name"] for function in functions] == [
        function.name for function in host.functions
    ]


def test_event_grid_validates_with_the_code_it_sent(web: httpx.Client) -> None:
    event = EVENT | {"data": {"validationCode": "code-1"}}

    answer = notify(web, [event], "SubscriptionValidation")

    assert (answer.status_code, answer.json()) == (200, {"validationResponse": "code-1"})


def test_a_cloud_event_validation_carries_its_data_as_text(web: httpx.Client) -> None:
    event = {"specversion": "1.0", "data": json.dumps({"validationCode": "code-2"})}

    answer = notify(web, event, "SubscriptionValidation")

    assert answer.json() == {"validationResponse": "code-2"}


@pytest.mark.parametrize("content", [[EVENT], EVENT], ids=["array", "single"])
def test_an_event_is_accepted_and_reaches_the_function(
    web: httpx.Client, seen: Any, content: Any
) -> None:
    answer = notify(web, content)

    event = seen.events.get(timeout=5)
    assert answer.status_code == 202
    assert (event.id, event.event_type) == ("e-1", "Microsoft.Storage.BlobCreated")
    assert event.get_json() == EVENT["data"]


def test_one_failed_event_fails_the_batch_after_the_others_ran(
    web: httpx.Client, seen: Any
) -> None:
    answer = notify(web, [EVENT, EVENT | {"subject": "refuse"}])

    assert (answer.status_code, answer.text) == (500, "told to refuse")
    assert seen.events.get(timeout=5).id == "e-1"


def test_the_webhook_answers_what_is_not_a_notification(web: httpx.Client) -> None:
    unknown = web.post(WEBHOOK, params={"functionName": "x"}, json=[])
    no_kind = web.post(WEBHOOK, params={"functionName": "accept_event"}, json=[EVENT])
    farewell = notify(web, [], "Unsubscribe")
    garbled = web.post(
        WEBHOOK,
        params={"functionName": "accept_event"},
        content="{",
        headers={"aeg-event-type": "Notification"},
    )

    assert (unknown.status_code, unknown.text) == (404, "cannot find function: 'x'")
    assert [no_kind.status_code, farewell.status_code, garbled.status_code] == [400, 202, 400]


def test_the_cloud_events_handshake_allows_the_origin(web: httpx.Client) -> None:
    answer = web.options(
        WEBHOOK,
        params={"functionName": "accept_event"},
        headers={"WebHook-Request-Origin": "eventgrid.azure.net"},
    )

    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "eventgrid.azure.net"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample events are not beside the checkout")
def test_every_sample_event_of_azure_is_accepted(web: httpx.Client, seen: Any) -> None:
    paths = sorted(SAMPLES.glob("Microsoft.*.json"))

    answers = {path.name: notify(web, json.loads(path.read_text())).status_code for path in paths}

    assert paths
    assert set(answers.values()) == {202}, answers
