"""Is it alive, is it ready, and how does it do: for probes and for Prometheus."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from functions.console.access import READ
from functions.console.desk import At
from functions.console.metrics import prometheus_text

OPEN = ("/api/health", "/api/health/live", "/api/health/ready")
"""The only paths of the API that anybody may ask."""

router = APIRouter(prefix="/api", tags=["health"])


@router.get("/health")
def health(desk: At) -> dict[str, Any]:
    """Healthy when the ledger answers; 503 when it does not."""
    return {"status": "healthy", **asdict(desk.ledger.counts())}


@router.get("/health/live")
def live() -> dict[str, str]:
    """Whether this process answers at all."""
    return {"status": "live"}


@router.get("/health/ready")
def ready(desk: At) -> dict[str, str]:
    """Whether requests can be served: the ledger is needed for all of them."""
    desk.ledger.counts()
    return {"status": "ready"}


@router.get("/metrics", response_class=Response, dependencies=[READ])
def metrics(desk: At) -> Response:
    """Metrics in Prometheus' text format."""
    return Response(prometheus_text(desk), media_type=CONTENT_TYPE_PLAIN_0_0_4)
