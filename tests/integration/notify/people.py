"""The console's stage, and people who are told by webhook of what happens on it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from functions.notify import HEARING, NOTIFICATIONS, TOPIC, Sending, notify_people
from functions.notify import send_notification as send
from shared.bus import Envelope
from shared.estate import Secrets
from shared.estate.notifications import Notifications
from shared.notifying.links import links_key
from shared.runs.reading import Received
from tests.integration.console.stage import Stage
from tests.webhookreceiver import WebhookReceiver

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAGE = "https://signalbox.example"
PATH = "/a/secret/path"
ANN, BOB = "ann@acme.example", "bob@acme.example"


def webhook(name: str, **facts: Any) -> dict[str, Any]:
    """One that takes signed JSON, unless said otherwise."""
    shape = facts.get("shape", "json")
    signed = {"signing_key": "env:KEY"} if shape == "json" else {}
    return {"name": name, "shape": shape, "url": "env:URL"} | signed | facts


class People:
    """Hears what is announced, and posts what is due, when a test says so."""

    def __init__(self, stage: Stage, receiver: WebhookReceiver, *webhooks: dict[str, Any]) -> None:
        self.stage = stage
        self.receiver = receiver
        self.wanted = Notifications.model_validate({"page": PAGE, "webhooks": webhooks})
        environment = {"URL": receiver.url(PATH), "KEY": KEY}
        self.sending = Sending(
            wanted=self.wanted,
            secrets=Secrets(environment),
            links_key=links_key(stage.desk.forms_key),
            clock=stage.ledger.clock,
            patience=timedelta(seconds=0.3),
        )
        estate = stage.estate.model_copy(update={"notifications": self.wanted})
        stage.desk = replace(stage.desk, estate=estate, sign_in_needed=False)
        stage.app.state.desk = stage.desk

    def hear(self) -> None:
        """Take up every announcement; they stay on the bus, for a second time."""
        for envelope in [each for each in self.stage.bus.sent if each.topic == TOPIC]:
            said = _received(envelope, HEARING)
            notify_people(said, runner=self.stage.runner, wanted=self.wanted)

    def post(self) -> None:
        """Post every notification that is on the bus now, due or not."""
        for envelope in self.waiting():
            self.stage.bus.sent.remove(envelope)
            due = envelope.scheduled_for or self.stage.earliest
            self.stage.earliest = max(self.stage.earliest, due)
            send(_received(envelope), runner=self.stage.runner, sending=self.sending)

    def waiting(self) -> list[Envelope]:
        return [each for each in self.stage.bus.sent if each.topic == NOTIFICATIONS]

    def told(self) -> list[str]:
        """The types of what was posted."""
        return [each.body["type"] for each in self.receiver.posted]

    def token(self) -> str:
        """What the newest signed link carries."""
        links: Iterable[str] = (each.body["link"] for each in reversed(self.receiver.posted))
        return next(urlsplit(link).fragment for link in links if "#" in link)


def _received(envelope: Envelope, subscription: str = "send-notification") -> Received:
    body = envelope.body.encode()
    return Received(envelope.topic, subscription, envelope.id, body, envelope.properties)
