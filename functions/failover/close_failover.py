"""Say how long it took and what was lost, against what was promised."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from functions.failover.debts import owe
from functions.failover.sides import pair_of
from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.ledger import Pair, Placements
from shared.ledger.debts import Debts
from shared.messages.failover import ExpectedLoss, FailoverClosed, IntegrationsResumed, Segment
from shared.runs import Run
from shared.takeover import Takeover


class LeftToDo(PermanentError):
    """The new primary serves, but not everything works: a person has to look."""


def close_failover(
    resumed: IntegrationsResumed,
    *,
    run: Run,
    estate: Estate,
    placements: Placements,
    takeover: Takeover,
    debts: Debts,
) -> FailoverClosed:
    """Split the recovery time into its parts, state the loss, judge both; keep it as evidence.

    Safe to repeat: everything is computed from facts.

    Raises LeftToDo when a check failed, an integration was held back or users could not be led
    there: orders flow, and the run is no success.
    """
    pair = pair_of(resumed, run, estate)
    if left := [*resumed.not_led, *_failed_checks(resumed), *resumed.held_back]:
        raise LeftToDo(
            f"{pair.standby.name} serves {pair.production.name}. What is left to do: "
            f"{'; '.join(left)}. Mend it, then publish region-degraded again, with another id"
        )
    placements.finish(
        run.environment,
        epoch=run.epoch,
        standby_state="fenced" if resumed.fence == "proven" else "absent",
    )
    took = resumed.resumed_at - resumed.degraded_at
    loss = measured(resumed)
    lost_seconds = loss.seconds if loss else None
    return resumed.become(
        FailoverClosed,
        segments=tuple(segments(resumed)),
        took=took,
        lost_bytes=loss.bytes if loss else None,
        lost_transactions=loss.transactions if loss else None,
        lost_seconds=lost_seconds,
        debts=tuple(_owed(pair, run, takeover, debts)),
        **against_objectives(pair.production, took, lost_seconds),
    )


def against_objectives(
    production: Environment, took: timedelta, lost_seconds: float | None
) -> dict[str, Any]:
    """The facts ``rto`` and ``rpo``, and whether each is met."""
    rto, rpo = production.rto, production.rpo
    rpo_met = None if lost_seconds is None else timedelta(seconds=lost_seconds) <= rpo
    return {"rto": rto, "rto_met": took <= rto, "rpo": rpo, "rpo_met": rpo_met}


def measured(resumed: IntegrationsResumed) -> ExpectedLoss | None:
    """What was lost: exactly, where the old side could be fenced, else at most what was expected.

    The two histories part at the promotion; everything the fenced side had behind that is lost.
    """
    loss = resumed.loss
    if resumed.fenced_lsn is None:
        return loss
    gone = max(0, resumed.fenced_lsn - resumed.promotion_lsn)
    if gone == 0:
        return ExpectedLoss(bytes=0, seconds=0.0, transactions=0, known_at=resumed.fenced_at)
    return loss.model_copy(update={"bytes": gone}) if loss else None


def segments(resumed: IntegrationsResumed) -> Iterator[Segment]:
    """The parts of the recovery time, in order; together they are all of it."""
    moments = (
        ("", resumed.degraded_at),
        ("detection", resumed.suspected_at),
        ("assessment", resumed.assessed_at),
        ("approval", resumed.approved_at),
        ("fence", resumed.fenced_at),
        ("promote", resumed.promoted_at),
        ("remap", resumed.redirected_at),
        ("verify", resumed.verified_at),
        ("resume", resumed.resumed_at),
    )
    for (_, began), (name, ended) in pairwise(moments):
        yield Segment(name=name, took=ended - began)


def _owed(pair: Pair, run: Run, takeover: Takeover, debts: Debts) -> Iterator[str]:
    """What the cloud did not carry over to the promoted server, and how each is repaired."""
    server = pair.standby.database.server
    if unknown := owe(pair, run, takeover, debts):
        yield unknown
    for debt in debts.open(run.environment):
        if debt.server == server:
            yield f"{debt.what}: {debt.repair}"


def _failed_checks(resumed: IntegrationsResumed) -> Iterator[str]:
    for finding in resumed.findings:
        if not finding.passed:
            yield f"{finding.check}: {finding.detail}"
