"""Serve HTTP functions below the route prefix, the Event Grid webhook and the host's own pages."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import azure.functions as func
import structlog
from azure.functions.meta import Datum
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from infra.local.host.app import LoadedFunction
from infra.local.host.eventgrid import EventGridWebhook
from infra.local.host.invoker import Invoker
from infra.local.host.triggers import METHODS, HttpTrigger

log = structlog.get_logger(__name__)


class HttpFunctions:
    """Finds the function of a request, checks the key, calls it and sends what it returned."""

    def __init__(self, functions: tuple[LoadedFunction, ...], key: str, invoker: Invoker) -> None:
        served = [
            (function.trigger, function)
            for function in functions
            if isinstance(function.trigger, HttpTrigger)
        ]
        self._served = sorted(served, key=lambda entry: entry[0].route.precedence)
        self._key = key
        self._invoker = invoker

    async def answer(self, request: Request) -> Response:
        """404 when nothing matches path and method, 401 without the key, 500 when it fails."""
        path = request.path_params["path"]
        for trigger, function in self._served:
            parameters = trigger.route.match(path)
            if parameters is not None and request.method in trigger.methods:
                if not trigger.open_to_all and not self._has_key(request):
                    return Response(status_code=401)
                return await self._call(function, request, parameters)
        return Response(status_code=404)

    def _has_key(self, request: Request) -> bool:
        given = request.headers.get("x-functions-key") or request.query_params.get("code", "")
        return secrets.compare_digest(given.encode(), self._key.encode())

    async def _call(
        self, function: LoadedFunction, request: Request, parameters: dict[str, str]
    ) -> Response:
        data = await _request_data(request, parameters)
        try:
            result = await run_in_threadpool(self._invoker.invoke, function, data, {})
            return _response(result)
        except Exception:
            log.exception("function_failed", function=function.name)
            return Response(status_code=500)


def build_web(
    functions: tuple[LoadedFunction, ...],
    http: HttpFunctions,
    invoker: Invoker,
    prefix: str,
    state: Callable[[], str],
) -> Starlette:
    """The whole HTTP surface of the host."""
    webhook = EventGridWebhook(functions, invoker.notify)

    async def status(_: Request) -> Response:
        return JSONResponse({"id": "signalbox-local", "state": state(), "version": "4.0.0.0"})

    async def listing(_: Request) -> Response:
        return JSONResponse([_description(function) for function in functions])

    base = f"/{prefix}" if prefix else ""
    return Starlette(
        routes=[
            Path("/admin/host/status", status),
            Path("/admin/functions", listing),
            Path("/runtime/webhooks/EventGrid", webhook.answer, methods=["POST", "OPTIONS"]),
            Path(f"{base}/{{path:path}}", http.answer, methods=list(METHODS)),
        ]
    )


async def _request_data(request: Request, parameters: dict[str, str]) -> Datum:
    """A request as the host describes it to a worker."""
    return Datum(
        {
            "method": _text(request.method),
            "url": _text(str(request.url)),
            "headers": {name: _text(value) for name, value in request.headers.items()},
            "query": {name: _text(value) for name, value in request.query_params.items()},
            "params": {name: _text(value) for name, value in parameters.items()},
            "body": Datum(await request.body(), "bytes"),
        },
        "http",
    )


def _text(value: str) -> Datum:
    return Datum(value, "string")


def _response(result: Any) -> Response:
    """What a function returned: a response, text, or nothing at all (204)."""
    if result is None:
        return Response(status_code=204)
    if isinstance(result, str):
        return Response(result, media_type="text/plain")
    if not isinstance(result, func.HttpResponse):
        raise TypeError(f"an HTTP function must return HttpResponse or str, not {type(result)}")
    value = func.get_binding_registry().get("http").encode(result, expected_type=None).value
    headers = {name: datum.value for name, datum in value["headers"].items()}
    response = Response(value["body"].value, int(value["status_code"].value), headers)
    for jar in value["cookies"] or ():
        for morsel in jar.values():
            response.headers.append("set-cookie", morsel.OutputString())
    return response


def _description(function: LoadedFunction) -> dict[str, Any]:
    """What /admin/functions says about a function."""
    bindings = [json.loads(binding) for binding in function.raw_bindings]
    return {"name": function.name, "config": {"bindings": bindings}, "isDisabled": False}
