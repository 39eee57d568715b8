"""Outcomes reach Event Grid by its own client, as CloudEvents."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import ClientAuthenticationError
from pydantic import SecretStr

from functions import relay
from shared.bus.eventgrid import EventGridTopic
from shared.ledger import Ledger
from shared.messages import CloudEvent
from shared.runs.reading import Received
from shared.telemetry import SILENT
from tests.gridreceiver import KEY, GridReceiver, grid_receiver

SAID = CloudEvent(
    id="r-1:run-failed",
    source="/signalbox",
    type="run-failed",
    subject="acme-staging",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    time=datetime(2026, 11, 22, 2, tzinfo=UTC),
    data={"run": "r-1", "reason": "the backup is too old", "left_behind": []},
)
RECEIVED = Received(
    "run-events", "publish-outcome", SAID.id, SAID.model_dump_json(exclude_none=True).encode(), {}
)


def publish_outcome(grid: EventGridTopic | None) -> None:
    unasked = Ledger.connect("postgresql://nowhere")
    relay.publish_outcome(RECEIVED, grid=grid, ledger=unasked, telemetry=SILENT)


@pytest.fixture
def receiver() -> Iterator[GridReceiver]:
    with grid_receiver() as receiver:
        yield receiver


def test_an_outcome_is_published_as_the_same_cloud_event(receiver: GridReceiver) -> None:
    publish_outcome(EventGridTopic.connect(receiver.url, SecretStr(KEY)))

    [event] = receiver.events
    assert CloudEvent.model_validate(event) == SAID
    assert receiver.content_types == {"application/cloudevents-batch+json; charset=utf-8"}


def test_what_event_grid_refuses_goes_back_to_the_bus(receiver: GridReceiver) -> None:
    with pytest.raises(ClientAuthenticationError):
        publish_outcome(EventGridTopic.connect(receiver.url, SecretStr("another key")))

    assert receiver.events == []


def test_without_a_topic_there_nothing_is_published(receiver: GridReceiver) -> None:
    publish_outcome(None)

    assert receiver.events == []
