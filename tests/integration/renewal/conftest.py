"""Upkeep's watch over certificates, with a ledger of its own."""

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime

import pytest

from functions.upkeep.certificates import watch_certificates
from shared.estate import Estate
from shared.ledger import Ledger
from shared.runs import Runner
from shared.runs.outbox import Outbox
from tests.keepingbus import KeepingBus


@pytest.fixture
def ledger(empty_ledger: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(empty_ledger)
    yield ledger
    ledger.close()


@pytest.fixture
def ledgered(ledger: Ledger) -> Callable[[Estate, datetime], list[str]]:
    """Look at the certificates of an estate; the ids of what is published and announced."""

    def watch(estate: Estate, now: datetime) -> list[str]:
        bus = KeepingBus()
        ledger.clock = lambda: now
        post = Outbox(ledger, bus).post
        runner = Runner(ledger, post, object(), beating=lambda _: nullcontext())
        watch_certificates(estate, runner)
        return [json.loads(envelope.body)["id"] for envelope in bus.sent]

    return watch
