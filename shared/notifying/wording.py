"""An announcement in a few words that anybody may read: no secret, and no person's name."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import StepError
from shared.messages import CloudEvent
from shared.messages.announcements import (
    ApprovalDecided,
    ApprovalEscalated,
    ApprovalRequested,
    BreakGlassUsed,
    CertificateNotSeen,
    DebtsOwed,
    DrillDue,
    EnvironmentExpiring,
    LagEscalated,
    MessageParked,
    RemovalOwed,
    RunFailed,
    RunOverdue,
    RunStarted,
    RunSucceeded,
    RunSuperseded,
)

LONGEST = 300
"""Characters of what is quoted."""

QUOTING_PEOPLE = frozenset({"ApprovalRejected", "ApprovalExpired"})
"""Errors whose message names people, or is what one wrote."""

CAUSE = re.compile(r"(?P<step>[a-z][a-z0-9_]*: )?(?P<error>[A-Z]\w+(?=:))?(?P<rest>.*)", re.DOTALL)
"""A run's reason: the step, the error's name, its message."""

CANCELLED = "cancelled by"
ENGINES_WORDS = ("not done within its time limit", "attempt ")
"""How a step ends that raised nothing."""

ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
"""An e-mail address, or what stands before the host of a URL."""


@dataclass(frozen=True)
class Notice:
    """What a person is told."""

    id: str
    """That of the announcement: who got it twice can tell."""
    type: str
    at: str
    environment: str | None
    title: str
    what: str
    why: str | None
    path: str
    """The page about it, on the console."""


Words = tuple[str, str, str | None, str]
"""Title, what, why, path."""


def notice(event: CloudEvent) -> Notice:
    """An announcement that people are told of, in words. Raises KeyError for any other."""
    title, what, why, path = WORDS[event.type](event.data)
    return Notice(
        id=event.id,
        type=event.type,
        at=f"{event.time:%F %T} UTC" if event.time else "",
        environment=event.subject,
        title=title,
        what=_plain(what),
        why=_plain(why) if why else None,
        path=path,
    )


def _plain(text: str) -> str:
    """The first line, without addresses; no longer than people read."""
    line = ADDRESS.sub("(address)", text.strip().partition("\n")[0])
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def cause(reason: str) -> str:
    """Why a run failed: in full from our own errors, which quote no data; of others their name.

    >>> cause("copy_rows: UniqueViolation: Key (phone)=(+49 30 1234) already exists")
    'copy_rows: UniqueViolation'
    >>> cause("copy_rows: cancelled by Ann: Jane Doe asked for it")
    'copy_rows: cancelled by a person'
    """
    found = CAUSE.fullmatch(reason)
    assert found is not None, "it matches any text"
    step, error, rest = found.group("step") or "", found["error"], found["rest"]
    if error:
        quoted = rest if error in _own_errors(StepError) - QUOTING_PEOPLE else ""
        return f"{step}{error}{quoted}"
    if rest.startswith(CANCELLED):
        return f"{step}{CANCELLED} a person"
    return f"{step}{rest if rest.startswith(ENGINES_WORDS) else 'see the page'}"


def _own_errors(kind: type[Exception]) -> set[str]:
    found = {kind.__name__}
    return found.union(*(_own_errors(each) for each in kind.__subclasses__()))


def _of(data: Mapping[str, Any]) -> str:
    return f"{data['runbook']} of {data['environment']}"


def _page(data: Mapping[str, Any]) -> str:
    return f"/runs/{data['run']}"


def _approval(data: Mapping[str, Any]) -> str:
    return f"/approvals/{data['approval']}"


def _people(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}"


def _started(data: Mapping[str, Any]) -> Words:
    if data["runbook"] == "lag":
        what = "Its standby is further behind than it may be; the load is being eased."
        return f"Lag of {data['environment']}", what, None, _page(data)
    return f"Started: {_of(data)}", "The run has begun.", None, _page(data)


def _failed(data: Mapping[str, Any]) -> Words:
    left = ", ".join(data.get("left_behind", ()))
    what = "What it did is undone; the environment is as it was."
    if left:
        what = f"A person has to look: undoing {left} failed too."
    return f"Failed: {_of(data)}", what, cause(data["reason"]), _page(data)


def _succeeded(data: Mapping[str, Any]) -> Words:
    what = "The failover is closed." if data["runbook"] == "failover" else "The run is over."
    return f"Succeeded: {_of(data)}", what, None, _page(data)


def _superseded(data: Mapping[str, Any]) -> Words:
    return f"Superseded: {_of(data)}", "A more urgent run took over.", None, _page(data)


def _overdue(data: Mapping[str, Any]) -> Words:
    what = f"It takes longer than expected; it is at {data['step']}."
    return f"Overdue: {_of(data)}", what, None, _page(data)


def _requested(data: Mapping[str, Any]) -> Words:
    why = f"{_people(data['needed'])} must approve by {_time(data['expires_at'])}."
    return f"Approval needed: {_of(data)}", data["action"], why, _approval(data)


def _escalated(data: Mapping[str, Any]) -> Words:
    why = (
        f"It still needs {_people(data['missing'])}; at {_time(data['expires_at'])} it counts as a"
        " no, and the run fails."
    )
    return f"Approval still waits: {_of(data)}", data["action"], why, _approval(data)


def _decided(data: Mapping[str, Any]) -> Words:
    missing = data.get("missing", 0)
    what = f"The approval is {data['status']}."
    if data["status"] == "waiting":
        what = f"One approval was given; it still needs {_people(missing)}."
    return f"Decision: {_of(data)}", what, None, _approval(data)


def _broken_glass(data: Mapping[str, Any]) -> Words:
    what = "One person approved alone what needs more people."
    why = "Somebody else must review it."
    return f"Break-glass used: {_of(data)}", what, why, _approval(data)


def _parked(data: Mapping[str, Any]) -> Words:
    what = f"A message on {data['topic']} can never be handled as it is."
    return "A message was parked", what, data["reason"], "/parked"


def _lag(data: Mapping[str, Any]) -> Words:
    what = (
        f"{data['standby']} is {data['seconds']:.0f} s behind; {data['rpo_seconds']:.0f} s may be"
        " lost. Easing the load did not help."
    )
    return f"Lag of {data['environment']} escalated", what, data["outlook"], _page(data)


def _drill(data: Mapping[str, Any]) -> Words:
    what = f"Its failover is to be rehearsed every {data['every_days']} days."
    last = data["last_at"]
    why = f"The last drill that passed was {_time(last)}." if last else "No drill has passed yet."
    return f"Drill due: {data['environment']}", what, why, "/drills"


def _owed(data: Mapping[str, Any]) -> Words:
    what = f"Since the promotion {data['server']} lacks what the server before it had."
    return f"Debts of {data['environment']}", what, "; ".join(data["debts"]), "/"


def _expiring(data: Mapping[str, Any]) -> Words:
    name = data["environment"]
    what = f"{name} is removed at {_time(data['expires_at'])}, with all that is in it."
    why = f"Nobody has to do anything; to keep it: signalbox environment extend {name} --for 3d"
    return f"Ends soon: {name}", what, why, "/environments"


def _removal(data: Mapping[str, Any]) -> Words:
    what = f"It is to go and is still there: {data['outlook']}."
    return f"Still there: {data['environment']}", what, cause(data["reason"]), _page(data)


def _unseen(data: Mapping[str, Any]) -> Words:
    ends = data["ends_at"]
    what = "When the certificate ends that its users see is not known: a host shows none."
    if ends:
        what = (
            f"The certificate that its users saw last ends at {_time(ends)}; a host shows none now."
        )
    return f"Certificate not seen: {data['environment']}", what, data["reason"], "/"


def _time(at: str) -> str:
    """
    >>> _time("2026-11-22T14:00:00.123Z")
    '2026-11-22 14:00 UTC'
    """
    return f"{at[:10]} {at[11:16]} UTC"


WORDS: Mapping[str, Callable[[Mapping[str, Any]], Words]] = {
    RunStarted.type: _started,
    RunFailed.type: _failed,
    RunSucceeded.type: _succeeded,
    RunSuperseded.type: _superseded,
    RunOverdue.type: _overdue,
    ApprovalRequested.type: _requested,
    ApprovalEscalated.type: _escalated,
    ApprovalDecided.type: _decided,
    BreakGlassUsed.type: _broken_glass,
    MessageParked.type: _parked,
    LagEscalated.type: _lag,
    DrillDue.type: _drill,
    DebtsOwed.type: _owed,
    EnvironmentExpiring.type: _expiring,
    RemovalOwed.type: _removal,
    CertificateNotSeen.type: _unseen,
}
"""Everything that a webhook may be told of."""
