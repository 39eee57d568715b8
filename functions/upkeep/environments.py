"""See that environments on request end in time: remind of it, have it done, and done again."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from shared.estate import Estate
from shared.ledger import Transaction
from shared.ledger.environments import OnRequest, current, failed_removals, known, prolong
from shared.messages.announcements import EnvironmentExpiring, RemovalOwed
from shared.messages.environments import EnvironmentExpired
from shared.runs import Runner
from shared.runs.commands import remind
from shared.runs.publishing import publish_later

SOURCE = "/signalbox/environments"

_LONGEST_GRACE = timedelta(days=1)


def watch_environments(estate: Estate, runner: Runner) -> None:
    """Say each once: the end that is near, and the end; an extension makes both due anew. What ends
    unreminded is let live on for as long as people should have known before. A removal that failed
    is asked for again after a pause, unless somebody has given it up."""
    runner.commit(partial(_watch, estate=estate))
    runner.commit(_remove_again)


def announce_owed_removals(runner: Runner) -> None:
    """Say of each that is to go and is still there what is to be expected, once a day."""
    runner.commit(_announce_owed_removals)


def _watch(tx: Transaction, *, estate: Estate) -> None:
    notices = {offer.name: offer.remind_before for offer in estate.offers}
    for each in current(tx):
        if each.status != "open" or each.expired_at is not None:
            continue
        before = _notice(each, notices.get(each.offer))
        if each.reminded_at is not None:
            if each.expires_at <= tx.now:
                _expire(tx, each)
        elif each.expires_at <= tx.now:
            _remind_late(tx, each, min(before, _LONGEST_GRACE))
        elif each.expires_at - before <= tx.now:
            _remind(tx, each)


def _notice(each: OnRequest, notice: timedelta | None) -> timedelta:
    """How long before the end, but no more than the last third of a short life."""
    third = (each.expires_at - each.requested_at) / 3
    return min(notice or third, third)


def _remind_late(tx: Transaction, each: OnRequest, grace: timedelta) -> None:
    """Upkeep was away, or the environment opened late: people get the time that they missed."""
    if known(tx, each.name) == each:  # locked: of two hosts that look at once, one does it
        prolong(tx, each.id, tx.now + grace, by="signalbox", reason="its end was not announced")
        _remind(tx, replace(each, expires_at=tx.now + grace))


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
