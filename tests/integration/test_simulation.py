"""The engine keeps its promises on a hostile bus; and the simulation notices when it does not."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from psycopg_pool import ConnectionPool

from shared.ledger import Transaction
from shared.runs import attempts, deciding, watchdog
from tests.simulation.scenario import play, play_crash
from tests.simulation.track import Claimed, Collided, Slotted

BLOCKS = [range(start, start + 20) for start in range(0, 40, 20)]


@pytest.fixture(scope="module")
def pool(postgres) -> Iterator[ConnectionPool]:
    postgres.create_database("simulation")
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    with ConnectionPool(postgres.dsn("simulation"), min_size=2, max_size=12, open=True) as pool:
        yield pool
    structlog.configure(**before)
    postgres.drop_database("simulation")


@pytest.mark.parametrize("seeds", BLOCKS, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_every_promise_holds_on_a_hostile_bus(pool, seeds):
    _play_all(pool, seeds)


def _play_all(pool, seeds):
    for seed in seeds:
        play(pool, seed)


@pytest.mark.parametrize(("mood", "every"), [("fine", 3), ("doomed", 4)])
def test_a_crash_at_any_point_of_a_run_leaves_it_to_end_right(pool, mood, every):
    points = play_crash(pool, mood, None).scheduler.points

    for point in range(1, points + 1, every):
        play_crash(pool, mood, point)

    assert points > 60


def test_a_crash_at_every_fourth_point_of_a_run_that_asks_people_leaves_it_to_end_right(pool):
    points = play_crash(pool, "fine", None, Claimed).scheduler.points

    for point in range(1, points + 1, 4):
        play_crash(pool, "fine", point, Claimed)

    assert points > 60


def test_runs_that_step_aside_let_others_pass_and_end_right(pool):
    for seed in range(6):
        play(pool, seed, kinds=(Slotted, Collided, Slotted))


def test_a_seed_replays_exactly(pool):
    first = play(pool, 7).scheduler.trace
    again = play(pool, 7).scheduler.trace

    assert first == again


def _no_redrive(monkeypatch):
    monkeypatch.setattr(watchdog, "redrive", lambda *_: None)
    monkeypatch.setattr("functions.upkeep.redrive", lambda *_, **__: None)


def _no_outbox(monkeypatch):
    monkeypatch.setattr(Transaction, "write_outbox", lambda _: None)


def _no_release(monkeypatch):
    monkeypatch.setattr(Transaction, "release_interlock", lambda *_: None)


def _no_undo(monkeypatch):
    monkeypatch.setattr(Transaction, "plan_undo", lambda self, run: self.skip_steps(run))


def _no_deduplication(monkeypatch):
    monkeypatch.setattr(Transaction, "insert_event", lambda *_, **__: True)


def _no_lease_check(monkeypatch):
    original = attempts.finish

    def finish(tx, begun, outcome, **given):
        step = tx.lock_step(begun.run_id, begun.name)
        forged = attempts.replace(begun, lease_id=step.lease_id if step else None)
        return original(tx, forged, outcome, **given)

    monkeypatch.setattr("shared.runs.runner.finish", finish)


def _no_evidence(monkeypatch):
    monkeypatch.setattr(Transaction, "seal", lambda *_: None)


def _no_chain(monkeypatch):
    original = Transaction.next_link
    monkeypatch.setattr(Transaction, "next_link", lambda *of: replace(original(*of), previous=None))


def _no_expiry(monkeypatch):
    monkeypatch.setattr(deciding, "is_over", lambda *_: False)


def _no_four_eyes(monkeypatch):
    monkeypatch.setattr(deciding, "_refuse_same_eyes", lambda *_: None)


@pytest.mark.parametrize(
    "mutilate",
    [
        _no_expiry,
        _no_four_eyes,
        _no_redrive,
        _no_outbox,
        _no_release,
        _no_undo,
        _no_deduplication,
        _no_lease_check,
        _no_evidence,
        _no_chain,
    ],
    ids=lambda mutilate: mutilate.__name__.removeprefix("_"),
)
def test_the_simulation_notices_an_engine_without(pool, monkeypatch, mutilate):
    mutilate(monkeypatch)

    with pytest.raises(AssertionError):
        _play_all(pool, range(40))
