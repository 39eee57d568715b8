"""Prometheus metrics, computed from the ledger when asked for: every instance says the same."""

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from functions.console.desk import Desk
from shared.telemetry.measuring import readings
from shared.telemetry.metrics import METRICS, Reading

FAMILIES = {
    "gauge": GaugeMetricFamily,
    "counter": CounterMetricFamily,
    "summary": SummaryMetricFamily,
}


def prometheus_text(desk: Desk) -> bytes:
    """The text format, https://prometheus.io/docs/instrumenting/exposition_formats."""
    registry = CollectorRegistry()
    registry.register(_Gathered(list(readings(desk.ledger, desk.estate))))
    return generate_latest(registry)


class _Gathered:
    """The shape in which prometheus_client takes what was computed elsewhere."""

    def __init__(self, found: Sequence[Reading]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        for metric in METRICS:
            family = FAMILIES[metric.kind](metric.name, metric.says, labels=metric.labels)
            for each in self._found:
                if each.metric == metric.name:
                    _add(family, [each.labels[name] for name in metric.labels], each)
            yield family


def _add(family: Metric, labels: list[str], reading: Reading) -> None:
    if isinstance(family, SummaryMetricFamily):
        family.add_metric(labels, count_value=reading.count, sum_value=reading.value)
    elif isinstance(family, CounterMetricFamily | GaugeMetricFamily):
        family.add_metric(labels, reading.value)
