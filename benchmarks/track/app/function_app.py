"""What the embedded Functions host serves during the benchmark: wired as the project's own app."""

import os
from datetime import timedelta

import azure.functions as func

from benchmarks.track.runbook import RUNBOOK
from benchmarks.track.stopwatch import Stopwatch
from shared.bus.servicebus import ServiceBus
from shared.ledger import Ledger
from shared.messages import Command
from shared.runs import Runner
from shared.runs.heartbeat import Heartbeat
from shared.runs.outbox import Outbox, Postman
from shared.runs.runbook import Action
from shared.settings import Settings
from shared.triggers import subscribe

STOPWATCH = Stopwatch()


class TimedRunner(Runner):
    """The runner, with a stopwatch around each delivery."""

    def deliver(self, action: Action, command: Command) -> None:
        with STOPWATCH.timing(last=action.step is RUNBOOK.steps[-1]):
            super().deliver(action, command)


lease = Settings.model_fields["lease"].default
ledger = Ledger.connect(os.environ["LEDGER"])
bus = ServiceBus.connect(os.environ["BUS"])
outbox = Outbox(ledger, bus)
post = Postman(outbox).post
runner = TimedRunner(ledger, post, object(), beating=Heartbeat(ledger, lease).beating, lease=lease)

app = func.FunctionApp()
subscribe(app, RUNBOOK, runner)


def close() -> None:
    """Give back what the app holds: the host does not know of it."""
    outbox.send_left_behind(older_than=timedelta(0))
    bus.close()
    ledger.close()
