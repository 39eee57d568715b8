"""A function app with all four triggers. What its handlers see is kept in ``SEEN``."""

import asyncio
import os
import threading
from dataclasses import dataclass, field
from queue import Queue
from typing import Any

import azure.functions as func

GREETING = os.environ["GREETING"]


@dataclass
class Seen:
    """What the handlers received, and switches for how they behave."""

    messages: Queue[func.ServiceBusMessage] = field(default_factory=Queue)
    queued: Queue[func.ServiceBusMessage] = field(default_factory=Queue)
    finished: Queue[bytes] = field(default_factory=Queue)
    events: Queue[Any] = field(default_factory=Queue)
    ticks: Queue[func.TimerRequest] = field(default_factory=Queue)
    gate: threading.Event = field(default_factory=threading.Event)
    concurrent: int = 0
    most: int = 0


SEEN = Seen()
COUNTING = threading.Lock()

app = func.FunctionApp()
blueprint = func.Blueprint()


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    connection="ServiceBus",
    topic_name="%TOPIC%",
    subscription_name="restore-backup",
)
def restore_backup(message: func.ServiceBusMessage) -> None:
    """Keep the message; fail as long as it says so."""
    SEEN.messages.put(message)
    if b"fail" in message.get_body():
        raise RuntimeError("told to fail")


@blueprint.service_bus_queue_trigger(
    arg_name="message", connection="ServiceBus", queue_name="async-work"
)
async def handle_async(message: func.ServiceBusMessage) -> None:
    """Show that coroutines run on a loop."""
    await asyncio.sleep(0)
    SEEN.queued.put(message)


@blueprint.service_bus_queue_trigger(
    arg_name="message", connection="ServiceBus", queue_name="slow-work"
)
def handle_slowly(message: func.ServiceBusMessage) -> None:
    """Count how many run together until the gate opens."""
    with COUNTING:
        SEEN.concurrent += 1
        SEEN.most = max(SEEN.most, SEEN.concurrent)
    SEEN.queued.put(message)
    SEEN.gate.wait(30)
    with COUNTING:
        SEEN.concurrent -= 1
    SEEN.finished.put(message.get_body())


@app.event_grid_trigger(arg_name="event")
def accept_event(event: func.EventGridEvent) -> None:
    """Keep the event; refuse those that say so."""
    if "refuse" in (event.subject or ""):
        raise RuntimeError("told to refuse")
    SEEN.events.put(event)


@app.timer_trigger(arg_name="timer", schedule="%EVERY%", run_on_startup=True)
def sweep(timer: func.TimerRequest) -> None:
    """Keep the tick."""
    SEEN.ticks.put(timer)


@app.route(route="greet/{name?}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def greet(req: func.HttpRequest) -> func.HttpResponse:
    """Say hello with what was in the environment while loading."""
    name = req.route_params.get("name") or req.params.get("name") or req.get_body().decode()
    return func.HttpResponse(f"{GREETING} {name}", status_code=201, headers={"x-said-by": "greet"})


@app.route(route="runs/{id:int}")
async def show_run(req: func.HttpRequest) -> func.HttpResponse:
    """Need the key, the default auth level."""
    return func.HttpResponse(f"run {req.route_params['id']}", mimetype="application/json")


@app.route(route="broken", auth_level=func.AuthLevel.ANONYMOUS)
def fail_request(req: func.HttpRequest) -> func.HttpResponse:
    """Always fail."""
    raise RuntimeError("told to fail")


app.register_functions(blueprint)
