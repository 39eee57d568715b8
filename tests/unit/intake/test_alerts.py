"""The webhook of Azure Monitor: who may use it, and what becomes of what is posted."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.intake.alerts import accept_alert
from shared.bus import BusOutOfReach, Envelope
from shared.identity import Caller, Role
from shared.limits import RateLimit
from shared.triggers import Answer, Asked, Guard

ESSENTIALS = {
    "alertId": "/subscriptions/s/providers/Microsoft.AlertsManagement/alerts/a-1",
    "alertRule": "pg-lag",
    "monitorCondition": "Fired",
    "alertTargetIDs": ["/subscriptions/s/flexibleservers/psql"],
    "firedDateTime": "2026-11-20T02:14:07.8412357Z",
    "description": "said by a person",
}
ALERT = {
    "schemaId": "azureMonitorCommonAlertSchema",
    "data": {"essentials": ESSENTIALS, "alertContext": {"condition": {"searchQuery": "secret"}}},
}


class Bus:
    """Keeps what was sent."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[Envelope] = []
        self._error = error

    def send(self, envelopes: Iterable[Envelope]) -> None:
        if self._error:
            raise self._error
        self.sent += envelopes

    def close(self) -> None: ...


def ask(
    bus: Bus,
    body: object = ALERT,
    headers: dict[str, str] | None = None,
    *,
    caller: Caller | None = None,
    limit: int = 10,
) -> Answer:
    guard = Guard(lambda _: caller, RateLimit(limit, timedelta(minutes=1)))
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"x-signalbox-secret": "shared"} if headers is None else headers
    asked = Asked({}, {}, sent, content)
    return accept_alert(asked, guard=guard, secret=lambda: "shared", bus=bus)


def test_an_alert_becomes_an_event_on_the_bus_without_its_context() -> None:
    bus = Bus()

    answer = ask(bus)
    [envelope] = bus.sent
    event: dict[str, Any] = json.loads(envelope.body)

    assert (answer.status, answer.body) == (202, {"source": "/azure-monitor", "id": "a-1:Fired"})
    assert event["type"] == envelope.subject == "azure-monitor-alert"
    assert event["data"]["alertRule"] == "pg-lag"
    assert "secret" not in envelope.body
    assert "said by a person" not in envelope.body


def test_the_same_alert_is_the_same_message_until_it_is_resolved() -> None:
    bus = Bus()
    resolved = {"monitorCondition": "Resolved", "resolvedDateTime": "2026-11-20T03:00:00Z"}

    ask(bus)
    ask(bus)
    ask(bus, ALERT | {"data": {"essentials": ESSENTIALS | resolved}})
    first, again, over = (envelope.id for envelope in bus.sent)

    assert first == again != over


@pytest.mark.parametrize(
    ("headers", "caller", "status"),
    [
        ({"x-signalbox-secret": "shared"}, None, 202),
        ({"x-signalbox-secret": "guessed"}, None, 401),
        ({"x-signalbox-secret": "gu\xe9ssed"}, None, 401),
        ({"x-signalbox-secret": "guessed"}, Caller("ops", frozenset({Role.OPERATOR})), 401),
        ({}, None, 401),
        ({}, Caller("monitor", frozenset({Role.OPERATOR})), 202),
        ({}, Caller("auditor", frozenset({Role.READER})), 403),
    ],
)
def test_only_who_shares_the_secret_or_operates_may_post(
    headers: dict[str, str], caller: Caller | None, status: int
) -> None:
    bus = Bus()

    answer = ask(bus, headers=headers, caller=caller)

    assert answer.status == status
    assert bool(bus.sent) == (status == 202)


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        {"schemaId": "azureMonitorCommonAlertSchema"},
        {"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": {}}},
        {"type": "backup-completed", "environment": "acme-prod", "manifest": "a/b"},
        {"schemaId": "AzureMonitorMetricAlert", "data": {"version": "2.0"}},
    ],
)
def test_what_is_no_common_alert_is_refused_and_not_sent(body: object) -> None:
    bus = Bus()

    answer = ask(bus, body)

    assert (answer.status, answer.kind) == (400, "application/problem+json")
    assert bus.sent == []


@given(
    st.binary()
    | st.recursive(
        st.none() | st.text() | st.integers() | st.just("azureMonitorCommonAlertSchema"),
        lambda inner: (
            st.dictionaries(
                st.sampled_from(["schemaId", "data", "essentials", "alertId"]) | st.text(), inner
            )
            | st.lists(inner)
        ),
        max_leaves=8,
    ).map(lambda content: json.dumps(content).encode())
)
def test_whatever_is_posted_gets_an_answer(body: bytes) -> None:
    bus = Bus()

    answer = ask(bus, body)

    assert answer.status in (202, 400)
    assert bool(bus.sent) == (answer.status == 202)


def test_azure_monitor_is_asked_to_come_again_while_the_bus_is_away() -> None:
    answer = ask(Bus(BusOutOfReach("away")))

    assert answer.status == 503
    assert answer.headers["Retry-After"]


def test_guessing_the_secret_is_slowed_down() -> None:
    guard = Guard(lambda _: None, RateLimit(2, timedelta(minutes=1)))
    guess = Asked({}, {}, {"x-signalbox-secret": "guessed", "x-forwarded-for": "9.9.9.9"}, b"{}")
    other = Asked({}, {}, {"x-signalbox-secret": "shared", "x-forwarded-for": "1.1.1.1"}, b"{}")

    statuses = [
        accept_alert(asked, guard=guard, secret=lambda: "shared", bus=Bus()).status
        for asked in (guess, guess, guess, other)
    ]

    assert statuses == [401, 401, 429, 400]


def test_a_secret_that_the_estate_does_not_have_lets_nobody_in() -> None:
    guard = Guard(lambda _: None, RateLimit(2, timedelta(minutes=1)))
    asked = Asked({}, {}, {"x-signalbox-secret": ""}, json.dumps(ALERT).encode())

    assert accept_alert(asked, guard=guard, secret=None, bus=Bus()).status == 401
