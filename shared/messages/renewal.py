"""The facts of a certificate that is renewed."""

from datetime import datetime
from typing import ClassVar

from shared.messages import Event, Message


class CertificateNearExpiry(Event):
    """The certificate that an environment's users see is about to end."""

    type: ClassVar[str] = "certificate-near-expiry"


class RenewalRequested(Message):
    """Whoever renews the certificate has been asked, or does so by itself."""

    served_until: datetime
    """When the one ends that is served now."""
    requested_at: datetime


class CertificateRenewed(RenewalRequested):
    """Users see one that ends later."""

    renewed_until: datetime
