"""See that users get a certificate that ends later, before the present one does.

    request    cert-manager is asked to issue it anew; Key Vault's issuer does so by itself
    watch      until every host serves one that ends later

Nothing is undone: the certificate that is served stays so until there is another. One that is not
renewed in time is a failed run, which people are told of.
"""

from datetime import timedelta

from functions.renewal.request_renewal import request_renewal
from functions.renewal.watch_renewal import watch_renewal
from shared.estate import Estate
from shared.messages.renewal import CertificateNearExpiry
from shared.runs import Runbook, Step


def concerned(event: CertificateNearExpiry, estate: Estate) -> tuple[str, ...]:
    """The environment itself."""
    return (estate.environment(event.environment).name,)


RUNBOOK = Runbook(
    name="renewal",
    on=CertificateNearExpiry,
    concerns=concerned,
    coalesce=lambda event: event.environment,
    steps=(
        Step(request_renewal),
        Step(watch_renewal, time_limit=timedelta(hours=13)),
    ),
    overdue_after=timedelta(hours=13),
)
