"""Deciding on what steps ask: one transaction each, so that two people cannot both be the last."""

from dataclasses import dataclass
from typing import Any

import structlog

from shared.errors import PermanentError
from shared.evidence.spelling import digest_of
from shared.ledger import Ledger, StepRecord, Transaction
from shared.ledger import approvals as rows
from shared.ledger.approvals import Approval
from shared.messages.announcements import ApprovalDecided, ApprovalEscalated, BreakGlassUsed
from shared.runs.attempts import wake
from shared.runs.commands import announce
from shared.runs.undoing import fail_step

log = structlog.get_logger()

SHORTEST_HASH = 8
"""Digits of the plan's hash that a decision must state at least."""

MANUAL = "/manual/"
"""Sources of events that a person published; the person's name follows."""


class DecisionRefused(PermanentError):
    """The decision was not recorded; nothing has changed."""


class UnknownApproval(DecisionRefused):
    """There is no approval of this id."""


class ApprovalOver(DecisionRefused):
    """The approval was decided, has expired, or its step does not wait for it any more."""


class OtherPlan(DecisionRefused):
    """The decision is about another plan than the one that waits."""


class LinkUsed(DecisionRefused):
    """A signed link is for one decision of one person, who has made it."""


class NotFourEyes(DecisionRefused):
    """This person's approval does not count towards the two that are needed."""


class ReasonMissing(DecisionRefused):
    """A rejection, a broken glass and a review state their reason."""


class NobodyDecides(DecisionRefused):
    """A decision is a person's: it states a name."""


class PlanTampered(PermanentError):
    """The plan in the ledger is not the one that was shown: somebody changed it."""


@dataclass(frozen=True)
class Answer:
    """Who said something about which plan, and why."""

    person: str
    plan: str
    """The beginning of the plan's SHA-256."""
    reason: str | None
    by_link: bool = False
    """By the signed link in a notification, which is for one decision."""


def known(tx: Transaction, id: str) -> Approval:
    found = rows.approval(tx, id)
    if found is None:
        raise UnknownApproval(f"there is no approval {id!r}: `signalbox approvals list` shows them")
    return found


def approve(tx: Transaction, id: str, given: Answer) -> Approval:
    """Count one person's approval; the last one that is needed wakes the step."""
    step, found = _open(tx, id, given)
    _refuse_same_eyes(found, given.person)
    rows.insert_decision(tx, found, "approve", given.person.strip(), given.reason)
    _audit(tx, step, "approval_given", found, given)
    if found.missing > 1:
        _say_decided(tx, step, known(tx, id), given)
        return known(tx, id)
    return _grant(tx, step, found, given, break_glass=False)


def break_glass(tx: Transaction, id: str, given: Answer) -> Approval:
    """Let one person's approval be enough, loudly."""
    _need_reason(given.reason, "a broken glass")
    step, found = _open(tx, id, given)
    rows.insert_decision(tx, found, "break-glass", given.person.strip(), given.reason)
    _audit(tx, step, "break_glass_used", found, given)
    facts = {"step": step.name, "approval": id, "person": given.person, "reason": given.reason}
    announce(tx, BreakGlassUsed, step.run, f"{id}:{BreakGlassUsed.type}", **facts)
    log.warning("break_glass_used", approval=id, run=str(step.run_id), person=given.person)
    return _grant(tx, step, found, given, break_glass=True)


def reject(tx: Transaction, id: str, given: Answer) -> Approval:
    """Fail the step at once; one person is enough to say no."""
    _need_reason(given.reason, "a rejection")
    step, found = _open(tx, id, given)
    rows.insert_decision(tx, found, "reject", given.person.strip(), given.reason)
    rows.settle_approval(tx, id, "rejected")
    _audit(tx, step, "approval_rejected", found, given)
    rejected = known(tx, id)
    _say_decided(tx, step, rejected, given)
    fail_step(tx, step, f"ApprovalRejected: {given.person} rejected {id}: {given.reason}")
    return rejected


def review(tx: Transaction, id: str, person: str, reason: str) -> Approval:
    """Record what another person thinks, afterwards, of an approval under a broken glass."""
    found = known(tx, id)
    _need_reason(reason, "a review")
    _need_name(person)
    if not found.break_glass:
        raise ApprovalOver(f"approval {id} was not given under a broken glass: nothing to review")
    if any(_same(person, each) for each in found.approved_by):
        raise NotFourEyes(f"{person} broke the glass: another person reviews it")
    rows.insert_decision(tx, found, "review", person.strip(), reason)
    return found


def expire(tx: Transaction, step: StepRecord, found: Approval) -> Approval:
    """Close an approval whose time is over, and fail the step that waits for it."""
    rows.settle_approval(tx, found.id, "expired", break_glass=found.break_glass)
    expired = known(tx, found.id)
    reason = end_of(expired)
    tx.audit(step.run_id, "approval_expired", step=step.name, approval=found.id, reason=reason)
    _say(tx, step, expired, "expired", reason=reason)
    fail_step(tx, step, f"ApprovalExpired: {reason}")
    return expired


def overdue(ledger: Ledger) -> list[str]:
    """The approvals whose time is over although no step has used them."""
    with ledger.transaction() as tx:
        return rows.expired_approvals(tx)


def expire_overdue(tx: Transaction, id: str) -> None:
    """Expire an approval unless that, or a decision that was used, came first."""
    step, found = _locked(tx, id)
    if found.status in ("waiting", "approved") and is_over(tx, found):
        expire(tx, step, found)


def escalate(tx: Transaction) -> None:
    """Say, once, of every approval that waits too long, that it will expire."""
    for id in rows.escalate_approvals(tx):
        step, found = _locked(tx, id)
        tx.audit(step.run_id, "approval_escalated", step=step.name, approval=id)
        announce(
            tx,
            ApprovalEscalated,
            step.run,
            f"{id}:escalated",
            approval=id,
            step=step.name,
            action=found.plan["action"],
            missing=found.missing,
            expires_at=found.expires_at,
        )


def is_over(tx: Transaction, found: Approval) -> bool:
    """Whether the time is over in which the approval can be given and used."""
    return found.taken_at is None and found.expires_at <= tx.now


def end_of(found: Approval) -> str:
    """How an approval ended, in a sentence."""
    by = " and ".join(found.approved_by) or "nobody"
    match found.status:
        case "approved":
            return f"approval {found.id} was given by {by}"
        case "expired":
            return (
                f"approval {found.id} expired at {found.expires_at:%F %T} UTC; {by} had approved, "
                f"{found.needed} needed: publish the event again, with another id, to ask anew"
            )
        case "withdrawn":
            return f"approval {found.id} is closed: its step has ended without it"
        case _:
            return f"approval {found.id} was {found.status}"


def refuse_tampered(found: Approval) -> None:
    """Raise PlanTampered when the plan is not what its hash says."""
    if digest_of(found.plan) != found.plan_sha256:
        raise PlanTampered(
            f"the plan of approval {found.id} was changed after it was shown: look into the "
            "ledger's own log, and publish the event again"
        )


def _locked(tx: Transaction, id: str) -> tuple[StepRecord, Approval]:
    """The step, locked, and then its approval: everyone who decides takes this way."""
    found = known(tx, id)
    step = tx.lock_step(found.run_id, found.step)
    assert step is not None, id
    return step, known(tx, id)


def _open(tx: Transaction, id: str, given: Answer) -> tuple[StepRecord, Approval]:
    _need_name(given.person)
    step, found = _locked(tx, id)
    if given.by_link:
        _refuse_used_link(tx, id, given.person)
    if found.status != "waiting":
        raise ApprovalOver(f"{end_of(found)}; nothing was recorded")
    if is_over(tx, found):
        raise ApprovalOver(
            f"approval {id} expired at {found.expires_at:%F %T} UTC and cannot be decided any "
            "more: publish the event again, with another id, to ask anew"
        )
    _refuse_other_plan(found, given.plan)
    refuse_tampered(found)
    return step, found


def _refuse_other_plan(found: Approval, stated: str) -> None:
    if len(stated) < SHORTEST_HASH or not found.plan_sha256.startswith(stated.lower()):
        raise OtherPlan(
            f"approval {found.id} is about plan {found.plan_sha256[:12]}, and {stated!r} is not "
            f"the beginning of that (at least {SHORTEST_HASH} digits): read "
            f"`signalbox approvals show {found.id}` first"
        )


def _refuse_used_link(tx: Transaction, id: str, person: str) -> None:
    if any(_same(person, each.person) for each in rows.decisions(tx, id)):
        raise LinkUsed(f"{person} has decided on {id} already: a link is for one decision")


def _refuse_same_eyes(found: Approval, person: str) -> None:
    if any(_same(person, each) for each in found.approved_by):
        raise NotFourEyes(f"{person} has approved {found.id} already: another person must")
    asked = found.requested_by.removeprefix(MANUAL)
    if found.needed > 1 and found.requested_by.startswith(MANUAL) and _same(person, asked):
        raise NotFourEyes(
            f"{person} asked for this run: for tier {found.tier} {found.needed} other people must "
            "approve. Alone only with --break-glass and a reason, which is announced and reviewed"
        )


def _grant(
    tx: Transaction, step: StepRecord, found: Approval, given: Answer, *, break_glass: bool
) -> Approval:
    rows.settle_approval(tx, found.id, "approved", break_glass=break_glass)
    granted = known(tx, found.id)
    _say_decided(tx, step, granted, given)
    wake(tx, step, found.id)
    return granted


def _say_decided(tx: Transaction, step: StepRecord, found: Approval, given: Answer) -> None:
    id = f"{found.status}:{len(found.approved_by)}"
    _say(tx, step, found, id, person=given.person.strip(), reason=given.reason)


def _say(tx: Transaction, step: StepRecord, found: Approval, id: str, **facts: Any) -> None:
    announce(
        tx,
        ApprovalDecided,
        step.run,
        f"{found.id}:{id}",
        approval=found.id,
        step=step.name,
        status=found.status,
        missing=found.missing,
        **facts,
    )


def _audit(tx: Transaction, step: StepRecord, what: str, found: Approval, given: Answer) -> None:
    facts: dict[str, Any] = {"person": given.person.strip(), "reason": given.reason}
    facts |= {"by_link": True} if given.by_link else {}
    plan = {"approval": found.id, "plan_sha256": found.plan_sha256}
    tx.audit(step.run_id, what, step=step.name, **plan, **facts)


def _need_reason(reason: str | None, what: str) -> None:
    if not (reason and reason.strip()):
        raise ReasonMissing(f"{what} needs a reason: state it, it becomes part of the evidence")


def _need_name(person: str) -> None:
    if not person.strip():
        raise NobodyDecides("a decision needs the name of the person who makes it")


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
