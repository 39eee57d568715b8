"""Handlers become Azure Functions here: the only place in ``shared/`` that knows the host."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from inspect import signature
from typing import Any

import azure.functions as func
from pydantic import ValidationError

from shared.errors import explain
from shared.identity import Identify, Role
from shared.limits import RateLimit, address
from shared.messages import Command
from shared.runs import Runbook, Runner
from shared.runs.attempts import UnknownStep
from shared.runs.intake import park
from shared.runs.reading import Received
from shared.runs.runbook import Action
from shared.telemetry import SILENT, Telemetry

MAX_BODY = 256 * 1024
"""Bytes of a request: what the bus would carry at most."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
KEY_IN_URL = "code"
"""Where the Functions host would take a key too. A URL ends in telemetry, so we do not."""
CONNECTION = "ServiceBus"
"""The app setting that every Service Bus trigger takes its connection from."""


@dataclass(frozen=True)
class Asked:
    """An HTTP request, as far as a handler needs it."""

    route: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Found by their names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An HTTP response; ``body`` is anything that JSON can hold."""

    body: Any
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def problem(status: int, detail: str, **headers: str) -> Answer:
    """A refusal as RFC 9457 has it; ``detail`` repeats nothing of the request."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Answer(body, status, "application/problem+json", headers)


Handle = Callable[[Asked], Answer]


@dataclass(frozen=True)
class Guard:
    """Lets in who is known, has the role and does not ask too often."""

    identify: Identify
    limit: RateLimit

    def refusal(self, asked: Asked, role: Role) -> Answer | None:
        """Why a request is not let in; None when it is."""
        caller = self.identify(asked.headers)
        if not self.limit.admits(caller.name if caller else address(asked.headers)):
            return problem(429, "Too many requests: wait a minute.", **{"Retry-After": "60"})
        if caller is None:
            return problem(401, "Sign in, or send the key in the header x-functions-key.")
        if not caller.may(role):
            return problem(403, f"This takes the role {role}.")
        return None


def subscribe(app: func.FunctionApp, runbook: Runbook, runner: Runner) -> None:
    """Give every step, and every undo, a function on the subscription that bears its name; on the
    express topic as well, if there is one: each function scales alone."""
    for action in runbook.actions():
        runner.bind(action)  # a misspelt resource fails here, at start-up
        for topic in runbook.topics:
            name = action.name + topic.removeprefix(runbook.name).replace("-", "_")
            on_message(app, name, topic, action.subscription, _deliver(runner, action))


def _deliver(runner: Runner, action: Action) -> Callable[[Received], None]:
    def deliver(received: Received) -> None:
        try:
            runner.deliver(action, Command.model_validate_json(received.body))
        except ValidationError as error:
            reason = f"not a command: {explain(error)}"
            runner.commit(lambda tx: park(tx, received, reason))
        except UnknownStep as error:
            reason = str(error)
            runner.commit(lambda tx: park(tx, received, reason))

    return deliver


def on_message(
    app: func.FunctionApp,
    name: str,
    topic: str,
    subscription: str,
    handle: Callable[[Received], None],
    *,
    telemetry: Telemetry = SILENT,
) -> None:
    """Returning from ``handle`` completes the message; raising hands it back to the bus."""

    @app.function_name(name)
    @app.service_bus_topic_trigger(
        "message", connection=CONNECTION, topic_name=topic, subscription_name=subscription
    )
    def trigger(message: func.ServiceBusMessage) -> None:
        received = _received(message, topic, subscription)
        with telemetry.handling(name, received.properties):
            handle(received)


def on_timer(
    app: func.FunctionApp, do: Callable[..., object], schedule: str, known: Mapping[str, object]
) -> None:
    """Call ``do`` by the clock, with what it asks for by name; its defaults may be left unknown.

    ``schedule`` is NCRONTAB: second, minute, hour, day, month, weekday.
    """
    wanted = signature(do).parameters.values()
    given = {p.name: known[p.name] for p in wanted if p.name in known or p.default is p.empty}

    @app.function_name(do.__name__)
    @app.timer_trigger("timer", schedule=schedule, use_monitor=False)
    def trigger(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host binds it by name
        do(**given)


def on_http(app: func.FunctionApp, name: str, method: str, route: str, handle: Handle) -> None:
    """Below ``api/``. The host lets everyone in; who may go on, a ``Guard`` decides."""

    @app.function_name(name)
    @app.route(
        f"api/{route}",
        methods=[method],
        auth_level=func.AuthLevel.ANONYMOUS,
        trigger_arg_name="request",
    )
    def trigger(request: func.HttpRequest) -> func.HttpResponse:
        said = Asked(request.route_params, request.params, request.headers, request.get_body())
        return _response(_unfit(request) or handle(said))


def on_web(app: func.FunctionApp, name: str, application: Any) -> None:
    """Hand every path that no other function has to an ASGI application, which guards itself."""
    middleware = func.AsgiMiddleware(application)

    @app.function_name(name)
    @app.route(
        "{*path}",
        methods=["GET", "POST", "DELETE"],
        auth_level=func.AuthLevel.ANONYMOUS,
        trigger_arg_name="request",
    )
    async def trigger(request: func.HttpRequest) -> func.HttpResponse:
        refused = _unfit(request)
        return _response(refused) if refused else await middleware.handle_async(request)


def _response(answer: Answer) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(answer.body, default=str),
        status_code=answer.status,
        mimetype=answer.kind,
        headers={**HEADERS, **answer.headers},
    )


def _unfit(request: func.HttpRequest) -> Answer | None:
    if KEY_IN_URL in request.params:
        return problem(
            401, "A key in a URL ends in logs: renew it, and send it in x-functions-key."
        )
    if len(request.get_body()) > MAX_BODY:
        return problem(413, f"The body has more than {MAX_BODY:,} bytes.")
    return None


def on_event_grid(app: func.FunctionApp, name: str, handle: Callable[[bytes], None]) -> None:
    """Raising makes Event Grid send the event again, later; ``handle`` gets it as a CloudEvent."""

    @app.function_name(name)
    @app.event_grid_trigger("event")
    def trigger(event: func.EventGridEvent) -> None:
        handle(_cloud_event(event))


def _cloud_event(event: func.EventGridEvent | func.CloudEvent) -> bytes:
    """The event as it came, in one spelling; the host has parsed it already."""
    if isinstance(event, func.CloudEvent):
        said = {**event.extension_attrs, "source": event.source, "type": event.type}
        said |= {"specversion": event.specversion, "time": event.time}
    else:
        said = {"source": event.topic, "type": event.event_type, "time": event.event_time}
    said |= {"id": event.id, "subject": event.subject, "data": event.get_json()}
    present = {name: value for name, value in said.items() if value is not None}
    return json.dumps(present, default=_plain).encode()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _received(message: func.ServiceBusMessage, topic: str, subscription: str) -> Received:
    return Received(
        topic=topic,
        subscription=subscription,
        message_id=message.message_id or "",
        body=message.get_body(),
        properties=json.loads(json.dumps(message.application_properties or {}, default=str)),
    )
