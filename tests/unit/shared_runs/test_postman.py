"""The thread that sends what steps say: nothing stops it, and a bug in it is heard of."""

import threading
from collections.abc import Sequence
from queue import SimpleQueue

import pytest

from shared.bus import BusOutOfReach, Envelope
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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: SimpleQueue[type[BaseException]] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", lambda said: heard.put(said.exc_type))
    outbox = Outbox(ZeroDivisionError())
    postman = Postman(outbox)

    postman.post(message("1"))
    bug = heard.get(timeout=PATIENCE)
    postman.post(message("2"))

    assert bug is ZeroDivisionError
    assert [outbox.posted.get(timeout=PATIENCE) for _ in range(2)] == ["1", "2"]
