"""OpenTelemetry: what is exported, and to where. Loaded only where it is wanted."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial
from importlib import import_module
from os import getpid
from time import perf_counter
from typing import Any

from azure.identity import DefaultAzureCredential
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SynchronousMultiSpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanKind,
    StatusCode,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.ledger import StepRecord
from shared.settings import Settings
from shared.telemetry import Ended
from shared.telemetry.context import span_id, trace_id, trace_of
from shared.telemetry.metrics import LIVE, METRICS, Reading
from shared.telemetry.spans import RunSpans, context_of, spelled

Exporters = tuple[SpanExporter, MetricExporter]
PROPAGATOR = TraceContextTextMapPropagator()


def open_exporting(settings: Settings) -> "Exporting":
    """To every place that the settings name."""
    return Exporting(partial(_exporters, settings))


def _exporters(settings: Settings, traces: TracerProvider) -> Iterator[Exporters]:
    """Each is imported where it is wanted: OTLP brings protobuf, and so does Azure's worker."""
    if settings.application_insights is not None:
        azure = import_module("azure.monitor.opentelemetry.exporter")
        given = {
            "connection_string": settings.application_insights.get_secret_value(),
            "credential": DefaultAzureCredential(),
        }
        spans = azure.AzureMonitorTraceExporter(**given, tracer_provider=traces)
        yield spans, azure.AzureMonitorMetricExporter(**given)
    if settings.otlp_endpoint is not None:
        place, otlp = settings.otlp_endpoint.rstrip("/"), "opentelemetry.exporter.otlp.proto.http"
        spans = import_module(f"{otlp}.trace_exporter").OTLPSpanExporter(f"{place}/v1/traces")
        metrics = import_module(f"{otlp}.metric_exporter").OTLPMetricExporter(f"{place}/v1/metrics")
        yield spans, metrics
    if settings.telemetry_on_console:
        yield ConsoleSpanExporter(), ConsoleMetricExporter()


class Exporting:
    """Hands spans and measurements to threads that export them, and drops what they cannot take."""

    def __init__(self, exporters: Callable[[TracerProvider], Iterable[Exporters]]) -> None:
        resource = Resource.create(
            {"service.name": "signalbox", "service.instance.id": f"{platform.node()}:{getpid()}"}
        )
        self._resource = resource
        self._spans = SynchronousMultiSpanProcessor()  # type: ignore[no-untyped-call]
        self._traces = TracerProvider(resource=resource, active_span_processor=self._spans)
        readers = []
        for spans, metrics in exporters(self._traces):
            self._spans.add_span_processor(BatchSpanProcessor(spans))
            readers.append(PeriodicExportingMetricReader(metrics))
        self._metrics = MeterProvider(readers, resource)
        self._tracer = self._traces.get_tracer("signalbox")
        meter = self._metrics.get_meter("signalbox")
        self._gauges = {
            each.name: meter.create_gauge(each.name, each.unit, each.says)
            for each in METRICS
            if each.kind == "gauge"
        }
        self._live = {
            each.name: meter.create_histogram(each.name, each.unit, each.says) for each in LIVE
        }

    @contextmanager
    def attempt(self, step: StepRecord) -> Iterator[Ended]:
        """A span of its own for each look of an attempt, below the attempt's."""
        trace = trace_id(step.traceparent or trace_of(step.run_id))
        parent = NonRecordingSpan(context_of(trace, span_id(step.run_id, step.name, step.attempt)))
        facts = {
            "run": str(step.run_id),
            "runbook": step.runbook,
            "environment": step.environment,
            "step": step.name,
            "attempt": step.attempt,
            "look": step.looks,
            "epoch": step.epoch,
        }
        began = perf_counter()
        with self._span(step.name, set_span_in_context(parent), spelled(facts)) as span:

            def ended(outcome: str, reason: str | None) -> None:
                span.set_attribute("signalbox.outcome", outcome)
                if reason is not None:
                    span.set_status(StatusCode.ERROR, reason)
                    span.set_attribute("signalbox.reason", reason)
                said = {"runbook": step.runbook, "step": step.name, "outcome": outcome}
                self._live["signalbox_attempt_seconds"].record(perf_counter() - began, said)

            yield ended

    @contextmanager
    def handling(self, function: str, properties: Mapping[str, object]) -> Iterator[None]:
        """A message that belongs to no trace, whatever its publisher calls one, starts none."""
        parent = PROPAGATOR.extract({"traceparent": str(properties.get("traceparent"))})
        if get_current_span(parent).get_span_context().is_valid:
            with self._span(function, parent, {}):
                yield
        else:
            yield

    def _span(
        self, name: str, parent: Context, facts: Mapping[str, Any]
    ) -> AbstractContextManager[Span]:
        """An error's text may quote rows: only its reason in the ledger is told."""
        return self._tracer.start_as_current_span(
            name,
            parent,
            SpanKind.CONSUMER,
            facts,
            record_exception=False,
            set_status_on_exception=False,
        )

    def run_ended(self, record: Callable[[], Mapping[str, Any] | None]) -> None:
        known = record()
        if known is None or known["run"]["traceparent"] is None:
            return
        for span in RunSpans(known, self._resource):
            self._spans.on_end(span)
        self._measure(known)

    def _measure(self, record: Mapping[str, Any]) -> None:
        run = record["run"]
        said = {"runbook": run["runbook"]}
        self._took("signalbox_run_seconds", run, said | {"status": run["status"]})
        for step in record["steps"]:
            each = {"step": step["name"], "status": step["status"]}
            self._took("signalbox_step_seconds", step, said | each)

    def _took(self, metric: str, row: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        if row["started_at"] and row["ended_at"]:
            began, ended = (datetime.fromisoformat(row[n]) for n in ("started_at", "ended_at"))
            self._live[metric].record((ended - began).total_seconds(), labels)

    def observe(self, readings: Iterable[Reading]) -> None:
        """One value that cannot be spelled would keep all others from being exported."""
        for each in readings:
            if each.metric in self._gauges:
                labels = {name: str(value) for name, value in each.labels.items()}
                self._gauges[each.metric].set(float(each.value), labels)

    def close(self) -> None:
        self._traces.shutdown()
        self._metrics.shutdown()
