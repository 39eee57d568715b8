"""Whatever arrives ends as exactly one thing that can be looked up: on a real ledger."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import OperationalError

from functions.intake import accept_dead_letter, accept_event, accept_grid_event
from functions.runbooks import RUNBOOKS
from shared.estate import Estate, load_estate
from shared.ledger import Ledger, ReceivedEvent
from shared.messages import CloudEvent
from shared.runs.intake import Intake, unreadable
from shared.runs.reading import Received, Unacceptable, read_event
from tests.integration.runs.conftest import Engine

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT.parent / "shared" / "samples" / "azure"
RULES = {
    "images": [{"repository": "odoo", "tag": "18.0-*", "environment": "acme-staging"}],
    "health": [{"resource": "*/aks-odoo-*", "environment": "acme-prod"}],
    "alerts": [
        {
            "rule": "pg-*",
            "target": "*/flexibleservers/psql-odoo-prod",
            "environment": "acme-prod",
            "fired": "lag-threshold-breached",
            "resolved": "lag-recovered",
        }
    ],
}
MANIFEST = "backups/acme-prod/20261122T020000Z/manifest.json"
FACTS = {"environment": "acme-prod", "manifest": MANIFEST}
CREATED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "created-1",
    "source": "/subscriptions/s/storageAccounts/backups",
    "type": "Microsoft.Storage.BlobCreated",
    "subject": f"/blobServices/default/containers/{MANIFEST.replace('/', '/blobs/', 1)}",
    "data": {"contentLength": 2048},
}


@pytest.fixture(scope="module")
def estate() -> Estate:
    plain = load_estate(ROOT / "infra" / "local" / "estate.yaml")
    return Estate.model_validate(plain.model_dump(by_alias=True) | {"azure": RULES})


class Door:
    """The refresh runbook's intake, and what the ledger tells of what came in."""

    def __init__(self, engine: Engine, estate: Estate) -> None:
        self.engine = engine
        self.intake = Intake(RUNBOOKS, estate)

    @property
    def ledger(self) -> Ledger:
        return self.engine.ledger

    def bring(self, body: object, id: str = "m-1", properties: Any = None) -> ReceivedEvent:
        """Deliver a message; what became of it, as the list of events tells."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        received = Received("platform-events", "accept-event", id, content, properties or {})
        accept_event(received, **self.with_bus())
        return self.ledger.recent_events(limit=1)[0]

    def with_bus(self) -> dict[str, Any]:
        return {"runner": self.engine.runner, "intake": self.intake, "bus": self.engine.bus}


@pytest.fixture
def door(engine: Engine, estate: Estate) -> Iterator[Door]:
    return Door(engine, estate)


# -- what became of an event ---------------------------------------------------------------------


def test_an_event_tells_which_runs_it_started(door: Door) -> None:
    told = door.bring({"type": "backup-completed", **FACTS})

    assert told.disposition == "started"
    assert told.runs == [run.id for run in door.ledger.recent_runs()]
    assert door.ledger.event_by_number(told.number) == told
    assert door.ledger.event_body(told.number)["data"] == FACTS


def test_a_second_report_tells_which_run_it_was_coalesced_with(door: Door) -> None:
    first = door.bring({"type": "backup-completed", **FACTS}, id="m-1")
    second = door.bring({"type": "backup-completed", **FACTS}, id="m-2")

    assert second.disposition == "coalesced"
    assert second.runs == []
    assert second.coalesced_with == first.runs


def test_a_refused_event_tells_where_it_is_parked_and_why(door: Door) -> None:
    told = door.bring({"type": "backup-complete", "id": "typed", **FACTS})
    [parked] = door.ledger.parked_messages()

    assert (told.id, told.disposition, told.parked) == ("typed", "parked", parked.id)
    assert told.reason == parked.reason
    assert "did you mean backup-completed?" in parked.reason


def test_events_are_found_by_what_they_are_and_became(door: Door) -> None:
    door.bring({"type": "backup-completed", **FACTS}, id="m-1")
    door.bring(CREATED | {"type": "Microsoft.Storage.BlobDeleted"}, id="m-2")
    last = door.bring(b"rubbish", id="m-3")

    def ids(**wanted: Any) -> list[str]:
        return [event.id for event in door.ledger.recent_events(**wanted)]

    assert ids(disposition="ignored") == ["created-1"]
    assert ids(environment="acme-prod") == ids(type="backup-completed") == ["m-1"]
    assert ids(before=last.number, limit=1) == ["created-1"]


# -- Azure ---------------------------------------------------------------------------------------


def test_a_manifest_in_storage_starts_a_refresh_and_the_tools_own_event_joins_it(
    door: Door,
) -> None:
    created = door.bring(CREATED)
    said = door.bring({"type": "backup-completed", **FACTS}, id="m-2")

    assert (created.type, created.read_as) == (CREATED["type"], "backup-completed")
    assert (created.disposition, created.environment) == ("started", "acme-prod")
    assert said.coalesced_with == created.runs


def test_an_event_that_comes_by_both_of_event_grids_ways_acts_once(door: Door) -> None:
    other_schema = {
        "topic": CREATED["source"],
        "eventType": CREATED["type"],
        "eventTime": "2026-11-20T02:14:07.8412357Z",
        **{name: CREATED[name] for name in ("id", "subject", "data")},
    }

    door.bring(CREATED)
    accept_grid_event(json.dumps(other_schema).encode(), **door.with_bus())

    assert len(door.ledger.recent_events()) == len(door.ledger.recent_runs()) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"subject": CREATED["subject"].replace("manifest.json", "x.dump")}, "no manifest.json"),
        ({"subject": CREATED["subject"].replace("backups", "images")}, "has its backups there"),
        ({"data": {"contentLength": 0}}, "empty as yet"),
        ({"type": "Microsoft.Storage.BlobTierChanged"}, "reacts to Microsoft.Storage.BlobTierCh"),
    ],
)
def test_what_means_nothing_here_is_ignored_and_says_why(
    door: Door, change: dict[str, Any], reason: str
) -> None:
    told = door.bring(CREATED | change)

    assert told.disposition == "ignored"
    assert reason in (told.reason or "")
    assert door.ledger.parked_messages() == []


def test_an_event_of_azure_that_is_broken_is_parked(door: Door) -> None:
    told = door.bring(CREATED | {"subject": None})

    assert told.disposition == "parked"
    assert "the subject names no blob" in (told.reason or "")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")
def test_every_sample_of_azure_is_understood(door: Door) -> None:
    answered = {runbook.on.type for runbook in RUNBOOKS}
    expected = {
        "Microsoft.ContainerRegistry.ImagePushed": "release-promoted",
        "Microsoft.ResourceNotifications.HealthResources.AvailabilityStatusChanged": (
            "region-degraded"
        ),
    }

    for sample in sorted(SAMPLES.glob("*.json")):
        told = door.bring(sample.read_bytes(), id=sample.name)
        meaning = expected.get(told.type)
        assert told.read_as == meaning or told.type == "azure-monitor-alert", sample.name
        if meaning not in answered and told.type != "azure-monitor-alert":
            assert told.disposition == "ignored", sample.name
            assert told.reason

    assert [p.reason for p in door.ledger.parked_messages()] == []


@pytest.mark.parametrize(
    ("condition", "meaning"), [("Fired", "lag-threshold-breached"), ("Resolved", "lag-recovered")]
)
def test_an_alert_means_what_the_estate_says(door: Door, condition: str, meaning: str) -> None:
    essentials = {
        "alertId": "/alerts/a-1",
        "alertRule": "PG-lag",
        "monitorCondition": condition,
        "alertTargetIDs": ["/subscriptions/s/flexibleServers/psql-odoo-prod"],
        "firedDateTime": "2026-11-20T02:14:07.8412357Z",
    }

    told = door.bring(
        {"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": essentials}}
    )

    assert (told.read_as, told.environment) == (meaning, "acme-prod")


# -- rubbish -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\x01\x02",
        json.dumps({"type": "backup-completed", **FACTS}).encode("utf-16"),
        b'{"type": "backup-completed\\u0000", "data": {}}',
        b"x" * 256 * 1024,
        b"[" * 60_000,
        b'{"type": "backup-completed", "data": {"n": NaN}}',
        json.dumps({"type": "t" * 50_000, "data": {}}).encode(),
        json.dumps({"type": "t", "source": "s" * 50_000, "data": {}}).encode(),
    ],
    ids=["empty", "bytes", "UTF-16", "NUL", "256 KB", "bomb", "NaN", "long type", "long source"],
)
def test_rubbish_is_parked_in_one_delivery_and_listed(door: Door, body: bytes) -> None:
    told = door.bring(body, id="m-\x00-" + "9" * 200, properties={"sent\x00by": "a\x00b"})
    [parked] = door.ledger.parked_messages()

    assert told.disposition == "parked"
    assert (told.parked, told.reason) == (parked.id, parked.reason)
    assert all(len(envelope.id) <= 128 for envelope in door.engine.bus.sent)
    assert door.engine.announced() == ["message-parked"]


def test_a_message_with_thousands_of_mistakes_is_announced_in_one_that_the_bus_takes(
    door: Door,
) -> None:
    image = f"acme.azurecr.io/odoo@sha256:{'0' * 64}"
    facts = {"environment": "acme-prod", "image": image, "release": "1", "modules": [0] * 20_000}

    told = door.bring({"type": "release-promoted", **facts})
    [announced] = door.engine.bus.take("run-events")

    assert told.disposition == "parked"
    assert "modules.9: Input should be a valid string; and 19,990 more; for" in str(told.reason)
    assert len(announced.body) < 4_096


def test_messages_that_bear_the_same_id_or_none_are_parked_each(door: Door) -> None:
    for id in ("", "same"):
        door.bring(b"one", id=id)
        door.bring(b"two", id=id)
        door.bring(b"two", id=id)

    assert sorted(p.body for p in door.ledger.parked_messages()) == ["one", "one", "two", "two"]


def test_a_dead_letter_of_our_own_is_parked_without_another_announcement(door: Door) -> None:
    door.bring(b"rubbish")
    [said] = door.engine.bus.take("run-events")
    dead = Received("dead-letters", "accept-dead-letter", said.id, said.body.encode(), {})

    accept_dead_letter(dead, **door.with_bus())
    parked = door.ledger.parked_messages()

    assert {message.topic for message in parked} == {"platform-events", "run-events"}
    assert door.engine.announced() == []


@pytest.mark.parametrize("often", ["0", "7", "many", "-1", "9" * 400])
def test_an_event_is_put_off_whatever_its_id_and_properties(
    door: Door, often: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("the ledger is away")

    monkeypatch.setattr(door.engine.runner, "commit", away)
    received = Received("t", "s", "i" * 128, b"\xff\xfe", {"signalbox-put-off": often})

    accept_event(received, **door.with_bus())
    [later] = door.engine.bus.take("platform-events")

    assert len(later.id) <= 128
    assert later.scheduled_for is not None


TYPED = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["backup-completed", CREATED["type"], "azure-monitor-alert"]),
        "data": st.dictionaries(
            st.sampled_from(["environment", "manifest", "target", "contentLength"]) | st.text(),
            st.sampled_from([*FACTS.values(), "acme-staging"]) | st.text() | st.integers(),
        ),
    },
    optional={
        "id": st.text(),
        "source": st.text(),
        "subject": st.text() | st.just(CREATED["subject"]),
        "time": st.text() | st.datetimes().map(str),
        "traceparent": st.text(),
    },
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary() | TYPED.map(lambda event: json.dumps(event).encode()), st.text())
def test_nothing_raises_and_nothing_disappears(door: Door, body: bytes, id: str) -> None:
    received = Received("platform-events", "accept-event", id, body, {"by": id})

    accept_event(received, **door.with_bus())
    accept_event(received, **door.with_bus())
    expected = identity(received)
    found = door.ledger.event(expected.source, expected.id)

    assert found is not None
    assert found.disposition in ("started", "coalesced", "ignored", "parked")
    assert found.reason != "not settled"


def identity(received: Received) -> CloudEvent:
    """Under which source and id a message must be listed."""
    try:
        return read_event(received)
    except Unacceptable:
        return unreadable(received)
