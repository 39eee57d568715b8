"""Remind of environments on request that end soon, and have those removed whose time is over."""

from datetime import datetime, timedelta
from functools import partial

from shared.estate import Estate
from shared.ledger import Transaction
from shared.ledger.environments import OnRequest, current
from shared.messages.announcements import EnvironmentExpiring
from shared.messages.environments import EnvironmentExpired
from shared.runs import Runner
from shared.runs.commands import announce_expiring
from shared.runs.publishing import publish_later

SOURCE = "/signalbox/environments"


def watch_environments(estate: Estate, runner: Runner) -> None:
    """Say each once: the end that is near, and the end; an extension makes both due anew."""
    runner.commit(partial(_watch, estate=estate))


def _watch(tx: Transaction, *, estate: Estate) -> None:
    notice = {offer.name: offer.remind_before for offer in estate.offers}
    for each in current(tx):
        if each.status != "open":
            continue
        if each.expires_at <= tx.now:
            if each.expired_at is None:
                _expire(tx, each)
        elif each.reminded_at is None and reminder_at(each, notice.get(each.offer)) <= tx.now:
            _remind(tx, each)


def reminder_at(each: OnRequest, notice: timedelta | None) -> datetime:
    """So long before the end, but not before two thirds of a short life."""
    third = (each.expires_at - each.requested_at) / 3
    return each.expires_at - min(notice or third, third)


def _expire(tx: Transaction, each: OnRequest) -> None:
    event = EnvironmentExpired(environment=each.name)
    publish_later(tx, event, id=f"{each.id}:{each.expires_at.isoformat()}", source=SOURCE)
    tx.do("environment_expired", id=each.id, now=tx.now)


def _remind(tx: Transaction, each: OnRequest) -> None:
    expiring = EnvironmentExpiring(
        environment=each.name,
        offer=each.offer,
        requested_by=each.requested_by,
        expires_at=each.expires_at,
        at=tx.now,
    )
    announce_expiring(tx, expiring)
    tx.do("environment_reminded", id=each.id, now=tx.now)
