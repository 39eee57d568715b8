"""A runbook whose second step asks people, and the people who answer."""

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from functions.upkeep import close_approvals
from shared.messages import CloudEvent, Command, Message
from shared.runs import Again, Run, Runbook, Runner, Step
from shared.runs.approvals import ApprovalPlan, Approvals, wait_for
from shared.runs.intake import Intake
from tests.integration.runs.conftest import EMPTY, LEASE, Arrived, Engine, Yard

MINUTE = timedelta(minutes=1)
PATIENT = 3
"""The lorry, and tier, of which people may think for longer than the step has time."""


class Inspected(Message):
    crates: int


class Sold(Message):
    to: str


def inspect(event: Arrived, *, run: Run, yard: Yard) -> Inspected:
    yard.do(run, "inspect")
    return Inspected(crates=int(event.lorry))


def put_back(event: Arrived, *, run: Run, yard: Yard) -> None:
    yard.do(run, "put back")


def sell(inspected: Inspected, *, run: Run, yard: Yard, approvals: Approvals) -> Sold | Again:
    """Sells only what people agreed to; lorry 1 is of tier 1."""
    patience = timedelta(days=1) if inspected.crates == PATIENT else 30 * MINUTE
    plan = ApprovalPlan(action="Sell", facts={"crates": inspected.crates, "looks": len(yard.done)})
    approval = approvals.ask(run, lambda: plan, tier=inspected.crates, expires_after=patience)
    if not approval.is_granted:
        yard.do(run, "look")
        return wait_for(approval)
    yard.do(run, "sell")
    return Sold(to=" and ".join(approval.approved_by))


MARKET = Runbook(
    name="market",
    on=Arrived,
    concerns=lambda event, _: (event.environment,),
    steps=(Step(inspect, undo=put_back), Step(sell, time_limit=timedelta(hours=2))),
)
ACTIONS = {action.subscription: action for action in MARKET.actions()}


class Market:
    """The engine with a runbook that asks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.yard = engine.yard
        self.approvals = Approvals(engine.ledger, engine.outbox.post)
        engine.intake = Intake((MARKET,), EMPTY)
        self.runner = Runner(
            engine.ledger, engine.outbox.post, self, beating=lambda _: nullcontext(), lease=LEASE
        )

    def open(self, *, tier: int = 1, by: str = "/manual/ann", id: str = "e-1") -> Any:
        """Let a lorry arrive, and its run come to where it waits; the run's id."""
        event = Arrived(environment=f"market-{id}", lorry=str(tier))
        said = CloudEvent.of(event, id=id, source=by, time=self.engine.now)
        self.engine.receive(said.model_dump_json().encode(), message_id=id)
        self.deliver_due()
        return self.engine.ledger.runs_of_event(by, id)[0]

    def deliver_due(self) -> None:
        """Deliver the commands that are due, and those that follow at once."""
        while due := [e for e in self.commands() if (e.scheduled_for or now(self)) <= now(self)]:
            for envelope in due:
                self.engine.bus.sent.remove(envelope)
                action = ACTIONS[envelope.subject]
                self.runner.deliver(action, Command.model_validate_json(envelope.body))

    def commands(self) -> list[Any]:
        return [envelope for envelope in self.engine.bus.sent if envelope.topic == "market"]

    def upkeep(self) -> None:
        close_approvals(self.engine.ledger, self.engine.runner)
        self.deliver_due()

    def waiting(self) -> Any:
        [found] = self.approvals.newest(status="waiting")
        return found

    def approve(self, person: str, **options: Any) -> Any:
        asked = self.approvals.newest()[0]
        plan = options.pop("plan", asked.plan_sha256[:8])
        found = self.approvals.approve(asked.id, plan=plan, person=person, **options)
        self.deliver_due()
        return found

    def reject(self, person: str, reason: str) -> Any:
        asked = self.waiting()
        self.approvals.reject(asked.id, plan=asked.plan_sha256, person=person, reason=reason)
        self.deliver_due()

    def said(self, kind: str) -> list[dict[str, Any]]:
        sent = [e for e in self.engine.bus.sent if e.subject == kind]
        return [json.loads(envelope.body)["data"] for envelope in sent]

    def record(self, run: Any) -> dict[str, Any]:
        record = self.engine.ledger.run_record(run)
        assert record is not None
        return record


def now(market: Market) -> Any:
    return market.engine.now
