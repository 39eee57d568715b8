"""See that environments on request end in time: remind of it, have it done, and done again."""

from datetime import datetime, timedelta
from functools import partial

from shared.estate import Estate
from shared.ledger import Transaction
from shared.ledger.environments import OnRequest, current, failed_removals
from shared.messages.announcements import EnvironmentExpiring, RemovalOwed
from shared.messages.environments import EnvironmentExpired
from shared.runs import Runner
from shared.runs.commands import remind
from shared.runs.publishing import publish_later

SOURCE = "/signalbox/environments"


def watch_environments(estate: Estate, runner: Runner) -> None:
    """Say each once: the end that is near, and the end; an extension makes both due anew. A removal
    that failed is asked for again after a pause, unless somebody has given it up."""
    runner.commit(partial(_watch, estate=estate))
    runner.commit(_remove_again)


def announce_owed_removals(runner: Runner) -> None:
    """Say of each that is to go and is still there what is to be expected, once a day."""
    runner.commit(_announce_owed_removals)


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
    tx.do("environment_expired", id=each.id)


def _remind(tx: Transaction, each: OnRequest) -> None:
    expiring = EnvironmentExpiring(
        environment=each.name,
        offer=each.offer,
        requested_by=each.requested_by,
        expires_at=each.expires_at,
        at=tx.now,
    )
    remind(tx, expiring, f"{each.name}:{each.expires_at:%FT%T}")
    tx.do("environment_reminded", id=each.id)


def _remove_again(tx: Transaction) -> None:
    """Its event is named after the run that failed: however often it is noticed, one follows."""
    for each in failed_removals(tx):
        if each.again_at is not None and each.again_at <= tx.now:
            event = EnvironmentExpired(environment=each.name, removed_by=each.removed_by)
            publish_later(tx, event, id=f"{each.id}:after:{each.run}", source=SOURCE)


def _announce_owed_removals(tx: Transaction) -> None:
    for each in failed_removals(tx):
        owed = RemovalOwed(
            environment=each.name,
            run=each.run,
            reason=each.reason,
            outlook=each.outlook,
            at=tx.now,
        )
        remind(tx, owed, f"{each.name}:{tx.now:%F}")
