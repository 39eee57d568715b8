"""The Event Grid webhook: what the Event Grid extension answers, to the letter."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import structlog
from azure.functions.meta import Datum
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from infra.local.host.app import LoadedFunction
from infra.local.host.triggers import EventGridTrigger

log = structlog.get_logger(__name__)

Notify = Callable[[LoadedFunction, Datum, dict[str, Datum]], None]


class EventGridWebhook:
    """Answers ``/runtime/webhooks/EventGrid?functionName=NAME``."""

    def __init__(self, functions: tuple[LoadedFunction, ...], notify: Notify) -> None:
        self._functions = {
            function.name.lower(): function
            for function in functions
            if isinstance(function.trigger, EventGridTrigger)
        }
        self._notify = notify

    async def answer(self, request: Request) -> Response:
        """Handshake, notification or farewell, told apart by method and ``aeg-event-type``."""
        name = request.query_params.get("functionName", "")
        function = self._functions.get(name.lower())
        if function is None:
            return Response(f"cannot find function: '{name}'", 404)
        if request.method == "OPTIONS":
            return _allow(request)
        kind = request.headers.get("aeg-event-type")
        if kind == "Unsubscribe":
            return Response(status_code=202)
        if kind not in {"SubscriptionValidation", "Notification"}:
            return Response(status_code=400)
        try:
            content = json.loads(await request.body())
        except ValueError:
            return Response("the body is not JSON", 400)
        if kind == "SubscriptionValidation":
            return JSONResponse({"validationResponse": _validation_code(content)})
        return await self._deliver(function, content if isinstance(content, list) else [content])

    async def _deliver(self, function: LoadedFunction, events: list[Any]) -> Response:
        """All events at the same time; one that fails makes Event Grid send all of them again."""
        calls = (
            run_in_threadpool(self._notify, function, Datum(json.dumps(event), "json"), {})
            for event in events
        )
        failures = [
            result
            for result in await asyncio.gather(*calls, return_exceptions=True)
            if isinstance(result, BaseException)
        ]
        for failure in failures:
            log.error("function_failed", function=function.name, exc_info=failure)
        return Response(str(failures[0]), 500) if failures else Response(status_code=202)


def _allow(request: Request) -> Response:
    """The CloudEvents abuse protection handshake."""
    origin = request.headers.get("WebHook-Request-Origin")
    if origin is None:
        return Response(status_code=400)
    return Response(headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})


def _validation_code(content: Any) -> str:
    """The code to send back; a CloudEvent carries its data as JSON in a string."""
    event = content[0] if isinstance(content, list) else content
    data = event["data"]
    if isinstance(data, str):
        data = json.loads(data)
    code: str = data["validationCode"]
    return code
