"""How long people may let an environment on request live on, and what is forgotten with it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from shared.estate import load_estate
from shared.ledger import Ledger
from shared.ledger.environments import EnvironmentsOnRequest, ExtensionRefused
from shared.runs.hours import Schedules

ESTATE = load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")
[OFFER] = ESTATE.offers
WEEK = timedelta(days=7)


@pytest.fixture
def ledger(empty_ledger: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(empty_ledger)
    yield ledger
    ledger.close()


def test_only_what_is_open_lives_on_and_however_often_no_longer_than_in_all(ledger: Ledger) -> None:
    began = now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    ledger.clock = lambda: now
    on_request = EnvironmentsOnRequest(ledger)
    place = OFFER.environment("ana-fix", ESTATE.environment(OFFER.source))
    made = on_request.reserve(uuid4(), place, OFFER, requested_by="ana", lives=WEEK)

    def extend() -> datetime:
        return on_request.extend("ana-fix", OFFER, WEEK, by="ben", reason=f"at {now:%F}")

    with pytest.raises(ExtensionRefused, match="is creating: only what is open"):
        extend()
    on_request.opened(made.id)
    while now + WEEK <= began + OFFER.longest_in_all:
        assert extend() == now + WEEK
        now += timedelta(days=6)
    with pytest.raises(ExtensionRefused, match="would get older than 30 days"):
        extend()

    kept = on_request.extensions(made.id)
    assert {(each.extended_by, each.reason) for each in kept} == {
        ("ben", f"at {began + timedelta(days=days):%F}") for days in (0, 6, 12, 18)
    }
    assert on_request.named("ana-fix").expires_at == max(each.until_at for each in kept)


def test_whoever_gets_a_name_anew_inherits_neither_sleep_nor_wishes(ledger: Ledger) -> None:
    on_request = EnvironmentsOnRequest(ledger)
    schedules = Schedules(ESTATE, ledger, lambda _envelopes: None)
    place = OFFER.environment("ana-fix", ESTATE.environment(OFFER.source))
    said = []
    for person in ("ana", "ben"):
        made = on_request.reserve(uuid4(), place, OFFER, requested_by=person, lives=WEEK)
        on_request.opened(made.id)
        fresh = schedules.of("ana-fix")
        assert (fresh.state, fresh.record.number, fresh.by) == ("awake", 0, None)
        event = schedules.want("ana-fix", asleep=True, until=None, by=person, reason="holidays")
        schedules.record(fresh.sleeper.key, asleep=True, epoch=1)
        slept = schedules.of("ana-fix")
        assert (slept.state, slept.by) == ("asleep", person)
        said += [event.id, slept.id]
        on_request.over(made.id, "closed")
        assert schedules.all() == []

    assert len({*said}) == 4, "an event of the first one is none of the second one"
