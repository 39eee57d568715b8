"""Have failovers rehearsed in time, and remind of those that nobody has rehearsed for too long."""

from datetime import datetime
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


def publish_due_drills(estate: Estate, ledger: Ledger, runner: Runner) -> None:
    """Ask for each drill that is to be held at an opening that has begun: once, however often it is
    noticed. One that failed is held again at the next opening."""
    for name, opening in Drills(estate, ledger).due():
        runner.commit(partial(_request, name=name, opening=opening))


def announce_due_drills(estate: Estate, history: FailoverHistory, runner: Runner) -> None:
    """Say it of every pair whose newest passed drill is older than its tier allows, once a day."""
    for production in estate.environments:
        if estate.standby_for(production.name) is not None:
            runner.commit(partial(_remind, production=production, history=history))


def _request(tx: Transaction, *, name: str, opening: datetime) -> None:
    id = f"{name}:drill:{opening:%Y%m%dT%H%MZ}"
    publish_later(tx, DrillRequested(environment=name), id=id, source=SOURCE)


def _remind(tx: Transaction, *, production: Environment, history: FailoverHistory) -> None:
    every = production.drill_every
    if history.is_drill_due(production.name, every):
        last = history.last_drill(production.name)
        due = DrillDue(environment=production.name, last_at=last, every_days=every.days, at=tx.now)
        remind(tx, due, f"{production.name}:{tx.now:%F}")
