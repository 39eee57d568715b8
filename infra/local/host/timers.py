"""Call a function at the moments of its schedule."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta

import structlog
from azure.functions.meta import Datum

from infra.local.host.app import LoadedFunction
from infra.local.host.invoker import Invoker
from infra.local.host.triggers import TimerTrigger

log = structlog.get_logger(__name__)

PAST_DUE = timedelta(seconds=1)


class Timer:
    """One thread per timer, so a function is never called while it runs.

    Moments that pass during a call are made up for by one call, which is told that it is past due.
    """

    def __init__(self, function: LoadedFunction, trigger: TimerTrigger, invoker: Invoker) -> None:
        self._function = function
        self._trigger = trigger
        self._invoker = invoker
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=function.name, daemon=True)

    def start(self) -> None:
        """Start to wait for the next moment; call at once if the trigger says so."""
        self._thread.start()

    def stop(self, deadline: float) -> bool:
        """Call no more; False when a call in progress has not ended by ``deadline``."""
        self._stopping.set()
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _run(self) -> None:
        last = datetime.now(UTC)
        if self._trigger.run_on_startup:
            self._call(last, past_due=False)
        while True:
            due = self._trigger.schedule.next_after(last)
            if self._stopping.wait(max(0.0, (due - datetime.now(UTC)).total_seconds())):
                return
            last = max(due, datetime.now(UTC))
            self._call(last, past_due=last - due >= PAST_DUE)

    def _call(self, moment: datetime, *, past_due: bool) -> None:
        following = self._trigger.schedule.next_after(moment)
        info = {
            "IsPastDue": past_due,
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {
                "Last": moment.isoformat(),
                "Next": following.isoformat(),
                "LastUpdated": moment.isoformat(),
            },
        }
        try:
            self._invoker.notify(self._function, Datum(json.dumps(info), "json"), {})
        except Exception:
            log.exception("function_failed", function=self._function.name)
