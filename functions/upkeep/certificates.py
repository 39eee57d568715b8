"""See when the certificates end that users see."""

from datetime import datetime
from functools import partial

import structlog

from shared.certificates import NotServed, addresses_of, served_until
from shared.estate import Certificate, Environment, Estate
from shared.ledger import Transaction
from shared.ledger.certificates import record_certificate
from shared.messages.announcements import CertificateNotSeen
from shared.messages.renewal import CertificateNearExpiry
from shared.runs import Runner
from shared.runs.commands import remind
from shared.runs.publishing import publish_later

SOURCE = "/signalbox/certificates"

log = structlog.get_logger()


def watch_certificates(estate: Estate, runner: Runner) -> None:
    """Ask for a renewal, once a day until there is one; say as often what cannot be seen."""
    for each in estate.environments:
        if each.certificate is not None:
            ends, reason = _look(each)
            about = partial(_act, name=each.name, certificate=each.certificate)
            runner.commit(partial(about, ends=ends, reason=reason))


def _look(environment: Environment) -> tuple[datetime | None, str | None]:
    try:
        return served_until(addresses_of(environment)), None
    except NotServed as error:
        log.warning("certificate_not_seen", environment=environment.name, reason=str(error))
        return None, str(error)


def _act(
    tx: Transaction,
    *,
    name: str,
    certificate: Certificate,
    ends: datetime | None,
    reason: str | None,
) -> None:
    seen, today = record_certificate(tx, name, ends, reason), f"{name}:{tx.now:%F}"
    if ends is not None and ends - tx.now < certificate.renew_before:
        publish_later(tx, CertificateNearExpiry(environment=name), id=today, source=SOURCE)
    if reason is not None and seen.is_missed(tx.now):
        told = CertificateNotSeen(
            environment=name, reason=reason, ends_at=seen.ends_at, seen_at=seen.seen_at, at=tx.now
        )
        remind(tx, told, today)
