"""Every way an event can come in, on the whole platform, and what is told of it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from infra.local.platform import ESTATE, Platform
from tests.e2e.site import command_line, wait_for
from tests.gridreceiver import KEY, GridReceiver, grid_receiver

RULES = """
azure:
  alert_secret: env:ALERT_SECRET
  alerts:
    - { rule: pg-cpu-high, environment: acme-prod, fired: lag-threshold-breached }
"""
SECRET = "shared-with-the-relay"
WEBHOOK = "/runtime/webhooks/EventGrid?functionName=accept_grid_event"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "azure"
SUBJECT = "/blobServices/default/containers/backups/blobs/acme-prod/never-{}/manifest.json"
FACTS = {"environment": "acme-prod", "manifest": "backups/acme-prod/never/manifest.json"}

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout"),
]


@dataclass(frozen=True)
class Doors:
    """A platform without any production: runs start and fail at their first step."""

    platform: Platform
    grid: GridReceiver

    def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.platform.url}{path}", content, headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read() or b"null")

    def send(self, *messages: ServiceBusMessage) -> None:
        connection = self.platform.settings["ServiceBus"]
        with (
            ServiceBusClient.from_connection_string(connection) as bus,
            bus.get_topic_sender("platform-events") as sender,
        ):
            for message in messages:
                sender.send_messages(message)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.platform.settings["SIGNALBOX_LEDGER_URL"]) as ledger:
            return ledger.execute(query.encode(), values).fetchall()

    def number_of(self, id: str) -> str:
        """The number of an event, once intake has seen it."""
        query = "select number from events where id = %s"
        return str(wait_for(lambda: self.ask(query, id), f"event {id}")[0][0])

    def shown(self, id: str) -> dict[str, Any]:
        """What the command line tells of an event."""
        done = command_line(self.platform, "events", "show", self.number_of(id), "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("doors")
    estate = folder / "estate.yaml"
    estate.write_text(ESTATE.read_text() + RULES)
    with grid_receiver() as grid:
        settings = {
            "ALERT_SECRET": SECRET,
            "SIGNALBOX_EVENT_GRID_TOPIC": grid.url,
            "SIGNALBOX_EVENT_GRID_KEY": KEY,
        }
        with Platform(folder / "platform", estate=estate, settings=settings) as platform:
            yield Doors(platform, grid)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


# -- Event Grid ----------------------------------------------------------------------------------


def test_event_grids_handshakes_are_answered(doors: Doors) -> None:
    [validation] = sample("Microsoft.EventGrid.SubscriptionValidationEvent.eventgrid.json")
    kind = {"aeg-event-type": "SubscriptionValidation"}

    status, answer = doors.post(WEBHOOK, [validation], **kind)

    assert status == 200
    assert answer == {"validationResponse": validation["data"]["validationCode"]}


@pytest.mark.parametrize("by", ["webhook", "bus"])
@pytest.mark.parametrize("schema", ["cloudevent", "eventgrid"])
def test_a_backup_in_storage_enters_by_event_grid_and_its_outcome_leaves_by_it(
    doors: Doors, schema: str, by: str
) -> None:
    content = sample(f"Microsoft.Storage.BlobCreated.{schema}.json")
    event = content[0] if isinstance(content, list) else content
    event |= {"id": f"created-{schema}-{by}", "subject": SUBJECT.format(f"{schema}-{by}")}

    if by == "webhook":
        status, _ = doors.post(WEBHOOK, content, **{"aeg-event-type": "Notification"})
        assert status == 202
    else:
        sent = {"aeg-subscription-name": "BACKUPS", "aeg-delivery-count": 0}
        doors.send(ServiceBusMessage(json.dumps(event), application_properties=sent))
    told = doors.shown(event["id"])
    [run] = told["runs"]
    outcomes = wait_for(
        lambda: [e for e in doors.grid.events if e["id"].startswith(f"{run}:")][1:], "the outcome"
    )

    assert (told["disposition"], told["read_as"]) == ("started", "backup-completed")
    assert told["body"]["source"].endswith("/storageAccounts/stodooprodweu")
    assert [outcome["type"] for outcome in outcomes] == ["run-failed"]
    assert f"never-{schema}-{by}/manifest.json" in outcomes[0]["data"]["reason"]


# -- Azure Monitor -------------------------------------------------------------------------------


def test_an_alert_enters_by_its_webhook_with_the_shared_secret_only(doors: Doors) -> None:
    alert = sample("azure-monitor.metric.common-alert.json")

    guessed = doors.post("/api/alerts", alert, **{"x-signalbox-secret": "guessed"})
    accepted = doors.post("/api/alerts", alert, **{"x-signalbox-secret": SECRET})
    told = doors.shown(accepted[1]["id"])

    assert (guessed[0], guessed[1]["title"]) == (401, "Unauthorized")
    assert accepted[0] == 202
    assert (told["source"], told["type"]) == ("/azure-monitor", "azure-monitor-alert")
    assert (told["read_as"], told["environment"]) == ("lag-threshold-breached", "acme-prod")


# -- people --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        ServiceBusMessage(json.dumps({"type": "backup-completed", **FACTS})),
        ServiceBusMessage(json.dumps({"type": "backup-completed", "data": FACTS}).encode()),
        ServiceBusMessage(
            json.dumps({"type": "backup-completed", "source": "/me", "id": "3", "data": FACTS}),
            content_type="application/cloudevents+json",
        ),
    ],
    ids=["bare text", "bytes", "complete, with content type"],
)
def test_a_typed_event_starts_a_run_whichever_way_it_is_typed(
    doors: Doors, message: ServiceBusMessage
) -> None:
    before = {number for (number,) in doors.ask("select number from events")}

    doors.send(message)
    [(disposition, body)] = wait_for(
        lambda: [
            (disposition, body)
            for number, disposition, body in doors.ask(
                "select number, disposition, body from events"
            )
            if number not in before
        ],
        "the event",
    )

    assert disposition in ("started", "coalesced"), "the run of the one before may not be over"
    assert body["data"] == FACTS


def test_ten_kinds_of_rubbish_are_parked_with_ten_reasons_that_help(doors: Doors) -> None:
    typed = {"type": "backup-completed", **FACTS}
    misspelt = {"type": "backup-completed", "environment": "acme-prod", "manifset": "x"}
    rubbish: dict[str, str | bytes] = {
        "enclosed in double quotes": "{'type': 'backup-completed'}",
        "did you mean backup-completed?": json.dumps(typed | {"type": "backup-complete"}),
        "spelt almost like manifest": json.dumps(misspelt),
        "did you mean acme-prod?": json.dumps(typed | {"environment": "acme-prud"}),
        "an event at most 65,536": json.dumps(typed | {"note": "x" * 250_000}),
        "send it as UTF-8": json.dumps(typed).encode("utf-16"),
        "send one event per message": json.dumps([typed, typed]),
        "nested deeper than 32": "[" * 5_000 + "]" * 5_000,
        "'type' is there twice": '{"type": "backup-completed", "type": "backup-completed"}',
        "environment: Input should be a valid string": json.dumps(typed | {"environment": 7}),
        "NUL": json.dumps(typed | {"note": "\0"}),
    }
    query = "select reason, body from parked where topic = 'platform-events'"

    doors.send(*(ServiceBusMessage(body) for body in rubbish.values()))
    wait_for(lambda: len(doors.ask(query)) >= len(rubbish), "all of it to be parked")
    reasons = [reason for reason, _ in doors.ask(query)]
    listed = command_line(doors.platform, "events", "list", "--became", "parked", "--json")

    assert [says for says in rubbish if sum(says in reason for reason in reasons) != 1] == []
    assert len(reasons) == len(rubbish), "each of them once"
    assert sorted(each["reason"] for each in json.loads(listed.stdout)) == sorted(reasons)


def test_the_events_are_told_over_http_to_those_who_have_the_key(doors: Doors) -> None:
    doors.send(ServiceBusMessage('{"type": "Microsoft.Web.AppUpdated", "id": "app", "data": {}}'))
    number = doors.number_of("app")
    key = {"x-functions-key": doors.platform.settings["SIGNALBOX_API_KEY"]}
    url = f"{doors.platform.url}/api/events/{number}"

    with urllib.request.urlopen(urllib.request.Request(url, headers=key)) as answer:
        told = json.load(answer)
    guessed = urllib.request.Request(url, headers={"x-functions-key": "guessed"})
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(guessed)

    assert told["event"]["disposition"] == "ignored"
    assert told["event"]["reason"] == "nothing here reacts to Microsoft.Web.AppUpdated"
