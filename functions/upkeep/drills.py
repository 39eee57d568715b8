"""Have failovers rehearsed in time, and remind of those that nobody has rehearsed for too long."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial

from shared.estate import Environment, Estate
from shared.ledger import FailoverHistory, Ledger, Transaction
from shared.messages.announcements import DrillDue
from shared.messages.drills import DrillRequested
from shared.runs import Runner
from shared.runs.commands import remind
from shared.runs.drills import Drills
from shared.runs.publishing import publish_later

SOURCE = "/signalbox/drills"
BEGINNING = datetime.min.replace(tzinfo=UTC)


def publish_due_drills(
    estate: Estate, history: FailoverHistory, ledger: Ledger, runner: Runner
) -> None:
    """Ask for each drill whose opening has begun, the most overdue first, as many as a cluster
    holds at once. What finds no place before the opening ends is held at the next one.

    Safe to repeat: its event bears the opening. One that failed is held again at the next one.
    """
    clusters = {each.name: each.cluster for each in estate.environments}
    at_work = Counter(map(clusters.get, history.drills_at_work()))
    now = ledger.clock()
    for drill in sorted(Drills(estate, ledger).all(), key=lambda each: each.due_at or BEGINNING):
        if drill.next_at is None or drill.next_at > now:
            continue
        cluster = estate.cluster(estate.pair(drill.environment)[1].cluster)
        id = f"{drill.environment}:drill:{drill.next_at:%Y%m%dT%H%MZ}"
        if at_work[cluster.name] < cluster.drills_at_once and not ledger.runs_of_event(SOURCE, id):
            runner.commit(partial(_request, name=drill.environment, id=id))
            at_work[cluster.name] += 1


def announce_due_drills(estate: Estate, history: FailoverHistory, runner: Runner) -> None:
    """Say it of every pair whose newest passed drill is older than its tier allows, once a day."""
    for production in estate.environments:
        if estate.standby_for(production.name) is not None:
            runner.commit(partial(_remind, production=production, history=history))


def _request(tx: Transaction, *, name: str, id: str) -> None:
    publish_later(tx, DrillRequested(environment=name), id=id, source=SOURCE)


def _remind(tx: Transaction, *, production: Environment, history: FailoverHistory) -> None:
    every = production.drill_every
    if history.is_drill_due(production.name, every):
        last = history.last_drill(production.name)
        due = DrillDue(environment=production.name, last_at=last, every_days=every.days, at=tx.now)
        remind(tx, due, f"{production.name}:{tx.now:%F}")
