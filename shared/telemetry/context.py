"""W3C trace contexts (https://www.w3.org/TR/trace-context): every id in a run's trace follows from
the run, so that whoever adds a span to it knows the parents without having met them."""

from hashlib import sha256
from uuid import UUID


def trace_of(run: UUID, brought: str | None = None) -> str:
    """The context of a run, fixed when it is accepted: the run's own span, in the trace that its
    event brought, else in one of its own."""
    trace = brought.split("-")[1] if brought else run.hex
    return f"00-{trace}-{run.hex[:16]}-01"


def trace_id(traceparent: str) -> str:
    """
    >>> trace_id("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '0af7651916cd43dd8448eb211c80319c'
    """
    return traceparent.split("-")[1]


def span_id(run: UUID, *names: str | int) -> str:
    """The id of a span below a run's: of a step by its name, and so on."""
    return sha256("/".join(map(str, (run, *names))).encode()).hexdigest()[:16]


def carried(traceparent: str | None) -> dict[str, str]:
    """Application properties by which a message belongs to a trace.

    ``Diagnostic-Id`` is what the Functions host and older SDKs read instead.
    """
    return {"traceparent": traceparent, "Diagnostic-Id": traceparent} if traceparent else {}
