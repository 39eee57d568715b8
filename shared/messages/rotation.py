"""The facts of a login that is exchanged for another one; never a password."""

from datetime import datetime
from typing import ClassVar

from shared.messages import Event, Message


class SecretNearExpiry(Event):
    """A secret of an environment is about to expire, or older than the estate allows."""

    type: ClassVar[str] = "secret-near-expiry"

    secret: str | None = None
    """Where it is kept: ``keyvault:vault/name``. The login of its Odoo when left out."""


class LoginCreated(Message):
    """The next login works beside the one in use."""

    login: str
    previous: str
    """The login in use."""
    server: str
    """Where both are."""


class SecretsWritten(LoginCreated):
    """Whoever starts from now on uses the next login."""

    places: tuple[str, ...]
    """Where it was written."""


class LoginRotated(SecretsWritten):
    """Every pod uses the new login, which was proven; the previous one still works."""

    revoke_at: datetime


class LoginSuperseded(Event):
    """The time of a login that was exchanged is over."""

    type: ClassVar[str] = "login-superseded"

    login: str
    """The role that is to log in no more."""


class LoginRevoked(Message):
    """Nobody logs in as the previous login any more, or others still need it."""

    login: str
    used_by: tuple[str, ...]
    """Environments that still log in with it, for which it was left: they revoke it when they are
    rotated themselves."""
    sessions_ended: int = 0
    proof: str = ""
    """What the server said to somebody who tried."""
