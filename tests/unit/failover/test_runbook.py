"""The tables of the failover agent, and what is computed from facts alone."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.failover import DRILL, REJOIN, RUNBOOK
from functions.failover.approve_failover import POLICY, reasons_to_ask
from functions.failover.close_failover import measured, segments
from functions.failover.endpoints import taken_over, withdrawn
from functions.failover.fence_primary import FenceNotAllowed, refuse_unless_allowed
from functions.failover.promote_standby import awaited_lsn
from shared.errors import TemporaryError
from shared.estate import Environment, Failover, load_estate
from shared.ledger import Pair
from shared.messages.failover import (
    ExpectedLoss,
    FailoverApproved,
    FailoverClosed,
    IntegrationsResumed,
    PrimaryFenced,
    RegionAssessed,
)
from shared.runs.runbook import Priority

ESTATE = load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")
PROD, STANDBY = ESTATE.environment("acme-prod"), ESTATE.environment("acme-standby")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LOSS = ExpectedLoss(bytes=10, seconds=1.5, transactions=2, known_at=NOON)
ACTIONS = (*RUNBOOK.actions(), *REJOIN.actions(), *DRILL.actions())


def assessed(**facts: Any) -> RegionAssessed:
    known: dict[str, Any] = {
        "active": "acme-prod",
        "standby": "acme-standby",
        "verdict": "confirmed",
        "testimonies": (),
        "primary_reachable": False,
        "loss": LOSS,
        "degraded_at": NOON,
        "suspected_at": NOON,
        "assessed_at": NOON,
    }
    return RegionAssessed.model_validate(known | facts)


def pair(**policy: Any) -> Pair:
    stated = Failover(automatic=True, unreachable_primary="allow", **policy)
    return Pair(PROD.model_copy(update={"failover": stated}), PROD, STANDBY)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_step_says_why_it_is_safe_to_repeat(action: Any) -> None:
    assert "Safe to repeat: " in (action.handler.__doc__ or "")


def test_only_what_lies_before_the_promotion_is_undone() -> None:
    names = [action.name for action in RUNBOOK.actions()]

    assert [action.undoes for action in RUNBOOK.actions() if action.undoes] == ["fence_primary"]
    assert names.index("fence_primary") < names.index("promote_standby")
    assert RUNBOOK.priority is Priority.URGENT


@pytest.mark.parametrize(
    ("facts", "policy", "consent", "expected"),
    [
        ({}, {}, None, None),
        ({"promoted_before": True, "loss": None}, {"rpo": timedelta(0)}, "behind", None),
        ({"verdict": "split"}, {}, None, "do not agree"),
        ({"verdict": "planned"}, {}, None, "never urgent"),
        ({"loss": None}, {}, None, "is unknown"),
        ({}, {"rpo": timedelta(seconds=1)}, None, "2 s would be lost, more than 1 s"),
        ({}, {}, "20 minutes behind", "marked: 20 minutes behind"),
    ],
)
def test_people_are_asked_unless_everything_speaks_for_it(
    facts: dict[str, Any], policy: dict[str, Any], consent: str | None, expected: str | None
) -> None:
    reasons = list(reasons_to_ask(assessed(**facts), pair(**policy), consent))

    assert (expected is None) == (not reasons)
    assert expected is None or expected in "; ".join(reasons)


def test_people_are_asked_by_default() -> None:
    by_default = Pair(PROD.model_copy(update={"failover": Failover()}), PROD, STANDBY)

    reasons = list(reasons_to_ask(assessed(), by_default, None))
    reachable = list(reasons_to_ask(assessed(primary_reachable=True), by_default, None))

    assert len(reasons) == 2
    assert reachable == ["acme-prod is never failed over without a person"]


@pytest.mark.parametrize(
    ("verdict", "by", "unreachable", "refused"),
    [
        ("confirmed", POLICY, "ask", "wants a person's word"),
        ("confirmed", POLICY, "allow", None),
        ("confirmed", "ann", "ask", None),
        ("planned", "ann", "allow", "needs both sides"),
    ],
)
def test_a_primary_that_vanishes_before_its_fence_needs_the_word_that_covers_it(
    verdict: str, by: str, unreachable: str, refused: str | None
) -> None:
    facts: dict[str, Any] = {"approved_by": (by,), "asked_because": (), "approved_at": NOON}
    approved = assessed(verdict=verdict).become(FailoverApproved, **facts)
    stated = Failover.model_validate({"unreachable_primary": unreachable})
    pair = Pair(PROD.model_copy(update={"failover": stated}), PROD, STANDBY)
    expected = pytest.raises(FenceNotAllowed, match=refused) if refused else nullcontext()

    with expected:
        refuse_unless_allowed(approved, pair, TemporaryError("it does not answer"))


@pytest.mark.parametrize(
    ("verdict", "streams", "awaited"),
    [("planned", False, 7), ("confirmed", True, 7), ("confirmed", False, None)],
)
def test_a_promotion_waits_for_all_that_can_still_be_had(
    verdict: str, streams: bool, awaited: int | None
) -> None:
    approved = {"approved_by": ("ann",), "asked_because": (), "approved_at": NOON}
    fence = {"fence": "proven", "fence_proof": (), "fenced_lsn": 7, "fenced_at": NOON}
    facts = assessed(verdict=verdict).model_dump() | approved | fence

    assert awaited_lsn(PrimaryFenced.model_validate(facts), streams=streams) == awaited


@pytest.mark.parametrize("side", [PROD, STANDBY], ids=lambda side: side.name)
@pytest.mark.parametrize("path", ["", " && PathPrefix(`/websocket`)"])
def test_a_route_changes_hands_and_comes_back_as_it_was(side: Environment, path: str) -> None:
    first = side.endpoints[0].host
    at_home = f"Host(`{first}`){path}"
    serving, resting = (at_home, withdrawn(at_home, PROD, PROD))
    if side == STANDBY:
        serving, resting = taken_over(at_home, STANDBY, PROD), at_home

    assert "`erp.acme.example`" in serving
    assert "`erp.acme.example`" not in resting
    assert withdrawn(serving, side, PROD) == resting
    assert taken_over(resting, side, PROD) == serving
    assert taken_over(serving, side, PROD) == serving
    assert withdrawn(resting, side, PROD) == resting
    assert serving.endswith(path)


def resumed(**facts: Any) -> IntegrationsResumed:
    moments = ("approved", "fenced", "promoted", "redirected", "verified", "resumed")
    times = {f"{name}_at": NOON + timedelta(seconds=n) for n, name in enumerate(moments, start=3)}
    known: dict[str, Any] = {
        **dict(assessed(suspected_at=NOON + timedelta(seconds=1))),
        "assessed_at": NOON + timedelta(seconds=2),
        "approved_by": ("policy",),
        "fence": "ordered",
        "fence_proof": (),
        "timeline": 2,
        "previous_timeline": 1,
        "promotion_lsn": 1000,
        "changes": (),
        "skipped": (),
        "findings": (),
        "last_orders": (),
        "lost": None,
        "resumed": (),
        "held_back": (),
        **times,
    }
    return IntegrationsResumed.model_validate(known | facts)


def closed(**facts: Any) -> FailoverClosed:
    """What the last step of a failover says."""
    known: dict[str, Any] = {
        **dict(resumed()),
        "segments": (),
        "took": "PT8S",
        "rto": "PT1H",
        "rto_met": True,
        "rpo": "PT15M",
        "rpo_met": True,
        "lost_bytes": 0,
        "lost_transactions": 0,
        "lost_seconds": 0.0,
    }
    return FailoverClosed.model_validate(known | facts)


def test_the_parts_of_the_recovery_time_are_all_of_it() -> None:
    parts = list(segments(resumed()))

    assert [part.name for part in parts] == [
        *("detection", "assessment", "approval", "fence"),
        *("promote", "remap", "verify", "resume"),
    ]
    assert sum((part.took for part in parts), timedelta(0)) == timedelta(seconds=8)


def test_what_was_lost_is_exact_where_the_old_side_was_fenced() -> None:
    unknown = measured(resumed(loss=None))
    expected = measured(resumed())
    nothing = measured(resumed(fence="proven", fenced_lsn=1000))
    some = measured(resumed(fence="proven", fenced_lsn=1064))

    assert unknown is None
    assert expected == LOSS
    assert nothing is not None
    assert (nothing.bytes, nothing.seconds) == (0, 0.0)
    assert some is not None
    assert (some.bytes, some.seconds) == (64, 1.5)
