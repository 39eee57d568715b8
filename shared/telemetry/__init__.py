"""Traces and metrics for whoever has tools that draw them.

Steps run the same with and without: what cannot be exported is dropped. OpenTelemetry is imported
by ``shared.telemetry.exporting`` only, which is loaded where settings name a place to export to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any, Protocol, cast

from shared.ledger import StepRecord
from shared.settings import Settings
from shared.telemetry.metrics import Reading

Ended = Callable[[str, str | None], None]
"""Told how an attempt ended, and why."""


class Telemetry(Protocol):
    def attempt(self, step: StepRecord) -> AbstractContextManager[Ended]:
        """Around an attempt at a step."""

    def handling(
        self, function: str, properties: Mapping[str, object]
    ) -> AbstractContextManager[None]:
        """Around the handling of a message with these application properties."""

    def run_ended(self, record: Callable[[], Mapping[str, Any] | None]) -> None:
        """A run is over; ``record`` fetches everything about it from the ledger."""

    def observe(self, readings: Iterable[Reading]) -> None:
        """What is true at this moment."""

    def close(self) -> None:
        """Export what is left, for some seconds at most."""


class Silent:
    """Nobody listens."""

    @contextmanager
    def attempt(self, step: StepRecord) -> Iterator[Ended]:  # noqa: ARG002 - Telemetry's signature
        yield lambda _outcome, _reason: None

    @contextmanager
    def handling(self, function: str, properties: Mapping[str, object]) -> Iterator[None]:  # noqa: ARG002
        yield

    def run_ended(self, record: Callable[[], Mapping[str, Any] | None]) -> None: ...

    def observe(self, readings: Iterable[Reading]) -> None: ...

    def close(self) -> None: ...


SILENT = Silent()


def open_telemetry(settings: Settings) -> Telemetry:
    """What the settings ask for; ``SILENT`` costs no import."""
    if not settings.exports_telemetry:
        return SILENT
    exporting = import_module("shared.telemetry.exporting")
    return cast("Telemetry", exporting.open_exporting(settings))
