"""The threads of the engine: what they meet outside does not stop them, a bug is heard of."""

import threading
from collections.abc import Iterable, Sequence
from datetime import timedelta
from queue import SimpleQueue
from uuid import UUID, uuid4

import pytest

from shared.bus import BusOutOfReach, Envelope
from shared.runs.heartbeat import Heartbeat
from shared.runs.outbox import Postman

PATIENCE = 5.0


class Outbox:
    """Fails as often as it is told to, then keeps what is posted."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.posted: SimpleQueue[str] = SimpleQueue()

    def post(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            self.posted.put(envelope.id)
        if self._failures:
            raise self._failures.pop(0)


class Ledger:
    """Breaks once, then keeps which leases are extended."""

    def __init__(self) -> None:
        self._broken = True
        self.extended: SimpleQueue[UUID] = SimpleQueue()

    def extend_leases(self, leases: Iterable[UUID], _: timedelta) -> None:
        if self._broken:
            self._broken = False
            raise ZeroDivisionError
        for lease in leases:
            self.extended.put(lease)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> SimpleQueue[type[BaseException]]:
    """What ended a thread."""
    heard: SimpleQueue[type[BaseException]] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", lambda said: heard.put(said.exc_type))
    return heard


def message(id: str) -> list[Envelope]:
    return [Envelope(id, "track", "set-points", "{}")]


def test_a_bus_out_of_reach_does_not_keep_the_next_message_back() -> None:
    outbox = Outbox(BusOutOfReach("away"))
    postman = Postman(outbox)

    postman.post(message("1"))
    first = outbox.posted.get(timeout=PATIENCE)
    postman.post(message("2"))

    assert (first, outbox.posted.get(timeout=PATIENCE)) == ("1", "2")


def test_a_bug_is_heard_of_and_the_next_message_finds_another_thread(
    heard: SimpleQueue[type[BaseException]],
) -> None:
    outbox = Outbox(ZeroDivisionError())
    postman = Postman(outbox)

    postman.post(message("1"))
    bug = heard.get(timeout=PATIENCE)
    postman.post(message("2"))

    assert bug is ZeroDivisionError
    assert [outbox.posted.get(timeout=PATIENCE) for _ in range(2)] == ["1", "2"]


def test_a_bug_in_the_heartbeat_does_not_cost_the_next_lease(
    heard: SimpleQueue[type[BaseException]],
) -> None:
    ledger, lease = Ledger(), uuid4()
    heartbeat = Heartbeat(ledger, timedelta(milliseconds=3))

    with heartbeat.beating(uuid4()):
        bug = heard.get(timeout=PATIENCE)
    with heartbeat.beating(lease):
        extended = ledger.extended.get(timeout=PATIENCE)

    assert (bug, extended) == (ZeroDivisionError, lease)
