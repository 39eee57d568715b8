"""Microsoft's worker and our host understand the same app the same way."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from infra.local.host import AppInvalid
from infra.local.host.app import load_app
from infra.local.host.settings import read_local_settings
from infra.local.postgres import PostgresServer
from tests.integration.host.support import APP, SETTINGS

ROOT = Path(__file__).parents[3]
WORKER = Path(__file__).parent / "worker.py"
RUNTIME = "azure-functions-runtime==1.3.0"
KEY = "key-of-the-test"

MESSAGE = {
    "function": "accept_event",
    "argument": "message",
    "data": {"bytes": json.dumps({"id": "to-nowhere", "type": "unheard-of", "data": {}})},
    "metadata": {
        "MessageId": {"string": "m-1"},
        "DeliveryCount": {"json": "1"},
        "ApplicationProperties": {"json": "{}"},
        "UserProperties": {"json": "{}"},
    },
}
GRID_EVENT = {
    "function": "accept_grid_event",
    "argument": "event",
    "data": {
        "json": json.dumps(
            {
                "id": "grid-1",
                "topic": "/subscriptions/s/registry",
                "subject": "odoo:1",
                "eventType": "Microsoft.Storage.BlobDeleted",
                "eventTime": "2026-01-01T00:00:00Z",
                "dataVersion": "1",
                "data": {},
            }
        )
    },
}
TIMER = {
    "function": "announce_overdue_runs",
    "argument": "timer",
    "data": {"json": json.dumps({"IsPastDue": False, "Schedule": {}, "ScheduleStatus": None})},
}
ALERT = {
    "function": "accept_alert",
    "argument": "request",
    "data": {"http": {"method": "POST", "url": "https://h/api/alerts", "headers": {}}},
}
PAGE = {
    "function": "console",
    "argument": "request",
    "data": {
        "http": {
            "method": "GET",
            "url": "https://h/api/events",
            "headers": {"x-functions-key": KEY},
        }
    },
}
BROKEN = TIMER | {"data": {"bytes": "what no timer sends"}}


@pytest.fixture(scope="session")
def worker_runtime(pytestconfig: pytest.Config) -> Path:
    """Microsoft's worker library in a folder of its own, out of the project's reach."""
    folder = pytestconfig.cache.mkdir(RUNTIME.replace("==", "-"))
    if not (folder / "azure_functions_runtime").is_dir():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        options = ["--ignore-requires-python", "--target", str(folder), RUNTIME]
        done = subprocess.run([*install, *options], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"pip could not install {RUNTIME}: {done.stderr.strip()[-200:]}")
    return folder


def work(
    runtime: Path, app: Path, settings: dict[str, str], *invocations: dict[str, Any]
) -> dict[str, Any]:
    """What the worker finds in the app, and what came of calling it."""
    done = subprocess.run(
        [sys.executable, str(WORKER), str(runtime), str(app), json.dumps(invocations)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | settings,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # others log there, too
    return found


def ours(app: Path, settings: dict[str, str]) -> dict[str, list[str]]:
    return {function.name: list(function.raw_bindings) for function in load_app(app, settings)}


def test_the_worker_finds_the_functions_that_the_host_serves(worker_runtime: Path) -> None:
    settings = {**SETTINGS, "ServiceBus": "Endpoint=sb://unused"}

    found = work(worker_runtime, APP, settings)

    assert found == {"functions": ours(APP, settings), "answers": []}


def test_the_worker_finds_the_functions_of_the_project_and_calls_one_of_each_trigger(
    worker_runtime: Path, postgres: PostgresServer, database: str
) -> None:
    settings = read_local_settings(ROOT / "local.settings.example.json")
    ledger = postgres.url(conninfo_to_dict(database)["dbname"])
    settings |= {"SIGNALBOX_LEDGER_URL": ledger, "SIGNALBOX_API_KEY": KEY}

    found = work(worker_runtime, ROOT, settings, MESSAGE, GRID_EVENT, TIMER, ALERT, PAGE, BROKEN)

    assert found.get("functions") == ours(ROOT, settings), found
    *called, alert, page, broken = found["answers"]
    assert called == [{"status": None}] * 3
    assert (alert["status"], page["status"]) == ("401", "200")
    listed = {each["id"]: each["disposition"] for each in json.loads(page["body"])}
    assert listed == {"to-nowhere": "parked", "grid-1": "ignored"}
    assert "unable to decode" in broken["failure"]


def test_both_refuse_an_app_whose_function_names_collide(
    worker_runtime: Path, tmp_path: Path
) -> None:
    (tmp_path / "function_app.py").write_text(
        "import azure.functions as func\n"
        "app = func.FunctionApp()\n"
        "for name in ('one', 'two'):\n"
        "    @app.function_name('same')\n"
        "    @app.route(route=name)\n"
        "    def handler(req: func.HttpRequest) -> str:\n"
        "        return ''\n"
    )

    found = work(worker_runtime, tmp_path, {})

    assert "same" in found["failure"]
    with pytest.raises(AppInvalid, match="same"):
        load_app(tmp_path, {})
