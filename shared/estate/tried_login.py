"""The user as whom Signalbox tries whether people can work in an Odoo."""

from pydantic import Field

from shared.estate.entry import EstateModel
from shared.estate.references import SecretReference


class TriedLogin(EstateModel):
    """A user of Odoo with a password and no rights worth having: internal, in no other group."""

    user: str = Field(min_length=1)
    """What it types as login. In an environment that is refreshed only ``admin`` has a password."""
    password: SecretReference
    """Where its password is kept."""
    url: str | None = Field(default=None, pattern=r"^https?://[^/\s?#]+$")
    """Where Odoo is reached; None takes the ``base_url`` of the first endpoint."""
