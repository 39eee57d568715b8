"""What testimonies come to: a table of who says what."""

import pytest

from functions.failover.witnesses import planned, verdict
from shared.messages import failover

WITNESSES = ("database", "stream", "application", "kubernetes", "azure")
SAYS = {"+": "healthy", "-": "down", "?": "unknown"}


def said(signs: str) -> list[failover.Testimony]:
    return [
        failover.Testimony(witness=name, says=SAYS[sign], why="")  # type: ignore[arg-type]
        for name, sign in zip(WITNESSES, signs, strict=True)
    ]


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ("-----", "confirmed"),
        ("---+?", "confirmed"),
        ("--?+?", "confirmed"),
        ("--+-?", "confirmed"),
        ("-?-+-", "confirmed"),
        ("+----", "not-confirmed"),
        ("+++++", "not-confirmed"),
        ("?----", "split"),
        ("-+---", "split"),
        ("--???", "split"),
        ("-??-?", "split"),
        ("-?+--", "confirmed"),
        ("--++?", "split"),
        ("-????", "split"),
    ],
)
def test_a_database_is_down_only_by_a_majority_that_nobody_near_it_contradicts(
    signs: str, expected: str
) -> None:
    found, why = verdict(said(signs))

    assert found == expected
    assert why


def test_a_switchover_needs_both_sides_well() -> None:
    assert planned(said("++?+?"))[0] == "planned"
    assert planned(said("+-?+?"))[0] == "not-confirmed"
    assert "database" in planned(said("?+?+?"))[1]
