"""The console as the Functions host serves it: the real function app, the real middleware."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from infra.local.host import FunctionsHost
from tests.integration.console.stage import ESTATE

if TYPE_CHECKING:
    from infra.local.bus import Broker

ROOT = Path(__file__).parents[3]


@pytest.fixture
def host(broker: "Broker", database: str) -> Iterator[FunctionsHost]:
    settings = {
        "ServiceBus": broker.connection_string,
        "SIGNALBOX_LEDGER_URL": database,
        "SIGNALBOX_ESTATE": str(ESTATE),
        "SIGNALBOX_BLOBS": "https://account.blob.core.windows.net",
        "SIGNALBOX_KUBERNETES_URL": "http://127.0.0.1:9",
        "SIGNALBOX_FORMS_SECRET": "what signs forms in tests",
        "SIGNALBOX_API_KEY": "a key of tests",
        "SIGNALBOX_DEVELOPER": "ann",
    }
    with FunctionsHost(ROOT, settings, grace=5) as host:
        yield host


def test_page_api_and_style_come_through_the_host_as_they_were_made(host: FunctionsHost) -> None:
    key = {"x-functions-key": "a key of tests"}
    with httpx.Client(base_url=host.url) as web:
        page = web.get("/")
        health = web.get("/api/health")
        runs = web.get("/api/runs?limit=5", headers=key)
        again = web.get("/api/runs?limit=5", headers=key | {"if-none-match": runs.headers["etag"]})
        style = web.get("/static/console.css")
        wrong_key = web.get("/api/runs", headers={"x-functions-key": "guess"})
        key_in_url = web.get("/api/runs?code=a%20key%20of%20tests")
        rebound = web.get("/", headers={"host": "evil.example"})
        large = web.post("/api/events", content=b" " * 300_000)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "acme-staging" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert health.json()["status"] == "healthy"
    assert (runs.status_code, runs.json(), again.status_code) == (200, [], 304)
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    refused = [answer.status_code for answer in (wrong_key, key_in_url, rebound, large)]
    assert refused == [401, 401, 401, 413]
