"""Which side serves, and which side must not be written to, as the ledger keeps it."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from shared.ledger import Ledger, Placements, StalePlacement

OLD, NEW = UUID(int=1), UUID(int=2)


@pytest.fixture
def placements(empty_ledger: str) -> Iterator[Placements]:
    ledger = Ledger.connect(empty_ledger, connections=2)
    yield Placements(ledger)
    ledger.close()


def test_an_environment_serves_itself_until_something_else_is_recorded(
    placements: Placements,
) -> None:
    before = placements.of("acme-prod")
    placements.take("acme-prod", "acme-standby", epoch=7, run=NEW, standby_state="fenced")

    after = placements.of("acme-prod")

    assert (before.active_side, before.epoch, before.promotable) == ("acme-prod", 0, True)
    assert (after.active_side, after.epoch, after.run_id) == ("acme-standby", 7, NEW)


def test_a_run_that_a_newer_one_has_overtaken_cannot_place_the_environment(
    placements: Placements,
) -> None:
    placed = placements.take("acme-prod", "acme-standby", epoch=7, run=NEW, standby_state="fenced")

    with pytest.raises(StalePlacement, match="newer epoch than 6"):
        placements.take("acme-prod", "acme-prod", epoch=6, run=OLD, standby_state="streaming")

    assert placements.of("acme-prod") == placed
    again = placements.take("acme-prod", "acme-standby", epoch=7, run=NEW, standby_state="fenced")
    assert again == placed


def test_a_standby_needs_consent_until_it_has_caught_up(placements: Placements) -> None:
    placements.set_promotable("acme-prod", False, "20 minutes behind")
    behind = placements.of("acme-prod")
    placements.set_promotable("acme-prod", True, None)

    assert (behind.promotable, behind.reason) == (False, "20 minutes behind")
    assert placements.of("acme-prod").promotable


def test_a_fence_order_stands_until_it_is_lifted_whether_executed_or_not(
    placements: Placements,
) -> None:
    placements.order_fence("acme-prod", "acme-prod", epoch=7, run=NEW)
    placements.order_fence("acme-prod", "acme-prod", epoch=6, run=OLD)
    placements.fence_executed("acme-prod", "acme-prod", epoch=6, proof={"refused": "no"})
    [ordered] = placements.standing_orders("acme-prod")
    placements.fence_executed("acme-prod", "acme-prod", epoch=7, proof={"refused": "yes"})
    [executed] = placements.standing_orders()

    placements.lift_fence("acme-prod", "acme-prod", epoch=6)
    still = placements.standing_orders()
    placements.lift_fence("acme-prod", "acme-prod", epoch=8)

    assert (ordered.epoch, ordered.run_id, ordered.executed_at) == (7, NEW, None)
    assert executed.proof == {"refused": "yes"}
    assert still == [executed]
    assert placements.standing_orders() == []
