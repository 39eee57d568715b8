"""What the clock starts gets what it asks for by name."""

from typing import Any

import azure.functions as func
import pytest

from functions.failover import standing_orders
from functions.upkeep import TIMERS
from shared.triggers import on_timer


def test_a_timer_gets_what_it_asks_for_by_name_and_keeps_its_defaults() -> None:
    app, told = func.FunctionApp(), []

    def report(ledger: str, patience: int = 3) -> None:
        told.append((ledger, patience))

    on_timer(app, report, "0 * * * * *", {"ledger": "ours", "bus": "not asked for"})
    [function] = app.get_functions()
    nobody: Any = None
    function.get_user_function()(nobody)

    assert function.get_function_name() == "report"
    assert told == [("ours", 3)]


def test_a_timer_that_asks_for_what_is_unknown_is_refused_at_the_start() -> None:
    def report(nowhere: str) -> None:
        raise AssertionError(nowhere)

    with pytest.raises(KeyError, match="nowhere"):
        on_timer(func.FunctionApp(), report, "0 * * * * *", {})


def test_no_timer_is_started_twice() -> None:
    names = [do.__name__ for do, _ in (*TIMERS, *standing_orders.TIMERS)]

    assert len(names) == len(set(names))
