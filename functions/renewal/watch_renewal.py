"""Wait until users see the renewed certificate."""

from collections.abc import Callable
from datetime import datetime, timedelta

from functions.renewal.request_renewal import certificate_of
from shared.certificates import addresses_of, served_until
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.messages.renewal import CertificateRenewed, RenewalRequested
from shared.runs import Again, Run

LOOK = timedelta(seconds=30)


class NotRenewed(PermanentError):
    """The certificate that users see was not renewed in time: find out before it ends."""


def watch_renewal(
    requested: RenewalRequested,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    clock: Callable[[], datetime],
) -> CertificateRenewed | Again:
    """Look at what every host serves, for as long as the estate has patience.

    Safe to repeat: it only reads. A more urgent run does not wait for it.

    Raises NotRenewed, with what cert-manager says.
    """
    environment = estate.environment(run.environment)
    ends = served_until(addresses_of(environment))
    if ends > requested.served_until:
        return requested.become(CertificateRenewed, renewed_until=ends)
    if clock() - requested.requested_at < certificate_of(environment).patience:
        reason = f"the certificate that ends at {ends:%F %R} UTC is still served"
        return Again(LOOK, {"progress": {"reason": reason}}, gives_way=True)
    raise NotRenewed(
        f"{environment.name} still serves a certificate that ends at {ends:%F %R} UTC, "
        f"{_said(environment, clusters)}"
    )


def _said(environment: Environment, clusters: Clusters) -> str:
    certificate = certificate_of(environment)
    if certificate.cert_manager is None:
        return f"and Key Vault {certificate.keyvault} has to have a newer version that is deployed"
    said = clusters.of(environment).certificate_state(
        environment.namespace, certificate.cert_manager
    )
    return f"and cert-manager says: {said}"
