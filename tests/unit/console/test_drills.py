"""What a failover says at its end is what is drawn."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from functions.console.drills import HEIGHT, TOP, Drill, Facts, plots
from shared.messages.failover import FailoverClosed


def drill(took: float, lost: float | None) -> Drill:
    facts = Facts(
        took=timedelta(seconds=took),
        rto=timedelta(minutes=1),
        rto_met=took <= 60,
        rpo=timedelta(seconds=5),
        rpo_met=None if lost is None else lost <= 5,
        lost_seconds=lost,
    )
    return Drill(UUID(int=1), "failover", "acme-prod", datetime(2026, 11, 22, tzinfo=UTC), facts)


@pytest.mark.parametrize("name", Facts.model_fields)
def test_a_fact_that_is_drawn_is_one_that_the_failover_states(name):
    stated = FailoverClosed.model_fields[name]

    assert stated.annotation == Facts.model_fields[name].annotation


def test_what_misses_the_objective_is_drawn_above_its_line_and_as_bad():
    times, losses = plots([drill(30, 0.0), drill(90, 1.0)])

    quick, slow = times.points
    assert quick.y > times.goal > slow.y >= TOP
    assert (quick.good, slow.good) == (True, False)
    assert all(point.good and TOP <= point.y <= HEIGHT for point in losses.points)


def test_a_loss_that_is_not_known_is_not_drawn_as_none():
    _, losses = plots([drill(30, None), drill(30, 2.0)])

    assert [point.label for point in losses.points] == ["acme-prod, 2026-11-22: 2.0 s"]
