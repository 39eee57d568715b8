"""What every handler of the console works on."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from shared.bus import Bus
from shared.estate import Estate
from shared.identity import Identify
from shared.ledger import Ledger
from shared.ledger.overview import Overview
from shared.limits import RateLimit
from shared.runs.approvals import Approvals
from shared.runs.intake import Intake
from shared.runs.outbox import Post


@dataclass(frozen=True)
class Desk:
    """Built once at the composition root; its connections are shared by all requests."""

    ledger: Ledger
    overview: Overview
    bus: Bus
    post: Post
    """Sends what a transaction has recorded."""
    estate: Estate
    intake: Intake
    approvals: Approvals
    identify: Identify
    """Who is asking, by the headers of the request."""
    limit: RateLimit
    forms_key: bytes
    """Signs the tokens of forms; the same in every process of a deployment."""
    sign_in_needed: bool = True
    """Whether the addressee of a signed link must have signed in as well."""


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


At = Annotated[Desk, Depends(desk_of)]
"""The desk, as a handler's parameter."""
