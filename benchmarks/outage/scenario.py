"""What happens: the failover's own table of steps, and how long each of them is taken to last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Protocol, get_args, get_type_hints

from functions.failover import RUNBOOK
from functions.failover.promote_standby import LONGEST, LOOK
from functions.failover.redirect_traffic import LOOK as LOOK_AT_WORKLOADS
from shared.estate import Environment, Estate
from shared.messages import Message
from shared.messages.failover import ExpectedLoss, FailoverClosed, Segment
from shared.runs import Again, Run, Runbook, Step

START = datetime(2026, 1, 1, 3, tzinfo=UTC)
SHARES = ((1, 10), (2, 30), (3, 60))
"""Per cent of the environments in each tier."""


AT_WITNESSES = Again(timedelta(seconds=7.5))
AT_PROMOTION = Again(LOOK, at_most=LONGEST)
AT_WORKLOADS = Again(LOOK_AT_WORKLOADS, at_most=LONGEST)


@dataclass(frozen=True)
class Lasts:
    """Seconds that a step is taken to last. Assumed, as no failover has run on Azure yet."""

    works: float
    """Within each call: for so long a place of an instance is taken."""
    waits: float = 0
    """Until what it started is done; meanwhile it looks now and then."""
    asks: int = 0
    """How often a call asks the ledger whether it may still act."""
    look: Again = AT_WITNESSES


LASTS: Mapping[str, Lasts] = {
    "assess_region": Lasts(works=3, waits=30),  # witnesses time out; the default hold-down
    "approve_failover": Lasts(works=0.1),  # by policy
    "fence_primary": Lasts(works=5, asks=1),  # nobody answers, an order stands
    "promote_standby": Lasts(works=1, waits=20, asks=1, look=AT_PROMOTION),
    "redirect_traffic": Lasts(works=2, waits=20, asks=1, look=AT_WORKLOADS),
    "verify_failover": Lasts(works=10),
    "resume_integrations": Lasts(works=1, waits=5, asks=1, look=AT_WORKLOADS),
    "close_failover": Lasts(works=0.1),
}

FACTS = FailoverClosed(
    active="production",
    standby="standby",
    verdict="confirmed",
    testimonies=(),
    primary_reachable=False,
    loss=ExpectedLoss(bytes=4096, seconds=1.5, transactions=12, known_at=START),
    degraded_at=START,
    suspected_at=START,
    assessed_at=START,
    approved_by=("policy",),
    approved_at=START,
    fence="ordered",
    fence_proof=("the server does not answer; an order stands",),
    fenced_at=START,
    timeline=2,
    previous_timeline=1,
    promotion_lsn=50331648,
    promoted_at=START,
    changes=(),
    skipped=(),
    redirected_at=START,
    findings=(),
    last_orders=(),
    lost=None,
    verified_at=START,
    resumed=("payments", "carriers"),
    held_back=(),
    resumed_at=START,
    segments=(Segment(name="promotion", took=timedelta(minutes=1)),),
    took=timedelta(minutes=4),
    rto=timedelta(hours=1),
    rto_met=True,
    rpo=timedelta(minutes=15),
    rpo_met=None,
    lost_bytes=None,
    lost_transactions=None,
    lost_seconds=None,
)
"""Everything that the steps hand on."""


class Work(Protocol):
    """The resource of the simulated steps."""

    def takes(self, seconds: float) -> datetime:
        """Let that much time pass; returns what time it is then."""


def simulated(runbook: Runbook = RUNBOOK) -> Runbook:
    """The runbook with its own names, order, attempts and limits, whose steps only take time."""
    return replace(runbook, steps=tuple(_simulated(step) for step in runbook.steps))


def _simulated(step: Step) -> Step:
    lasts, hints = LASTS[step.name], get_type_hints(step.handler)
    given, returned = next(iter(hints.values())), hints["return"]
    kind = (get_args(returned) or (returned,))[0]
    said: Message = kind.model_validate(FACTS.model_dump())

    def handler(_given: Message, *, run: Run, work: Work) -> Message | Again:
        for _ in range(lasts.asks):
            run.still_mine()
        now = work.takes(lasts.works)
        done_at = datetime.fromisoformat(
            run.checkpoint.get("done_at") or (now + timedelta(seconds=lasts.waits)).isoformat()
        )
        if now < done_at:
            return replace(lasts.look, checkpoint={"done_at": done_at.isoformat()})
        return said

    handler.__name__ = step.name
    handler.__annotations__ = {"_given": given, "run": Run, "work": Work, "return": returned}
    return replace(step, handler=handler)


def estate(environments: int) -> Estate:
    """So many productions, each with its standby, as far as accepting an event looks at them."""
    make: Any = Environment.model_construct
    tiers = [tier for tier, share in SHARES for _ in range(-(-environments * share // 100))]
    found = []
    for number, tier in enumerate(tiers[:environments]):
        name = f"erp-{number:06}"
        found.append(make(name=name, tier=tier, standby_of=None))
        found.append(make(name=f"{name}-standby", tier=tier, standby_of=name))
    return _estate_of(found)


def leveled(estate: Estate) -> Estate:
    """The same without tiers, as if nothing were more urgent than anything else."""
    alike = (each.model_copy(update={"tier": 2}) for each in estate.environments)
    return _estate_of(alike)


def _estate_of(environments: Iterable[Environment]) -> Estate:
    make: Any = Estate.model_construct
    found: Estate = make(environments=tuple(environments))
    return found


def in_some_order(estate: Estate) -> list[str]:
    """The productions, in the order in which their events arrive."""
    names = [each.name for each in estate.environments if each.standby_of is None]
    Random(1).shuffle(names)
    return names
