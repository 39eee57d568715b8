"""A server that does not answer keeps no other waiting."""

from threading import Barrier
from types import SimpleNamespace
from typing import Any

from functions.failover import standing_orders
from functions.upkeep.standbys import watch_standbys


def test_pairs_are_measured_at_the_same_time():
    together = Barrier(2, timeout=5)
    replication: Any = SimpleNamespace(
        streaming=lambda: [SimpleNamespace()] * 2, measure=lambda _: together.wait()
    )
    committed: list[object] = []

    watch_standbys(replication, SimpleNamespace(commit=committed.append))

    assert len(committed) == 2


def test_fence_orders_are_tried_at_the_same_time(monkeypatch):
    together = Barrier(2, timeout=5)
    monkeypatch.setattr(standing_orders, "_executed", lambda *_: together.wait() >= 0)
    waiting = [SimpleNamespace(executed_at=None)] * 2
    placements: Any = SimpleNamespace(standing_orders=lambda: waiting)
    nothing: Any = None

    standing_orders.execute_fence_orders(placements, nothing, nothing, nothing)

    assert together.n_waiting == 0
    assert not together.broken
