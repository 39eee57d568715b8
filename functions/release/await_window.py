"""Wait until the environment may be changed, or until people let it be changed earlier."""

from collections.abc import Callable
from datetime import datetime, timedelta

from functions.release.accept_release import refuse_unfit
from functions.release.places import Place, place_of
from shared.calendars import Opening, closed_because, next_opening
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Calendar, Estate
from shared.ledger import Placements
from shared.ledger.approvals import Approval
from shared.messages.release import ReleaseAccepted, WindowReached
from shared.runs import Again, Run
from shared.runs.approvals import ApprovalPlan, Approvals

LONGEST_LOOK = timedelta(minutes=10)
"""How late a changed calendar is noticed; a decision wakes the step at once."""

_UNTIL_THE_STEP_ENDS = timedelta(days=365)


class NoWindow(PermanentError):
    """The calendar has no window that is long enough, as far as it can be seen ahead."""


def await_window(
    accepted: ReleaseAccepted,
    *,
    run: Run,
    estate: Estate,
    approvals: Approvals,
    clusters: Clusters,
    placements: Placements,
    clock: Callable[[], datetime],
) -> WindowReached | Again:
    """Go on inside a window of the environment's calendar; before, people may say: now.

    Other runs have the environment while it waits, a refresh for example. With the environment in
    hand again it looks at the calendar, and whether the release still fits.

    Safe to repeat: it only reads, and asks people once.

    Raises NoWindow; ApprovalRejected when people call the release off; what ``refuse_unfit`` does.
    """
    place = place_of(run, estate)
    answer = _answer(place, accepted, run, estate, approvals, clock())
    if isinstance(answer, WindowReached):
        refuse_unfit(place, accepted.image, estate, clusters, placements)
    return answer


def _answer(
    place: Place,
    accepted: ReleaseAccepted,
    run: Run,
    estate: Estate,
    approvals: Approvals,
    now: datetime,
) -> WindowReached | Again:
    if place.policy.calendar is None:
        return accepted.become(WindowReached, allowed_by="no calendar is stated")
    calendar = estate.calendar(place.policy.calendar)
    opening = next_opening(calendar, now, place.policy.takes)
    if opening is not None and opening.at <= now:
        allowed = f"calendar {calendar.name}, open until {opening.until:%F %R} UTC"
        return accepted.become(WindowReached, allowed_by=allowed)
    answer = approvals.ask(
        run,
        lambda: _plan(accepted, calendar, now, opening, run),
        tier=place.environment.tier,
        expires_after=_UNTIL_THE_STEP_ENDS,
        escalate_after=_UNTIL_THE_STEP_ENDS,
    )
    if answer.is_granted:
        return _overridden(accepted, answer, approvals)
    if opening is None:
        raise NoWindow(
            f"calendar {calendar.name} has no window of {place.policy.takes} within a year: change "
            "its windows or freezes, or release.takes"
        )
    return _wait(run, opening, now, f"{closed_because(calendar, now)}; {_when(opening)}", answer)


def _plan(
    accepted: ReleaseAccepted,
    calendar: Calendar,
    now: datetime,
    opening: Opening | None,
    run: Run,
) -> ApprovalPlan:
    return ApprovalPlan(
        action=f"Release {accepted.release} to {run.environment} now, outside its change window",
        affected=(f"whoever works on {run.environment}",),
        risks=(closed_because(calendar, now),),
        facts={
            "image": accepted.image,
            "calendar": calendar.name,
            "otherwise": _when(opening) if opening else "never",
        },
    )


def _overridden(accepted: ReleaseAccepted, answer: Approval, approvals: Approvals) -> WindowReached:
    _, decisions = approvals.show(answer.id)
    return accepted.become(
        WindowReached,
        allowed_by=f"approved by {', '.join(answer.approved_by)}",
        reasons=tuple(decision.reason for decision in decisions if decision.reason),
    )


def _wait(run: Run, opening: Opening, now: datetime, reason: str, answer: Approval) -> Again:
    hint = f"earlier only by: signalbox approvals show {answer.id}"
    checkpoint = {**run.checkpoint, "progress": {"reason": f"{reason}; {hint}"}}
    return Again(min(opening.at - now, LONGEST_LOOK), checkpoint)


def _when(opening: Opening) -> str:
    return f"opens at {opening.at:%F %R} UTC"
