"""One notification on its way to its webhook."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError

from functions.notify.subscriptions import NOTIFICATIONS, SENDING
from shared.bus import Envelope
from shared.errors import PermanentError, TemporaryError, explain
from shared.estate import Secrets
from shared.estate.notifications import Notifications, Webhook
from shared.ledger import Transaction
from shared.ledger.notifications import is_due, mark_delivered
from shared.messages import CloudEvent
from shared.messages.announcements import ApprovalRequested
from shared.messages.notifications import Notification
from shared.notifying.links import Link, sign
from shared.notifying.shapes import SHAPES
from shared.notifying.webhooks import PATIENCE, post, signature, spelled
from shared.notifying.wording import notice
from shared.runs import Runner
from shared.runs.commands import notification_id
from shared.runs.intake import park
from shared.runs.reading import Received
from shared.telemetry.context import carried

TRY = "signalbox-try"
"""Application property: the number of this try."""
SINCE = "signalbox-since"
"""Application property: when the first one was."""
LONGEST_DELAY = timedelta(minutes=30)

log = structlog.get_logger()


class UnknownWebhook(PermanentError):
    """The estate has no webhook of this name any more."""


@dataclass(frozen=True)
class Sending:
    """What a notification is posted with."""

    wanted: Notifications
    secrets: Secrets
    links_key: bytes
    clock: Callable[[], datetime]
    patience: timedelta = PATIENCE
    """How long a receiver may take to answer."""


@dataclass(frozen=True)
class Try:
    """Which of the tries this is, and since when there are any."""

    number: int
    since: datetime

    @classmethod
    def of(cls, properties: Mapping[str, object], now: datetime) -> "Try":
        """A message without these properties is the first try, also when it was replayed."""
        number, since = properties.get(TRY), properties.get(SINCE)
        if number is None or since is None:
            return cls(1, now)
        return cls(int(str(number)), datetime.fromisoformat(str(since)))

    @property
    def delay(self) -> timedelta:
        """Until the next one: 15 seconds, doubling up to half an hour."""
        return min(timedelta(seconds=15 * 2.0 ** min(self.number - 1, 8)), LONGEST_DELAY)


def send_notification(received: Received, *, runner: Runner, sending: Sending) -> None:
    """Post a notification, or try again later, or give it up and park it.

    Safe to repeat: what was delivered is not posted again. A receiver may still get one twice, when
    its answer is lost; it bears the announcement's id. What is given up is parked without being
    announced, because saying so could be given up the same way, and so on without end.
    """
    try:
        told = Notification.model_validate_json(received.body)
    except ValidationError as error:
        reason = f"not a notification: {explain(error)}"
        runner.commit(lambda tx: park(tx, received, reason, announced=False))
        return
    key = (told.announcement.id, told.webhook)
    if not runner.commit(lambda tx: is_due(tx, *key)):
        return
    now = sending.clock()
    try:
        _post(told, sending, now)
    except PermanentError as error:
        reason = f"{type(error).__name__}: {error}"
        runner.commit(lambda tx: park(tx, received, reason, announced=False))
    except TemporaryError as error:
        log.warning("notification_put_off", webhook=told.webhook, reason=str(error))
        tried, reason = Try.of(received.properties, now), str(error)
        runner.commit(lambda tx: _put_off(tx, received, told, tried, reason, sending))
    else:
        runner.commit(lambda tx: mark_delivered(tx, *key))


def _post(told: Notification, sending: Sending, now: datetime) -> None:
    webhook = _webhook(told.webhook, sending.wanted)
    said = notice(told.announcement)
    link = _link(webhook, told.announcement, said.path, sending)
    body = spelled(SHAPES[webhook.shape](said, link))
    headers = {}
    if webhook.signing_key is not None:
        key = sending.secrets.resolve(webhook.signing_key)
        headers = signature(webhook.name, key, said.id, now, body)
    url = sending.secrets.resolve(webhook.url)
    post(webhook.name, url, body, headers, patience=sending.patience)


def _webhook(name: str, wanted: Notifications) -> Webhook:
    for each in wanted.webhooks:
        if each.name == name:
            return each
    raise UnknownWebhook(f"the estate has no webhook {name} any more: discard this message")


def _link(webhook: Webhook, said: CloudEvent, path: str, sending: Sending) -> str | None:
    """Where the page about it is; for an approver it is signed, and never kept anywhere."""
    page = sending.wanted.page
    if page is None:
        return None
    if webhook.approver is None or said.type != ApprovalRequested.type:
        return f"{page}{path}"
    asked = ApprovalRequested.model_validate(said.data)
    link = Link(asked.approval, asked.plan_sha256, asked.expires_at, webhook.approver)
    return f"{page}/links{path}#{sign(sending.links_key, link)}"


def _put_off(
    tx: Transaction,
    received: Received,
    told: Notification,
    tried: Try,
    reason: str,
    sending: Sending,
) -> None:
    due = sending.clock() + tried.delay
    if due >= tried.since + sending.wanted.give_up_after:
        given_up = f"given up after {tried.number} tries since {tried.since:%F %T} UTC: {reason}"
        park(tx, received, given_up, announced=False)
        return
    number = tried.number + 1
    again = Envelope(
        id=notification_id(told.announcement.id, told.webhook, number),
        topic=NOTIFICATIONS,
        subject=SENDING,
        body=received.body.decode(),
        scheduled_for=due,
        properties={TRY: str(number), SINCE: tried.since.isoformat()}
        | carried(told.announcement.traceparent),
    )
    tx.queue([again])
