"""A function app for hosts in processes of their own: it tells what happens in a file."""

import os
import time
from pathlib import Path

import azure.functions as func

JOURNAL = Path(os.environ["JOURNAL"])
GATE = Path(os.environ["GATE"])
NAME = os.environ["NAME"]

app = func.FunctionApp()


@app.service_bus_queue_trigger(arg_name="message", connection="ServiceBus", queue_name="slow-work")
def handle_slowly(message: func.ServiceBusMessage) -> None:
    """Note the start, wait for the gate, note the end."""
    note("started", message)
    while not GATE.exists():
        time.sleep(0.02)
    note("ended", message)


def note(what: str, message: func.ServiceBusMessage) -> None:
    """Append a line; short appends are atomic."""
    with JOURNAL.open("a") as journal:
        journal.write(f"{NAME} {what} {message.get_body().decode()} {message.delivery_count}\n")
