"""What stands in for an OpenTelemetry collector: a local HTTP server that keeps what it is sent."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class OtlpReceiver(ThreadingHTTPServer):
    """Takes OTLP over HTTP, and what Application Insights takes.

    While ``answering`` is cleared, everyone waits.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answering = threading.Event()
        self.answering.set()
        self.asked = threading.Event()
        self.spans: dict[str, Span] = {}
        """By id."""
        self.instances: dict[str, str] = {}
        """The process that exported each span."""
        self.metrics: dict[str, list[Any]] = {}
        """Newest data points by name."""
        self.told: list[dict[str, Any]] = []
        """As Application Insights is told."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take_spans(self, body: bytes) -> None:
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            instance = facts(group.resource.attributes)["service.instance.id"]
            for span in (span for scope in group.scope_spans for span in scope.spans):
                self.spans[span.span_id.hex()] = span
                self.instances[span.span_id.hex()] = instance

    def take_metrics(self, body: bytes) -> None:
        for group in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for metric in (metric for scope in group.scope_metrics for metric in scope.metrics):
                kind = metric.WhichOneof("data")
                self.metrics[metric.name] = list(getattr(metric, kind).data_points)

    def take_telemetry(self, body: bytes) -> bytes:
        """What Application Insights takes, and how it says that it has."""
        told = json.loads(body)
        self.told += [each["data"]["baseData"] for each in told]
        accepted = {"itemsReceived": len(told), "itemsAccepted": len(told), "errors": []}
        return json.dumps(accepted).encode()

    def parent(self, span: Span) -> str | None:
        """The name of its parent; None when that was never exported."""
        found = self.spans.get(span.parent_span_id.hex())
        return found.name if found else None


class _Handler(BaseHTTPRequestHandler):
    server: OtlpReceiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.asked.set()
        self.server.answering.wait(30)
        take = {"/v1/traces": self.server.take_spans, "/v1/metrics": self.server.take_metrics}
        answer = take.get(self.path, self.server.take_telemetry)(body) or b""
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def facts(attributes: Any) -> dict[str, Any]:
    """Attributes as they were set."""

    def value(pair: KeyValue) -> Any:
        return getattr(pair.value, str(pair.value.WhichOneof("value")))

    return {pair.key: value(pair) for pair in attributes}


@contextmanager
def otlp_receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.answering.set()
            receiver.shutdown()
            thread.join()
