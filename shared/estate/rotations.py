"""How the login that an environment's Odoo has is exchanged for another one."""

from datetime import timedelta

from pydantic import Field, field_validator

from shared.estate.entry import Duration, EstateModel
from shared.estate.references import Reference, SecretReference


class Rotation(EstateModel):
    """Odoo gets a new login with a new password, its pods are restarted, the old one is revoked."""

    secret: SecretReference | None = None
    """Where the login's URL is kept beside the cluster's Secret: ``keyvault:`` or ``file:``. A new
    version is written there, and it is its expiry that Key Vault announces."""
    every: Duration | None = Field(default=None, gt=timedelta(0))
    """A login that is older than this is rotated without anybody asking; the first one at once."""
    grace: Duration = Field(default=timedelta(days=1), ge=timedelta(0))
    """How long the old login still works, for whoever has it from elsewhere."""

    @field_validator("secret")
    @classmethod
    def _can_be_written(cls, secret: Reference | None) -> Reference | None:
        if secret is not None and secret.scheme not in ("keyvault", "file"):
            raise ValueError("a new version can be written to keyvault:vault/name or file:/path")
        return secret
