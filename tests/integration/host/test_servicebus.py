"""Service Bus triggers, over the real SDK and the embedded broker."""

import queue
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusSubQueue

from infra.local.host import FunctionsHost
from tests.integration.host.support import Send

SUBSCRIPTION = {"topic_name": "refresh", "subscription_name": "restore-backup"}


def test_a_message_arrives_with_all_its_metadata_and_is_completed(
    seen: Any, send: Send, client: ServiceBusClient
) -> None:
    properties = {"run": "r-1", "attempt": 2, "urgent": True}

    send.to_topic(
        '{"run": 1}',
        subject="BackupAccepted",
        correlation_id="c-1",
        message_id="m-1",
        content_type="application/json",
        application_properties=properties,
        time_to_live=timedelta(hours=1),
    )
    message = seen.messages.get(timeout=5)

    assert message.get_body() == b'{"run": 1}'
    assert (message.subject, message.label) == ("BackupAccepted", "BackupAccepted")
    assert (message.correlation_id, message.message_id) == ("c-1", "m-1")
    assert message.content_type == "application/json"
    assert message.application_properties == message.user_properties == properties
    assert message.delivery_count == 1
    assert message.sequence_number > 0
    assert abs(datetime.now(UTC) - message.enqueued_time_utc) < timedelta(seconds=10)
    assert message.expires_at_utc - message.enqueued_time_utc == timedelta(hours=1)
    assert message.locked_until > message.enqueued_time_utc
    assert len(message.lock_token) == 36
    assert_empty_within(client, 5)


def test_a_failing_function_gets_the_message_until_it_is_dead_lettered(
    seen: Any, send: Send, client: ServiceBusClient
) -> None:
    send.to_topic("fail")

    deliveries = [seen.messages.get(timeout=5).delivery_count for _ in range(3)]
    with client.get_subscription_receiver(
        **SUBSCRIPTION, sub_queue=ServiceBusSubQueue.DEAD_LETTER
    ) as dead_letters:
        [dead] = dead_letters.receive_messages(max_wait_time=5)
        dead_letters.complete_message(dead)

    assert deliveries == [1, 2, 3]
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"


def test_a_coroutine_function_is_served(seen: Any, send: Send) -> None:
    send.to_queue("async-work", "hello")

    message = seen.queued.get(timeout=5)

    assert message.get_body() == b"hello"


def test_busy_functions_get_more_receivers_up_to_the_limit(seen: Any, send: Send) -> None:
    send.to_queue("slow-work", *"abcdef")

    started = {seen.queued.get(timeout=10).get_body() for _ in range(4)}
    with pytest.raises(queue.Empty):
        seen.queued.get(timeout=1)
    seen.gate.set()
    finished = {seen.finished.get(timeout=10) for _ in range(6)}

    assert len(started) == 4
    assert seen.most == 4
    assert finished == {b"a", b"b", b"c", b"d", b"e", b"f"}


def test_receivers_that_are_no_longer_needed_are_given_up(
    seen: Any, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    send.to_queue("slow-work", *"abcdef")
    deadline = time.monotonic() + 10
    while seen.most < 2:
        assert time.monotonic() < deadline, "no second receiver"
        time.sleep(0.02)

    monkeypatch.setattr("infra.local.host.servicebus.KEEP_SPARE", 0.0)
    seen.gate.set()

    threads = [thread for thread in threading.enumerate() if thread.name == "handle_slowly"]
    while sum(thread.is_alive() for thread in threads) > 1:
        assert time.monotonic() < deadline + 10, "spare receivers stayed"
        time.sleep(0.02)
    assert seen.finished.qsize() == 6


def test_a_message_in_hand_for_longer_than_its_lock_is_not_delivered_again(
    seen: Any, send: Send
) -> None:
    send.to_queue("slow-work", "long")
    message = seen.queued.get(timeout=5)
    lock = (message.locked_until - message.enqueued_time_utc).total_seconds()

    with pytest.raises(queue.Empty):
        seen.queued.get(timeout=lock + 2)
    seen.gate.set()

    assert seen.finished.get(timeout=5) == b"long"
    with pytest.raises(queue.Empty):
        seen.queued.get(timeout=1)


def test_the_sdk_still_reads_in_the_background_as_the_listener_expects(
    client: ServiceBusClient, host: FunctionsHost
) -> None:
    with client.get_queue_receiver("async-work") as receiver:
        interval = receiver._handler._keep_alive_interval  # noqa: SLF001 - what servicebus.py sets

    assert interval == 5


def assert_empty_within(client: ServiceBusClient, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    with client.get_subscription_receiver(**SUBSCRIPTION) as receiver:
        while left := receiver.peek_messages(max_message_count=5):
            assert time.monotonic() < deadline, f"still there: {left}"
