"""People who decide on what runs ask, rightly or wrongly; and what must hold whatever they do."""

from collections import Counter
from collections.abc import Iterator
from random import Random

from shared.ledger import Ledger
from shared.ledger import approvals as rows
from shared.ledger.approvals import Approval, Decision
from shared.runs.approvals import Approvals
from tests.simulation.track import CLAIMANT, PEOPLE


def decide(approvals: Approvals, random: Random) -> None:
    """Somebody looks at what waits and says something to it."""
    person = random.choice(PEOPLE)
    verdict = random.choices(("approve", "break glass", "reject"), (12, 1, 1))[0]
    for asked in approvals.newest(status="waiting", limit=1):
        plan = asked.plan_sha256
        if verdict == "reject":
            approvals.reject(asked.id, plan=plan, person=person, reason=verdict)
        else:
            alone = verdict == "break glass"
            approvals.approve(asked.id, plan=plan, person=person, reason=verdict, break_glass=alone)


def broken_approvals(books: Ledger, applied: Counter[str]) -> list[str]:
    """Nothing is occupied without the right people, and every question has found an end."""
    with books.transaction() as tx:
        found = [(a, rows.decisions(tx, a.id)) for a in rows.newest_approvals(tx, limit=100)]
    allowed = {f"{asked.run_id.hex[:8]}/occupy" for asked, _ in found if asked.taken_at}
    return [
        *(f"{key} without an approval" for key in applied.keys() - allowed if "/occupy" in key),
        *(f"approval {a.id} {a.status}: {why}" for a, said in found for why in _broken(a, said)),
    ]


def _broken(asked: Approval, said: list[Decision]) -> Iterator[str]:
    people = [each.person for each in said if each.verdict == "approve"]
    alone = any(each.verdict == "break-glass" for each in said)
    enough = alone or (len(set(people)) == 2 and CLAIMANT not in people)
    if asked.status == "waiting":
        yield "still waits although the world is at rest"
    if (asked.status == "approved" or asked.taken_at) and not enough:
        yield f"{people} are not enough"
    if len(people) != len(set(people)):
        yield f"{people} has somebody twice"
    if any(each.at >= asked.expires_at for each in said):
        yield "somebody decided after its end"
    if asked.taken_at and asked.taken_at >= asked.expires_at:
        yield "was used after its end"
    if asked.break_glass != alone:
        yield "hides who broke the glass"
