"""Turn a Service Bus message into what the host sends to a worker: body and trigger metadata."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from azure.functions.meta import Datum
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.amqp import AmqpMessageBodyType


def body_of(message: ServiceBusReceivedMessage) -> Datum:
    """The body as bytes; values and sequences, which Azure refuses, as their text."""
    if message.body_type is AmqpMessageBodyType.DATA:
        return Datum(b"".join(cast("Iterable[bytes]", message.body)), "bytes")
    return Datum(str(message).encode(), "bytes")


def metadata_of(message: ServiceBusReceivedMessage) -> dict[str, Datum]:
    """The trigger metadata that Azure's host sends, typed as it sends it: text or JSON."""
    properties = Datum(json.dumps(_plain(message.application_properties or {})), "json")
    texts = {
        "ContentType": message.content_type,
        "CorrelationId": message.correlation_id,
        "DeadLetterErrorDescription": message.dead_letter_error_description,
        "DeadLetterReason": message.dead_letter_reason,
        "DeadLetterSource": message.dead_letter_source,
        "Label": message.subject,
        "LockToken": str(message.lock_token),
        "MessageId": message.message_id,
        "PartitionKey": message.partition_key,
        "ReplyTo": message.reply_to,
        "ReplyToSessionId": message.reply_to_session_id,
        "SessionId": message.session_id,
        "Subject": message.subject,
        "To": message.to,
    }
    numbers = {
        "DeliveryCount": delivery_of(message),
        "EnqueuedSequenceNumber": message.enqueued_sequence_number,
        "SequenceNumber": message.sequence_number,
    }
    moments = {
        "EnqueuedTimeUtc": message.enqueued_time_utc,
        "ExpiresAtUtc": message.expires_at_utc,
        "LockedUntil": message.locked_until_utc,
    }
    return (
        {"ApplicationProperties": properties, "UserProperties": properties}
        | {key: Datum(text, "string") for key, text in texts.items() if text is not None}
        | {key: Datum(str(number), "json") for key, number in numbers.items() if number is not None}
        | {key: Datum(moment.isoformat(), "string") for key, moment in moments.items() if moment}
    )


def delivery_of(message: ServiceBusReceivedMessage) -> int:
    """Which delivery this is, from 1. AMQP and the Python SDK count failed ones before it."""
    return (message.delivery_count or 0) + 1


def _plain(properties: Mapping[Any, Any]) -> dict[str, Any]:
    return {_text(key): _text(value) for key, value in properties.items()}


def _text(value: Any) -> Any:
    """The SDK leaves strings as bytes; other AMQP types that JSON lacks travel as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
