"""Prometheus metrics, computed from the ledger when asked for: every instance says the same."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from functions.console.board import Card, board
from functions.console.desk import Desk
from shared.ledger.overview import Totals

ACTIVE = ("waiting", "running", "undoing")


def prometheus_text(desk: Desk) -> bytes:
    """The text format, https://prometheus.io/docs/instrumenting/exposition_formats."""
    registry = CollectorRegistry()
    registry.register(_Gathered(desk.overview.totals(), board(desk), desk.ledger.clock()))
    return generate_latest(registry)


class _Gathered:
    """The shape in which prometheus_client takes what was computed elsewhere."""

    def __init__(self, totals: Totals, cards: list[Card], now: datetime) -> None:
        self._totals = totals
        self._cards = cards
        self._now = now

    def collect(self) -> Iterator[Metric]:
        yield from self._runs()
        yield from self._messages()
        yield from self._environments()

    def _runs(self) -> Iterator[Metric]:
        active = GaugeMetricFamily(
            "signalbox_runs_active", "Runs that are not over.", labels=["runbook", "status"]
        )
        over = SummaryMetricFamily(
            "signalbox_run_seconds", "How long runs took.", labels=["runbook", "status"]
        )
        for each in self._totals.runs:
            labels = [each.runbook, each.status]
            if each.status in ACTIVE:
                active.add_metric(labels, each.runs)
            else:
                over.add_metric(labels, count_value=each.runs, sum_value=each.seconds)
        attempts = CounterMetricFamily(
            "signalbox_attempts", "Attempts at steps by how they ended.", labels=["outcome"]
        )
        for attempt in self._totals.attempts:
            attempts.add_metric([attempt.outcome], attempt.attempts)
        yield from (active, over, attempts)

    def _messages(self) -> Iterator[Metric]:
        events = CounterMetricFamily(
            "signalbox_events", "Events by what became of them.", labels=["type", "disposition"]
        )
        for event in self._totals.events:
            events.add_metric([event.type, event.disposition], event.events)
        backlog = self._totals.backlog
        oldest = backlog.oldest_unsent_at
        age = (self._now - oldest).total_seconds() if oldest else 0.0
        yield events
        yield GaugeMetricFamily("signalbox_parked", "Parked messages.", backlog.parked)
        yield GaugeMetricFamily("signalbox_steps_ready", "Steps at work.", backlog.ready_steps)
        yield GaugeMetricFamily("signalbox_unsent", "Messages to send.", backlog.unsent)
        yield GaugeMetricFamily("signalbox_oldest_unsent_seconds", "Age of the oldest.", age)

    def _environments(self) -> Iterator[Metric]:
        data = GaugeMetricFamily(
            "signalbox_data_age_seconds", "Since the last refresh.", labels=["environment"]
        )
        backup = GaugeMetricFamily(
            "signalbox_backup_verified_age_seconds",
            "Since a backup was last restored and found whole.",
            labels=["environment"],
        )
        lag = GaugeMetricFamily(
            "signalbox_lag_seconds", "Of the standby, as last measured.", labels=["environment"]
        )
        for card in self._cards:
            if card.lag and card.lag.seconds is not None and card.lag.environment == card.name:
                lag.add_metric([card.name], card.lag.seconds)
            for family, at in ((data, card.now.refreshed_at), (backup, card.now.verified_at)):
                if at is not None:
                    family.add_metric([card.name], (self._now - at).total_seconds())
        yield from (data, backup, lag)
