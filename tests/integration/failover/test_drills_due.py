"""When failovers are rehearsed by the clock, and who is reminded when they are not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from typer.testing import CliRunner

from functions.upkeep.drills import SOURCE, announce_due_drills, publish_due_drills
from shared.estate import Estate
from shared.ledger import FailoverHistory
from shared.messages.drills import DrillRequested
from shared.runs.drills import Drills, NoDrillScheduled
from signalbox.rehearsal import app
from tests.integration.failover.pair import PRODUCTION, STANDBY, World

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NIGHT = {"days": ["saturday"], "opens": "23:00", "closes": "23:59"}
NIGHTS = {"name": "nights", "time_zone": "UTC", "windows": [NIGHT]}
SCHEDULE = {"name": "rehearsals", "classes": ["production"], "drill": "nights"}
FIRST, THEN = (datetime(2027, 6, day, 23, tzinfo=UTC) for day in (5, 12))


@contextmanager
def at(world: World, now: datetime) -> Iterator[None]:
    """The ledger's clock shows another time."""
    real, world.ledger.clock = world.ledger.clock, lambda: now
    yield
    world.ledger.clock = real


def said(world: World, subject: str) -> set[str]:
    return {each.id for each in world.bus.sent if each.subject == subject}


def reminders(world: World, now: datetime) -> int:
    """How many are said at a time that are not said already."""
    before = said(world, "drill-due")
    with at(world, now):
        announce_due_drills(world.resources.estate, FailoverHistory(world.ledger), world.runner)
    return len(said(world, "drill-due") - before)


def requests(world: World, now: datetime) -> int:
    """How many are asked for at a time that are not asked for already."""
    before = said(world, "drill-requested")
    with at(world, now):
        found = world.resources
        publish_due_drills(found.estate, found.history, world.ledger, world.runner)
    return len(said(world, "drill-requested") - before)


def drill(world: World, number: int, now: datetime, *, passed: bool) -> None:
    with at(world, now):
        world.resources.history.record_drill(
            UUID(int=number), PRODUCTION, source="a sample", passed=passed, facts={"segments": []}
        )


@pytest.fixture(scope="module")
def nightly(calm: World) -> World:
    """Production is rehearsed on Saturday nights, one drill at a time."""
    plain = calm.resources.estate.model_dump(by_alias=True)
    for cluster in plain["clusters"]:
        cluster["drills_at_once"] = 1
    estate = Estate.model_validate(plain | {"calendars": [NIGHTS], "schedules": [SCHEDULE]})
    return replace(calm, resources=replace(calm.resources, estate=estate))


def test_a_tier_one_environment_is_reminded_once_a_day_until_a_drill_has_passed(
    calm: World,
) -> None:
    never = reminders(calm, NOW)
    same_day = reminders(calm, NOW + timedelta(hours=1))
    drill(calm, 1, NOW, passed=False)
    after_a_failure = reminders(calm, NOW + timedelta(days=1))
    drill(calm, 2, NOW + timedelta(hours=1), passed=True)
    in_time = reminders(calm, NOW + timedelta(days=29))
    too_late = reminders(calm, NOW + timedelta(days=31))

    assert (never, same_day, after_a_failure, in_time, too_late) == (1, 0, 1, 0, 1)
    achieved = calm.resources.history.achieved(PRODUCTION)
    assert [each.passed for each in achieved] == [True, False]


def test_without_a_schedule_nothing_is_held_and_nothing_can_be_skipped(calm: World) -> None:
    assert requests(calm, FIRST) == 0
    with pytest.raises(NoDrillScheduled, match="state one in the estate"):
        Drills(calm.resources.estate, calm.ledger).skip(PRODUCTION, by="ann")


def test_a_drill_is_asked_for_at_the_last_opening_before_it_is_due(nightly: World) -> None:
    drill(nightly, 3, FIRST - timedelta(days=22), passed=True)  # due on the 13th

    early = requests(nightly, FIRST)
    before = requests(nightly, THEN - timedelta(seconds=1))
    once = requests(nightly, THEN + timedelta(minutes=5))
    again = requests(nightly, THEN + timedelta(minutes=58))
    drill(nightly, 4, THEN + timedelta(minutes=40), passed=False)
    after_a_failure = requests(nightly, THEN + timedelta(days=7))
    drill(nightly, 5, THEN + timedelta(days=7, hours=2), passed=True)
    when_passed = requests(nightly, THEN + timedelta(days=14))

    assert (early, before, once, again) == (0, 0, 1, 0)
    assert (after_a_failure, when_passed) == (1, 0)
    [asked, *_] = [each for each in nightly.bus.sent if each.subject == "drill-requested"]
    assert json.loads(asked.body)["data"]["environment"] == PRODUCTION


def test_a_cluster_holds_no_more_drills_at_once_than_it_may(nightly: World) -> None:
    now = datetime(2028, 1, 1, 23, tzinfo=UTC)
    other = nightly.happen(DrillRequested(environment=PRODUCTION))

    meanwhile = requests(nightly, now)
    found = nightly.resources
    emptied = found.estate.model_copy(update={"environments": ()})
    publish_due_drills(emptied, found.history, nightly.ledger, nightly.runner)  # it knows nobody
    nightly.work(other)
    afterwards = requests(nightly, now + timedelta(minutes=30))
    [asked] = [each for each in nightly.bus.sent if "20280101T2300Z" in each.body]
    started = nightly.publish(
        DrillRequested(environment=PRODUCTION), id=json.loads(asked.body)["id"], source=SOURCE
    )
    nightly.work(started[0])
    when_it_has_run = requests(nightly, now + timedelta(minutes=31))

    assert nightly.status(other) == nightly.status(started[0]) == "failed", "there is no backup"
    assert (meanwhile, afterwards, when_it_has_run) == (0, 1, 0)


def test_people_see_when_the_next_one_is_and_pass_it_over(nightly: World) -> None:
    drill(nightly, 6, THEN + timedelta(days=14), passed=True)
    session = SimpleNamespace(
        estate=nightly.resources.estate, ledger=lambda: nullcontext(nightly.ledger)
    )

    def type_(*words: str) -> str:
        answer = CliRunner().invoke(app, ["drill", *words], obj=lambda: session)
        assert answer.exception is None, answer.exception
        return answer.output

    held = datetime(2027, 7, 24, 23, tzinfo=UTC)
    with at(nightly, held - timedelta(days=3)):
        [shown] = json.loads(type_("show", "--json"))
        skipped = type_("skip", "--environment", PRODUCTION)
        after = type_("show")

    assert (shown["environment"], shown["next_at"]) == (PRODUCTION, "2027-07-24 23:00:00+00:00")
    assert skipped == f"{PRODUCTION} is not drilled at 2027-07-24 23:00 UTC\n"
    assert "2027-07-31" in after
    assert STANDBY not in after
    with at(nightly, held + timedelta(minutes=1)):
        [begun] = Drills(nightly.resources.estate, nightly.ledger).all()
    assert begun.skipped_by is not None, "what has begun is passed over until it ends"
    assert requests(nightly, held + timedelta(minutes=1)) == 0
    assert requests(nightly, held + timedelta(days=7)) == 1
