"""Deciding by the signed link of a notification: for one person, on one plan, once.

Whoever holds the link received it at the addressee's own address; where there is a sign-in, that
must agree. Only a form decides: programs that look at links to show a preview change nothing.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from functions.console.access import NotAllowed, NotSignedIn, TooMany, refuse_other_sites
from functions.console.desk import At, Desk
from functions.console.rendering import render
from shared.identity import Role
from shared.ledger.approvals import Approval
from shared.limits import address
from shared.notifying.links import LONGEST, LinkRefused, addressee, links_key
from shared.runs.deciding import Answer, UnknownApproval

router = APIRouter(prefix="/links/approvals/{id}", include_in_schema=False)

LinkToken = Annotated[str, Form(max_length=LONGEST)]


@router.get("")
def open_link(request: Request) -> Response:
    """A form for what stands behind ``#``; it knows nothing of any approval."""
    return render(request, "link.html")


@router.post("")
def show_plan(request: Request, id: str, desk: At, token: LinkToken) -> Response:
    """Everything that the addressee must see."""
    approval, person = _admit(request, desk, id, token)
    return _shown(request, desk, approval.id, person, token)


@router.post("/decision")
def decide(
    request: Request,
    id: str,
    desk: At,
    token: LinkToken,
    verdict: Annotated[Literal["approve", "reject"], Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Record the addressee's decision on exactly the plan that the link was signed for."""
    approval, person = _admit(request, desk, id, token)
    answer = Answer(person, approval.plan_sha256, reason.strip() or None)
    desk.approvals.decide_by_link(approval.id, verdict, answer)
    return _shown(request, desk, approval.id, person, token)


def _shown(request: Request, desk: Desk, id: str, person: str, token: str) -> Response:
    approval, decisions = desk.approvals.show(id)
    return render(
        request,
        "link_plan.html",
        approval=approval,
        decisions=decisions,
        decided=any(each.person.casefold() == person.casefold() for each in decisions),
        person=person,
        token=token,
        now=desk.ledger.clock(),
    )


def _admit(request: Request, desk: Desk, id: str, token: str) -> tuple[Approval, str]:
    """The approval, and who may decide on it by this link."""
    refuse_other_sites(request)
    if not desk.limit.admits(address(request.headers)):
        raise TooMany
    try:
        approval, _ = desk.approvals.show(id)
    except UnknownApproval:
        raise LinkRefused("The link leads to nothing that waits for approval.") from None
    person = addressee(
        links_key(desk.forms_key),
        token,
        approval=approval.id,
        plan_sha256=approval.plan_sha256,
        now=desk.ledger.clock(),
    )
    if person not in desk.estate.notifications.approvers:
        raise LinkRefused("The link was sent to somebody who may not decide any more.")
    if desk.sign_in_needed:
        _refuse_others(request, desk, person)
    return approval, person


def _refuse_others(request: Request, desk: Desk, person: str) -> None:
    caller = desk.identify(request.headers)
    if caller is None:
        raise NotSignedIn
    if not caller.may(Role.APPROVER):
        raise NotAllowed(caller, Role.APPROVER)
    if caller.name.casefold() != person.casefold():
        raise LinkRefused("The link was sent to somebody else: decide on the page of approvals.")
