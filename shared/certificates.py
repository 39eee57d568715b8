"""What certificate a host serves, whoever issued it."""

import socket
import ssl
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509

from shared.errors import TemporaryError
from shared.estate import Environment

_TIMEOUT_SECONDS = 10


class NotServed(TemporaryError):
    """A host that should serve a certificate does not answer, or not with TLS."""


def addresses_of(environment: Environment) -> tuple[str, ...]:
    """Where its certificate is served: host and port."""
    stated = environment.certificate.served_at if environment.certificate else ()
    return stated or tuple(f"{endpoint.host}:443" for endpoint in environment.endpoints)


def served_until(addresses: Iterable[str]) -> datetime:
    """When the first of the certificates ends that are served there. Raises NotServed."""
    return min(_end(address) for address in addresses)


def _end(address: str) -> datetime:
    host, _, port = address.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it is read, not trusted: one that has ended is one to renew
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, int(port)), timeout=_TIMEOUT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            found = secure.getpeercert(binary_form=True)
    except OSError as error:
        raise NotServed(
            f"{address} serves no certificate: {error}", delay=timedelta(minutes=1)
        ) from None
    if found is None:
        raise NotServed(f"{address} serves no certificate", delay=timedelta(minutes=1))
    return x509.load_der_x509_certificate(found).not_valid_after_utc
