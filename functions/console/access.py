"""What a caller may do, checked before a handler runs; and that a form came from our own page."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form, HTTPException, Request

from functions.console.desk import At, Desk
from shared.identity import Caller, Role
from shared.limits import address

CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class NotSignedIn(HTTPException):
    """Nobody knows who is asking."""

    def __init__(self) -> None:
        super().__init__(
            401,
            "Sign in, or send the key in the header x-functions-key.",
            headers={"WWW-Authenticate": "Bearer"},
        )


class NotAllowed(HTTPException):
    """We know who is asking, and they may not."""

    def __init__(self, caller: Caller, role: Role) -> None:
        super().__init__(403, f"This takes the role {role}; {caller.name} does not have it.")


class TooMany(HTTPException):
    """One caller asks more often than the deployment allows."""

    def __init__(self) -> None:
        super().__init__(429, "Too many requests: wait a minute.", headers={"Retry-After": "60"})


class ForeignForm(HTTPException):
    """The request was made by another site's page, or the form is older than its sign-in."""

    def __init__(self) -> None:
        super().__init__(403, "This form did not come from our own page: load the page again.")


def known(request: Request, desk: At) -> Caller:
    """Who is asking, once per request: it counts towards what one caller may ask."""
    if request.method in CHANGES:
        refuse_other_sites(request)
    caller = desk.identify(request.headers)
    if not desk.limit.admits(caller.name if caller else address(request.headers)):
        raise TooMany
    if caller is None:
        raise NotSignedIn
    return caller


def needs(role: Role) -> Callable[[Caller], Caller]:
    """A dependency that lets only callers with a role pass, and returns who it is."""

    def admit(caller: Annotated[Caller, Depends(known)]) -> Caller:
        if not caller.may(role):
            raise NotAllowed(caller, role)
        return caller

    return admit


READ = Depends(needs(Role.READER))
OPERATE = Depends(needs(Role.OPERATOR))
APPROVE = Depends(needs(Role.APPROVER))

Reader = Annotated[Caller, READ]
Operator = Annotated[Caller, OPERATE]
Approver = Annotated[Caller, APPROVE]


def refuse_other_sites(request: Request) -> None:
    """Browsers say which site's page a request comes from; programs say nothing, and may.

    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign:
        raise ForeignForm


def form_token(desk: Desk, caller: Caller) -> str:
    """What a caller's forms carry: only who could read our page as this caller knows it."""
    return hmac.new(desk.forms_key, caller.name.encode(), hashlib.sha256).hexdigest()


def sent_by(role: Role) -> Callable[[Desk, Caller, str], Caller]:
    """A dependency that lets forms of our own page pass, sent by callers with a role."""

    def admit(
        desk: At,
        caller: Annotated[Caller, Depends(needs(role))],
        token: Annotated[str, Form(max_length=64)],
    ) -> Caller:
        if not hmac.compare_digest(form_token(desk, caller).encode(), token.encode()):
            raise ForeignForm
        return caller

    return admit


FormOperator = Annotated[Caller, Depends(sent_by(Role.OPERATOR))]
FormApprover = Annotated[Caller, Depends(sent_by(Role.APPROVER))]
