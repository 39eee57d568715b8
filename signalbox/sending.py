"""The bus of a deployment, for the commands that send."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.bus.servicebus import ServiceBus
from shared.settings import Settings


@contextmanager
def open_bus(settings: Settings) -> Iterator[ServiceBus]:
    """Connected when used, closed at the end."""
    bus = ServiceBus.connect(settings.bus)
    try:
        yield bus
    finally:
        bus.close()
