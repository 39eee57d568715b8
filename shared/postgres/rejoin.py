"""Rejoin: a server whose place was taken becomes a standby of the one that took it.

Who owns the server's files does the work (a hook beside plain PostgreSQL, an operator, a cloud).
Whether it is done is only ever judged by what the two servers say.
"""

import json
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from http.client import HTTPException
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from shared.errors import PermanentError, TemporaryError
from shared.postgres.fencing import administration
from shared.postgres.reach import Unreachable, reach
from shared.postgres.replication import Lag, NotAStandby, lag, primary_view, standby_view

_SECONDS = 15


class RejoinFailed(PermanentError):
    """The old primary cannot become a standby without a person; it stays fenced."""


class HookOutOfReach(TemporaryError):
    """Who would make the old primary a standby does not answer."""


class NotFencedYet(TemporaryError):
    """The old primary can still be written to: it is fenced before anything else."""


@dataclass(frozen=True)
class RejoinOrder:
    """Which server is to follow which, by their names in the estate."""

    server: str
    primary: str
    epoch: int
    run_id: str


@dataclass(frozen=True)
class RejoinPending:
    """Work goes on elsewhere: look again after a while."""

    why: str


@dataclass(frozen=True)
class Rejoined:
    """The old primary follows the new one, by the word of both."""

    timeline: int
    lag: Lag


class Rejoiner(Protocol):
    """One way to make a server a standby again."""

    def rejoin(self, order: RejoinOrder) -> RejoinPending | None:
        """Begin, or look how far it is; None when it says that it is done. Safe to repeat.

        At no moment in between may anybody be able to write to the server.

        Raises RejoinFailed, TemporaryError.
        """


def rejoined(server_dsn: str, primary_dsn: str) -> Rejoined | RejoinPending:
    """Whether one server streams from the other, on its timeline and within what it may lag.

    Raises NotFencedYet when the first one is a primary, Unreachable when the second is silent,
    NotAPair when it is a copy of something else.
    """
    try:
        with reach(administration(server_dsn)) as connection:
            standby = standby_view(connection)
    except Unreachable as silent:
        return RejoinPending(f"the old primary does not answer yet: {silent.silence}")
    except NotAStandby as leads:
        raise NotFencedYet(f"{leads}; it has not been made a standby") from None
    with reach(administration(primary_dsn)) as connection:
        primary = primary_view(connection)
    behind = lag(primary, standby)
    if not standby.streaming or standby.timeline != primary.timeline:
        return RejoinPending(
            f"the old primary is a standby on timeline {standby.timeline} of {primary.timeline} "
            f"and {'streams' if standby.streaming else 'does not stream yet'}"
        )
    return Rejoined(standby.timeline, behind)


class _Answer(BaseModel):
    """What a hook says."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    state: Literal["working", "done", "failed"]
    why: str = ""


class RejoinHook:
    """Asks a web address of the owner's to do it: beside plain PostgreSQL somebody has the files.

    The order is posted as JSON, again at each look, and answered with
    ``{"state": "working" | "done" | "failed", "why": "..."}``. The hook stops the server, runs
    ``pg_rewind`` or ``pg_basebackup``, and starts it as a standby, never otherwise.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def rejoin(self, order: RejoinOrder) -> RejoinPending | None:
        """Post the order and read the answer."""
        answer = self._ask(order)
        if answer.state == "failed":
            raise RejoinFailed(
                f"server {order.server} did not become a standby of {order.primary}: {answer.why}"
            )
        return None if answer.state == "done" else RejoinPending(answer.why or "in work")

    def _ask(self, order: RejoinOrder) -> _Answer:
        body, headers = json.dumps(asdict(order)).encode(), {"Content-Type": "application/json"}
        try:
            request = urllib.request.Request(self._url, body, headers, method="POST")
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:
                return _Answer.model_validate_json(response.read())
        except (OSError, ValueError, HTTPException) as error:
            # The address is a secret: it says who may do this. An error that it is none quotes it.
            raise HookOutOfReach(
                f"the hook that makes server {order.server} a standby again gave no answer that "
                f"counts: {_reason(error)}"
            ) from None


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"HTTP {error.code}"
    return type(error).__name__
