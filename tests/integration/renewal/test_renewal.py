"""A certificate is renewed, and users are seen to get it; or people are told that they do not."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kubernetes import client

from functions.renewal import RUNBOOK
from functions.renewal.request_renewal import NoCertificate, request_renewal
from functions.renewal.watch_renewal import NotRenewed, watch_renewal
from shared.certificates import NotServed, served_until
from shared.cluster import Clusters
from shared.cluster.api import Api
from shared.estate import Certificate, Estate, load_estate
from shared.ledger import Ledger
from shared.ledger.certificates import certificates
from shared.messages import CloudEvent
from shared.messages.renewal import CertificateNearExpiry, CertificateRenewed, RenewalRequested
from shared.runs import Again, Run
from shared.runs.translation import translate

if TYPE_CHECKING:
    from infra.local.kubernetes import KubernetesEmulator

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
PLACE = "acme-staging"
NOW = datetime.now(UTC).replace(microsecond=0)
KIND = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate"}


class Site:
    """A host with a certificate, and cert-manager's object for it."""

    def __init__(self, folder: Path, cluster_url: str) -> None:
        self._folder = folder
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.serve(NOW + timedelta(days=10))
        threading.Thread(target=self._answer, daemon=True).start()
        self.time = NOW
        self.api = Api(cluster_url)
        self.estate = estate_with(Certificate(cert_manager="web", served_at=(self.address,)))
        self.clusters = Clusters(self.estate, cluster_url)

    def serve(self, until: datetime) -> None:
        """From now on."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "staging.acme.example")])
        built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        built = built.not_valid_before(NOW - timedelta(days=80)).not_valid_after(until)
        text = serialization.Encoding.PEM
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pem = self._folder / "served.pem"
        signed = built.sign(key, hashes.SHA256()).public_bytes(text)
        pem.write_bytes(key.private_bytes(text, *plain) + signed)
        self._context.load_cert_chain(pem)

    def request(self) -> RenewalRequested:
        given: dict[str, Any] = {"estate": self.estate, "clusters": self.clusters}
        near = CertificateNearExpiry(environment=PLACE)
        return request_renewal(near, run=run(), clock=lambda: self.time, **given)

    def watch(self, requested: RenewalRequested) -> CertificateRenewed | Again:
        given: dict[str, Any] = {"estate": self.estate, "clusters": self.clusters}
        return watch_renewal(requested, run=run(), clock=lambda: self.time, **given)

    def conditions(self) -> list[dict[str, Any]]:
        found = self.api.read("Certificate", PLACE, "web")
        return list(found.get("status", {}).get("conditions", []))

    def close(self) -> None:
        self._listening.close()

    def _answer(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self._listening.accept()
                with plain, suppress(OSError), self._context.wrap_socket(plain, server_side=True):
                    pass


def run() -> Run:
    return Run(uuid4(), PLACE, 1, "renewal", 1, {}, lambda: True)


def estate_with(certificate: Certificate | None) -> Estate:
    found = load_estate(ESTATE)
    changed = tuple(
        each.model_copy(update={"certificate": certificate}) if each.name == PLACE else each
        for each in found.environments
    )
    return found.model_copy(update={"environments": changed})


@pytest.fixture
def site(tmp_path: Path, kubernetes: "KubernetesEmulator") -> Iterator[Site]:
    with closing(Site(tmp_path, kubernetes.url)) as site:
        site.api.create("Certificate", PLACE, KIND | {"metadata": {"name": "web"}})
        yield site
        site.api.delete("Certificate", PLACE, "web")


@pytest.fixture(scope="module", autouse=True)
def namespace(kubernetes: "KubernetesEmulator") -> None:
    with client.ApiClient(client.Configuration(host=kubernetes.url)) as api:
        client.CoreV1Api(api).create_namespace({"metadata": {"name": PLACE}})


def test_cert_manager_is_asked_once_and_the_new_certificate_is_seen(site: Site) -> None:
    requested = site.request()
    site.request()

    [issuing] = site.conditions()
    assert (issuing["type"], issuing["status"]) == ("Issuing", "True")
    assert requested.served_until == NOW + timedelta(days=10)
    looked = site.watch(requested)
    assert isinstance(looked, Again)
    assert looked.gives_way

    site.serve(NOW + timedelta(days=90))

    renewed = site.watch(requested)
    assert isinstance(renewed, CertificateRenewed)
    assert renewed.renewed_until == NOW + timedelta(days=90)


def test_one_that_is_not_renewed_is_told_with_what_cert_manager_says(site: Site) -> None:
    requested = site.request()
    found = site.api.read("Certificate", PLACE, "web")
    refused = {"type": "Ready", "status": "False", "message": "the issuer is out of quota"}
    found["status"]["conditions"] = [refused]
    site.api.replace_status("Certificate", PLACE, found)

    site.time += timedelta(hours=2)

    with pytest.raises(NotRenewed, match="cert-manager says: Ready False: the issuer is out of"):
        site.watch(requested)


def test_nobody_who_renews_it_and_nobody_who_serves_it_are_told(
    site: Site, tmp_path: Path, kubernetes: "KubernetesEmulator"
) -> None:
    site.estate = estate_with(None)
    with pytest.raises(NoCertificate, match="does not say who renews"):
        site.request()

    with closing(Site(tmp_path, kubernetes.url)) as later:
        later.serve(NOW + timedelta(days=90))
        assert served_until([site.address, later.address]) == NOW + timedelta(days=10)
    with pytest.raises(NotServed, match=r"127\.0\.0\.1:9 serves no certificate"):
        served_until([site.address, "127.0.0.1:9"])


def test_upkeep_asks_in_time_once_a_day(site: Site, ledgered: Callable[..., list[str]]) -> None:
    assert ledgered(site.estate, NOW) == [f"{PLACE}:{NOW:%F}"]

    site.serve(NOW + timedelta(days=60))

    assert ledgered(site.estate, NOW) == []


def test_what_cannot_be_seen_for_a_day_is_told_once_a_day_and_what_was_seen_is_kept(
    site: Site, ledgered: Callable[..., list[str]], ledger: Ledger
) -> None:
    site.serve(NOW + timedelta(days=60))
    silent = estate_with(Certificate(cert_manager="web", served_at=("127.0.0.1:9",)))
    tomorrow = NOW + timedelta(days=1)

    assert ledgered(silent, NOW) == [f"certificate-not-seen:{PLACE}:{NOW:%F}"], "it never was"
    assert ledgered(site.estate, NOW) == []
    assert ledgered(silent, tomorrow - timedelta(hours=1)) == []
    told = [ledgered(silent, tomorrow), ledgered(silent, tomorrow)]

    assert told == [[f"certificate-not-seen:{PLACE}:{tomorrow:%F}"]] * 2, "the same one twice"
    seen = certificates(ledger)[PLACE]
    assert (seen.ends_at, seen.seen_at) == (NOW + timedelta(days=60), NOW)
    assert seen.reason is not None
    assert seen.reason.startswith("127.0.0.1:9 serves no certificate")


def test_key_vault_announces_the_certificate_that_its_issuer_renews() -> None:
    estate = estate_with(Certificate(keyvault="acme/erp"))
    data = {"VaultName": "acme", "ObjectName": "erp"}
    event = CloudEvent(id="1", type="Microsoft.KeyVault.CertificateNearExpiry", data=data)

    translation = translate(event, estate)

    assert translation is not None
    [claim] = translation.claims
    assert (claim.type, claim.environment) == (RUNBOOK.on.type, PLACE)
