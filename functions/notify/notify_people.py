"""One notification for each webhook that wants to know."""

from functools import partial

from functions.notify.subscriptions import NOTIFICATIONS, SENDING
from shared.bus import Envelope
from shared.estate.notifications import Notifications, Webhook
from shared.ledger import Transaction
from shared.ledger.notifications import insert_notification
from shared.messages import CloudEvent
from shared.messages.notifications import Notification
from shared.runs import Runner
from shared.runs.commands import SOURCE, notification_id
from shared.runs.reading import Received
from shared.telemetry.context import carried


def notify_people(received: Received, *, runner: Runner, wanted: Notifications) -> None:
    """Queue what each webhook is to be told of an announcement.

    Safe to repeat: the ledger knows what a webhook was told of, by the announcement's id.
    """
    said = CloudEvent.model_validate_json(received.body)
    concerned = [each for each in wanted.webhooks if wants(each, said)]
    if concerned and said.source == SOURCE:
        runner.commit(partial(_queue, said=said, webhooks=concerned))


def wants(webhook: Webhook, said: CloudEvent) -> bool:
    """Whether a webhook is told of an announcement."""
    if webhook.environments and said.subject not in webhook.environments:
        return False
    return not {said.type, f"{said.type}/{said.data.get('runbook')}"}.isdisjoint(webhook.about)


def _queue(tx: Transaction, *, said: CloudEvent, webhooks: list[Webhook]) -> None:
    new = [each for each in webhooks if insert_notification(tx, said.id, each.name)]
    tx.queue(_envelope(said, each) for each in new)


def _envelope(said: CloudEvent, webhook: Webhook) -> Envelope:
    return Envelope(
        id=notification_id(said.id, webhook.name, 1),
        topic=NOTIFICATIONS,
        subject=SENDING,
        body=Notification(webhook=webhook.name, announcement=said).model_dump_json(),
        properties=carried(said.traceparent),
    )
