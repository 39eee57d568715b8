"""Ask whoever renews the certificate."""

from collections.abc import Callable
from datetime import datetime

from shared.certificates import addresses_of, served_until
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Certificate, Environment, Estate
from shared.messages.renewal import CertificateNearExpiry, RenewalRequested
from shared.runs import Run, still_mine


class NoCertificate(PermanentError):
    """The estate does not say who renews the certificate: a person has to."""


def request_renewal(
    near: CertificateNearExpiry,  # noqa: ARG001 - what is served says when it ends
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    clock: Callable[[], datetime],
) -> RenewalRequested:
    """Have cert-manager issue the certificate anew, as ``cmctl renew`` does.

    Safe to repeat: what is being issued already is left.

    Raises NoCertificate, ObjectMissing; NotServed, which is tried again.
    """
    environment = estate.environment(run.environment)
    certificate = certificate_of(environment)
    ends = served_until(addresses_of(environment))
    if certificate.cert_manager is not None:
        still_mine(run)
        cluster = clusters.of(environment)
        cluster.renew_certificate(environment.namespace, certificate.cert_manager, clock())
    return RenewalRequested(served_until=ends, requested_at=clock())


def certificate_of(environment: Environment) -> Certificate:
    """Raises NoCertificate."""
    if environment.certificate is None:
        raise NoCertificate(
            f"{environment.name}: the estate does not say who renews its certificate; state "
            "certificate, or renew it by hand"
        )
    return environment.certificate
