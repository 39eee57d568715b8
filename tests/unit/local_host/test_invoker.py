"""Calling handlers."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.functions.meta import Datum

from infra.local.host.app import LoadedFunction
from infra.local.host.invoker import HandlerExited, Invoker, ResultUnexpected
from infra.local.host.schedule import Schedule
from infra.local.host.triggers import TimerTrigger

TICK = Datum('{"IsPastDue": true}', "json")


@pytest.fixture
def invoker() -> Iterator[Invoker]:
    invoker = Invoker()
    invoker.start()
    yield invoker
    invoker.stop()


def function(handler: Callable[..., Any]) -> LoadedFunction:
    trigger = TimerTrigger(Schedule.parse("0 0 0 1 1 *"), run_on_startup=False)
    return LoadedFunction("sweep", "timer", trigger, "timerTrigger", handler, ())


def test_a_handler_gets_what_the_library_s_converter_makes_of_the_data(invoker: Invoker) -> None:
    assert invoker.invoke(function(lambda timer: timer.past_due), TICK, {}) is True


def test_coroutine_handlers_share_one_loop(invoker: Invoker) -> None:
    async def handle(timer: Any) -> int:
        return id(asyncio.get_running_loop())

    assert invoker.invoke(function(handle), TICK, {}) == invoker.invoke(function(handle), TICK, {})


def test_a_result_without_a_return_binding_fails_the_call(invoker: Invoker) -> None:
    with pytest.raises(ResultUnexpected, match="sweep"):
        invoker.notify(function(lambda timer: str(timer)), TICK, {})


def test_a_handler_that_exits_fails_its_call_and_nothing_else(invoker: Invoker) -> None:
    with pytest.raises(HandlerExited, match=r"sys\.exit\(3\)"):
        invoker.invoke(function(lambda timer: sys.exit(3 * timer.past_due)), TICK, {})
