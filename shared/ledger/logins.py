"""Which login each environment has, since when, and until when the one before it works."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """The newest rotation of an environment's login."""

    environment: str
    login: str
    rotated_at: datetime
    previous: str
    revoke_at: datetime
    """Until then the previous login works, too."""
    revoked_at: datetime | None


class Logins:
    """The resource; every change is one short transaction, safe to repeat."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def all(self) -> dict[str, LoginRecord]:
        """By environment; those that were never rotated are left out."""
        found = self._ledger.rows(LoginRecord, "logins", environment=None)
        return {each.environment: each for each in found}

    def of(self, environment: str) -> LoginRecord | None:
        return self._ledger.row(LoginRecord, "logins", environment=environment)

    def rotated(
        self, environment: str, login: str, *, previous: str, grace: timedelta, epoch: int
    ) -> None:
        """Record the login that is in use now; a repetition by the same epoch changes nothing."""
        self._ledger.persist(
            lambda tx: tx.do(
                "record_login",
                environment=environment,
                login=login,
                previous=previous,
                revoke_at=tx.now + grace,
                epoch=epoch,
            )
        )

    def revoked(self, environment: str, previous: str) -> None:
        """Record that the previous login is done with."""
        self._ledger.do("login_revoked", environment=environment, previous=previous)
