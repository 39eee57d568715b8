"""The certificate that an environment's users see, and who renews it."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from shared.estate.entry import Duration, EstateModel, Name

Address = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,252}:\d{1,5}$")]
"""Host and port."""


class Certificate(EstateModel):
    """How it is renewed, and where it is seen that it was."""

    cert_manager: Name | None = None
    """The Certificate resource of cert-manager in the environment's namespace, which is asked to
    renew it."""
    keyvault: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9-]{3,24}/[A-Za-z0-9-]{1,127}$", examples=["acme/erp"]
    )
    """The certificate in Key Vault, whose issuer renews it there; its near expiry is an event."""
    served_at: tuple[Address, ...] = ()
    """Where it is served: ``erp.acme.example:443``. Left out, at the endpoints' hosts."""
    renew_before: Duration = Field(default=timedelta(days=21), gt=timedelta(0))
    """How long before its end a renewal is asked for."""
    patience: Duration = Field(default=timedelta(hours=1), gt=timedelta(0), le=timedelta(hours=12))
    """How long a renewed one may take to be served; then people are told."""

    @model_validator(mode="after")
    def _somebody_renews_it(self) -> Self:
        if (self.cert_manager is None) == (self.keyvault is None):
            raise ValueError("one of cert_manager and keyvault renews it: state that one")
        return self
