"""Which certificates users see, as upkeep saw them last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.ledger.ledger import Ledger
from shared.ledger.transaction import Transaction

UNSEEN = timedelta(days=1)
"""How long a host may be out of reach before anybody has to care."""


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """The certificate of an environment."""

    environment: str
    ends_at: datetime | None
    """Of several hosts the earliest; None: none was ever seen."""
    seen_at: datetime | None
    reason: str | None
    """Why the newest look saw none."""

    def is_missed(self, now: datetime) -> bool:
        """Whether it was not seen for so long that a person has to look."""
        return self.reason is not None and (self.seen_at is None or now - self.seen_at >= UNSEEN)


def certificates(ledger: Ledger) -> dict[str, CertificateSeen]:
    """By environment; those that nobody looked at are left out."""
    return {each.environment: each for each in ledger.rows(CertificateSeen, "certificates")}


def record_certificate(
    tx: Transaction, environment: str, ends_at: datetime | None, reason: str | None
) -> CertificateSeen:
    """Keep what a look saw: when the certificate ends, or the reason why there was none to see."""
    facts = {"environment": environment, "ends_at": ends_at, "reason": reason}
    return tx.needed(CertificateSeen, "record_certificate", **facts)
