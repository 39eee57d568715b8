"""Transactions of the ledger: all or nothing, although statements do not wait for their answers."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from psycopg.errors import CheckViolation

from shared.bus import Envelope
from shared.ledger import Ledger
from shared.messages import CloudEvent

MESSAGES = [
    Envelope(id=f"m{number}", topic="track", subject="set-points", body='{"n": 1}')
    for number in range(3)
]


@pytest.fixture
def ledger(empty_ledger) -> Iterator[Ledger]:
    ledger = Ledger.connect(empty_ledger)
    yield ledger
    ledger.close()


def _accept(tx, id, disposition="started"):
    tx.insert_event(CloudEvent(source="/test", id=id, type="tested", data={}), None)
    tx.settle_event("/test", id, disposition, None)


def test_messages_are_unsent_from_commit_until_they_are_forgotten(ledger):
    with ledger.transaction() as tx:
        tx.queue(MESSAGES)

    assert ledger.unsent(older_than=timedelta(0)) == MESSAGES

    ledger.forget_sent(["m0", "m2"])

    assert ledger.unsent(older_than=timedelta(0)) == MESSAGES[1:2]


def test_a_message_keeps_its_time_and_properties_in_the_outbox(ledger):
    at = ledger.clock() + timedelta(minutes=5)
    envelope = Envelope("m", "track", "s", '{"a": "é"}', at, {"traceparent": "00-ab"})

    with ledger.transaction() as tx:
        tx.queue([envelope, envelope])

    assert ledger.unsent(older_than=timedelta(0)) == [envelope]


def test_a_transaction_that_raises_leaves_nothing_behind(ledger):
    def work(tx):
        _accept(tx, "1")
        tx.queue(MESSAGES)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ledger.persist(work)

    assert ledger.event("/test", "1") is None
    assert ledger.counts().unsent == 0


def test_a_refused_statement_raises_by_commit_and_leaves_nothing_behind(ledger):
    def work(tx):
        _accept(tx, "1", disposition="lost")
        tx.queue(MESSAGES)

    with pytest.raises(CheckViolation):
        ledger.persist(work)

    assert ledger.event("/test", "1") is None
    assert ledger.counts().unsent == 0


def test_a_refused_statement_raises_at_the_next_question(ledger):
    def work(tx):
        _accept(tx, "1", disposition="lost")
        tx.current_step(uuid4())
        pytest.fail("the question was answered")

    with pytest.raises(CheckViolation):
        ledger.persist(work)

    ledger.persist(lambda tx: _accept(tx, "1"))

    assert ledger.event("/test", "1").disposition == "started"
