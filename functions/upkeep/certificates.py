"""See when the certificates end that users see."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from shared.certificates import NotServed, addresses_of, served_until
from shared.estate import Certificate, Environment, Estate
from shared.ledger import Transaction
from shared.messages.renewal import CertificateNearExpiry
from shared.runs import Runner
from shared.runs.publishing import publish_later

SOURCE = "/signalbox/certificates"

log = structlog.get_logger()


def watch_certificates(estate: Estate, clock: Callable[[], datetime], runner: Runner) -> None:
    """Ask for a renewal, once a day until there is one."""
    for each in estate.environments:
        if each.certificate is not None and _ends_soon(each, each.certificate, clock()):
            runner.commit(partial(_ask, name=each.name))


def _ends_soon(environment: Environment, certificate: Certificate, now: datetime) -> bool:
    try:
        ends = served_until(addresses_of(environment))
    except NotServed as error:
        log.warning("certificate_not_seen", environment=environment.name, reason=str(error))
        return False
    return ends - now < certificate.renew_before


def _ask(tx: Transaction, *, name: str) -> None:
    event = CertificateNearExpiry(environment=name)
    publish_later(tx, event, id=f"{name}:{tx.now:%F}", source=SOURCE)
