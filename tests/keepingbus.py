"""A bus that keeps what was sent until a test delivers it."""

from collections.abc import Iterable

from shared.bus import Envelope


class KeepingBus:
    def __init__(self) -> None:
        self.sent: list[Envelope] = []

    def send(self, envelopes: Iterable[Envelope]) -> None:
        self.sent.extend(envelopes)

    def close(self) -> None: ...
