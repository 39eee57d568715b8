"""``signalbox environment`` on a ledger that has one."""

import getpass
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from azure.servicebus import ServiceBusClient
from typer.testing import CliRunner, Result

from shared.estate import load_estate
from shared.ledger import Ledger
from shared.ledger.environments import (
    EnvironmentsOnRequest,
    ExtensionRefused,
    OnRequest,
    UnknownOnRequest,
)
from signalbox.__main__ import app
from tests.integration.environments.conftest import ESTATE
from tests.integration.environments.removals import fail_removal, give_up

if TYPE_CHECKING:
    from infra.local.bus import Broker


@pytest.fixture
def on_request(
    empty_ledger: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EnvironmentsOnRequest]:
    monkeypatch.setenv("SIGNALBOX_LEDGER_URL", empty_ledger)
    monkeypatch.setenv("SIGNALBOX_ESTATE", str(ESTATE))
    monkeypatch.setenv("SIGNALBOX_BLOBS", "UseDevelopmentStorage=true")
    ledger = Ledger.connect(empty_ledger)
    yield EnvironmentsOnRequest(ledger)
    ledger.close()


def say(*words: str) -> Result:
    return CliRunner().invoke(app, ["environment", *words])


def reserve(on_request: EnvironmentsOnRequest) -> OnRequest:
    estate = load_estate(ESTATE)
    [offer] = estate.offers
    place = offer.environment("ana-fix", estate.environment(offer.source))
    return on_request.reserve(uuid4(), place, offer, requested_by="ana", lives=timedelta(days=1))


def test_people_ask_for_one_and_have_it_removed(
    on_request: EnvironmentsOnRequest, broker: "Broker", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ServiceBus", broker.connection_string)
    reserve(on_request)

    unknown = say("remove", "gone")
    for words in (
        ("request", "qa-small", "--name", "ana-fix", "--for", "3d"),
        ("remove", "ana-fix"),
    ):
        assert say(*words).exit_code == 0

    with (
        ServiceBusClient.from_connection_string(broker.connection_string) as bus,
        bus.get_subscription_receiver("platform-events", "accept-event") as receiver,
    ):
        said = [json.loads(str(message)) for message in receiver.peek_messages(100)]
    asked, removed = (each["data"] for each in said if each["type"].startswith("environment-"))
    assert (asked["environment"], asked["offer"], asked["hours"]) == ("ana-fix", "qa-small", 72)
    assert removed["environment"] == "ana-fix"
    assert isinstance(unknown.exception, UnknownOnRequest)
    assert asked["requested_by"] == removed["removed_by"] == getpass.getuser()


def test_people_see_what_there_is_and_let_it_live_on(on_request: EnvironmentsOnRequest) -> None:
    on_request.opened(reserve(on_request).id)

    extended = say("extend", "ana-fix", "--for", "3d", "--reason", "a review")
    refused = say("extend", "ana-fix", "--for", "8d", "--reason", "a review")

    assert "ana-fix lives until" in extended.stdout
    assert isinstance(refused.exception, ExtensionRefused)
    assert "offered: qa-small, a clone of acme-staging, for 7 days" in say("list").stdout
    [listed] = json.loads(say("list", "--json").stdout)
    assert (listed["name"], listed["namespace"]) == ("ana-fix", "qa-ana-fix")
    shown = say("show", "ana-fix").stdout
    assert "a review" in shown
    assert "kubectl get secret -n qa-ana-fix odoo-database" in shown
    hours = CliRunner().invoke(app, ["schedule", "show", "ana-fix"]).stdout
    assert "no hours are stated" in hours


def test_people_see_that_a_removal_failed_and_what_follows(
    on_request: EnvironmentsOnRequest, empty_ledger: str
) -> None:
    made = reserve(on_request)
    on_request.closing(made.id)
    fail_removal(empty_ledger, "ana-fix")
    tried = say("list").stdout
    give_up(empty_ledger)

    assert "ana-fix: its removal failed once, and is tried again at " in tried
    assert (
        "its removal was given up: signalbox environment remove ana-fix"
        in say("show", "ana-fix").stdout
    )
