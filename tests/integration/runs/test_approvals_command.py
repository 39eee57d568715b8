"""``signalbox approvals`` from its command line down."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from shared.runs.deciding import OtherPlan
from signalbox.approvals import app
from signalbox.errors import Unusable
from tests.integration.runs.conftest import Engine
from tests.integration.runs.market import Market


@dataclass
class Desk:
    """A market, and a terminal to decide from."""

    market: Market
    bus: str

    def type(self, *words: str) -> Result:
        session = SimpleNamespace(
            ledger=lambda: nullcontext(self.market.engine.ledger),
            settings=SimpleNamespace(bus=self.bus),
        )
        return CliRunner().invoke(app, words, obj=lambda: session)

    def says(self, *words: str) -> str:
        answer = self.type(*words)
        assert answer.exit_code == 0, answer.output or answer.exception
        return answer.output

    def raises(self, *words: str) -> Any:
        return self.type(*words).exception


@pytest.fixture
def desk(engine: Engine, broker: Any) -> Desk:
    return Desk(Market(engine), broker.connection_string)


def test_two_people_read_the_plan_and_approve_it_by_its_hash(desk):
    run = desk.market.open()
    [listed] = json.loads(desk.says("list", "--status", "waiting", "--json"))
    shown = desk.says("show", listed["id"])
    assert "Sell" in shown
    assert "crates: 1" in shown
    assert f"--plan {listed['plan_sha256'][:8]}" in shown
    decide = ("approve", listed["id"], "--plan", listed["plan_sha256"][:8])

    first = desk.says(*decide, "--as", "Bob")
    second = desk.says(*decide, "--as", "Cem", "--reason", "read it")

    assert "1 approval more needed" in first
    assert "the run goes on" in second
    assert "the bus will be told later" in second  # the broker has no topic of this runbook
    assert desk.market.engine.ledger.counts().unsent > 0
    [approval] = desk.market.record(run)["approvals"]
    assert [d["person"] for d in approval["decisions"]] == ["Bob", "Cem"]


def test_a_decision_without_a_terminal_must_state_the_plan_and_the_right_one(desk):
    desk.market.open()
    id = desk.market.waiting().id

    unstated = desk.raises("approve", id, "--as", "Bob")
    wrong = desk.raises("approve", id, "--as", "Bob", "--plan", "deadbeef")

    assert isinstance(unstated, Unusable)
    assert "approvals show" in str(unstated)
    assert isinstance(wrong, OtherPlan)


def test_a_rejection_and_a_broken_glass_are_seen_afterwards(desk):
    run = desk.market.open()
    asked = desk.market.waiting()
    plan = ("--plan", asked.plan_sha256)
    desk.says("reject", asked.id, *plan, "--as", "Bob", "--reason", "wet crates")
    assert desk.market.engine.status(run) == "undoing"
    desk.market.open(id="e-2")
    other = desk.market.waiting()
    why = ("--break-glass", "--reason", "alone at night")
    desk.says("approve", other.id, "--plan", other.plan_sha256, "--as", "Dee", *why)

    desk.says("review", other.id, "--as", "Ann", "--reason", "justified")

    assert "reject by Bob: wet crates" in desk.says("show", asked.id)
    shown = desk.says("show", other.id)
    assert "approved under a broken glass" in shown
    assert "review by Ann: justified" in shown
    assert "rejected" in desk.says("list")
