"""Handlers become Azure Functions here: the only place in ``shared/`` that knows the host."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import azure.functions as func
from pydantic import ValidationError

from shared.messages import Command
from shared.runs import Runbook, Runner
from shared.runs.attempts import UnknownStep
from shared.runs.intake import park
from shared.runs.reading import Received, explain
from shared.runs.runbook import Action

CONNECTION = "ServiceBus"
"""The app setting that every Service Bus trigger takes its connection from."""


@dataclass(frozen=True)
class Asked:
    """An HTTP request, as far as a handler needs it."""

    route: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An HTTP response; ``body`` is anything that JSON can hold."""

    body: Any
    status: int = 200


def subscribe(app: func.FunctionApp, runbook: Runbook, runner: Runner) -> None:
    """Give every step, and every undo, a function on the subscription that bears its name."""
    for action in runbook.actions():
        runner.bind(action)  # a misspelt resource fails here, at start-up
        on_message(app, action.name, action.topic, action.subscription, _deliver(runner, action))


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
) -> None:
    """Returning from ``handle`` completes the message; raising hands it back to the bus."""

    @app.function_name(name)
    @app.service_bus_topic_trigger(
        "message", connection=CONNECTION, topic_name=topic, subscription_name=subscription
    )
    def trigger(message: func.ServiceBusMessage) -> None:
        handle(_received(message, topic, subscription))


def on_timer(app: func.FunctionApp, name: str, schedule: str, handle: Callable[[], object]) -> None:
    """``schedule`` is NCRONTAB: second, minute, hour, day, month, weekday."""

    @app.function_name(name)
    @app.timer_trigger("timer", schedule=schedule, use_monitor=False)
    def trigger(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host binds it by name
        handle()


def on_http(
    app: func.FunctionApp,
    name: str,
    method: str,
    route: str,
    handle: Callable[[Asked], Answer],
    *,
    public: bool = False,
) -> None:
    """Everyone may call a ``public`` route; the others ask for a function key."""
    level = func.AuthLevel.ANONYMOUS if public else func.AuthLevel.FUNCTION

    @app.function_name(name)
    @app.route(route, methods=[method], auth_level=level, trigger_arg_name="request")
    def trigger(request: func.HttpRequest) -> func.HttpResponse:
        answer = handle(Asked(request.route_params, request.params, request.get_body()))
        body = json.dumps(answer.body, default=str)
        return func.HttpResponse(body, status_code=answer.status, mimetype="application/json")


def _received(message: func.ServiceBusMessage, topic: str, subscription: str) -> Received:
    return Received(
        topic=topic,
        subscription=subscription,
        message_id=message.message_id,
        body=message.get_body(),
        properties=json.loads(json.dumps(message.application_properties or {}, default=str)),
    )
