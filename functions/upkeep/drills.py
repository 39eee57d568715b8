"""Remind of failovers that nobody has rehearsed for too long."""

from functools import partial

from shared.estate import Environment, Estate
from shared.ledger import FailoverHistory, Transaction
from shared.messages.announcements import DrillDue
from shared.runs import Runner
from shared.runs.commands import remind


def announce_due_drills(estate: Estate, history: FailoverHistory, runner: Runner) -> None:
    """Say it of every pair whose newest passed drill is older than its tier allows, once a day."""
    for production in estate.environments:
        if estate.standby_for(production.name) is not None:
            runner.commit(partial(_remind, production=production, history=history))


def _remind(tx: Transaction, production: Environment, history: FailoverHistory) -> None:
    every = production.drill_every
    if history.is_drill_due(production.name, every):
        last = history.last_drill(production.name)
        due = DrillDue(environment=production.name, last_at=last, every_days=every.days, at=tx.now)
        remind(tx, due, f"{production.name}:{tx.now:%F}")
