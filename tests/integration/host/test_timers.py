"""Timers, on the real clock: their resolution is a second."""

import threading
import time
from collections.abc import Callable, Iterator
from queue import Queue

import azure.functions as func
import pytest

from infra.local.host.app import LoadedFunction
from infra.local.host.invoker import Invoker
from infra.local.host.schedule import Schedule
from infra.local.host.timers import Timer
from infra.local.host.triggers import TimerTrigger

Run = Callable[[Callable[[func.TimerRequest], None], TimerTrigger], Timer]
EVERY_SECOND = Schedule.parse("* * * * * *")
NEVER_SOON = Schedule.parse("0 0 0 1 1 *")


@pytest.fixture
def run() -> Iterator[Run]:
    timers = []

    def start(handler: Callable[[func.TimerRequest], None], trigger: TimerTrigger) -> Timer:
        function = LoadedFunction("sweep", "timer", trigger, "timerTrigger", handler, ())
        timers.append(timer := Timer(function, trigger, Invoker()))
        timer.start()
        return timer

    yield start
    for timer in timers:
        assert timer.stop(time.monotonic() + 5)


def test_a_timer_calls_at_once_when_told_to_and_not_before_its_moment_otherwise(run: Run) -> None:
    at_once: Queue[func.TimerRequest] = Queue()
    in_time: Queue[func.TimerRequest] = Queue()

    run(lambda timer: at_once.put(timer), TimerTrigger(NEVER_SOON, run_on_startup=True))
    run(lambda timer: in_time.put(timer), TimerTrigger(NEVER_SOON, run_on_startup=False))

    assert not at_once.get(timeout=5).past_due
    assert in_time.empty()


def test_a_timer_that_overran_is_past_due_once_and_never_runs_twice_at_a_time(run: Run) -> None:
    past_due: Queue[bool] = Queue()
    running = threading.Lock()
    slow = threading.Event()

    def handle(timer: func.TimerRequest) -> None:
        assert running.acquire(blocking=False)
        past_due.put(timer.past_due)
        if not slow.is_set():
            slow.wait(2.5)  # nobody sets it: the call lasts over two moments
            slow.set()
        running.release()

    run(handle, TimerTrigger(EVERY_SECOND, run_on_startup=False))

    assert [past_due.get(timeout=6) for _ in range(3)] == [False, True, False]


def test_a_timer_goes_on_after_a_failure(run: Run) -> None:
    calls: Queue[bool] = Queue()

    def handle(timer: func.TimerRequest) -> None:
        calls.put(timer.past_due)
        raise RuntimeError("told to fail")

    run(handle, TimerTrigger(EVERY_SECOND, run_on_startup=True))

    assert [calls.get(timeout=5) for _ in range(2)] == [False, False]
