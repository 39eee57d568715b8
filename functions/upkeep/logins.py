"""See that logins are not older than the estate allows, and end those that were exchanged."""

from functools import partial

from shared.estate import Environment, Estate
from shared.ledger import Transaction
from shared.ledger.logins import LoginRecord, Logins
from shared.messages import Event
from shared.messages.rotation import LoginSuperseded, SecretNearExpiry
from shared.runs import Runner
from shared.runs.publishing import publish_later

SOURCE = "/signalbox/logins"


def watch_logins(estate: Estate, logins: Logins, runner: Runner) -> None:
    """Ask for a rotation, once a day until there is one; and for the end of a grace, as often."""
    known = logins.all()
    for each in estate.environments:
        if each.rotation is not None:
            runner.commit(partial(_ask, environment=each, known=known.get(each.name)))


def _ask(tx: Transaction, *, environment: Environment, known: LoginRecord | None) -> None:
    name = environment.name
    every = environment.rotation.every if environment.rotation else None
    if known is not None and known.revoked_at is None:
        if known.revoke_at <= tx.now:
            event = LoginSuperseded(environment=name, login=known.previous)
            _publish(tx, event, f"{name}:{known.previous}:{known.rotated_at:%Y%m%dT%H%M%SZ}")
    elif every is not None and (known is None or tx.now - known.rotated_at >= every):
        _publish(tx, SecretNearExpiry(environment=name), name)


def _publish(tx: Transaction, event: Event, id: str) -> None:
    publish_later(tx, event, id=f"{id}:{tx.now:%F}", source=SOURCE)
