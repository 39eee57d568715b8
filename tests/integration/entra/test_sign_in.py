"""Sign-in with tokens: at a real PostgreSQL whose password is the token, at a real TLS server."""

import base64
import datetime as dt
import json
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from shared.cluster.api import Api
from shared.errors import TemporaryError
from shared.ledger import Ledger
from shared.postgres.entra import SCOPE, EntraSignIn, SignInFailed
from shared.settings import Settings

if TYPE_CHECKING:
    from infra.local.postgres import PostgresServer


class Entra:
    """Gives the token of the hour for what it is asked for."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.asked: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked += scopes
        if self.token is None:
            raise ClientAuthenticationError("no identity is assigned, secret-detail")
        return AccessToken(self.token, 0)


@pytest.fixture
def ledger_url(postgres: "PostgresServer", database: str) -> Iterator[str]:
    """A URL without a password, of a role whose password is what Azure would take for a token."""
    with psycopg.connect(database, autocommit=True) as administrator:
        administrator.execute("create role app login password 'token-of-nine'")
        administrator.execute("grant all on schema public to app")
        found = conninfo_to_dict(database)
        place = f"{found['host']}:{found['port']}/{found['dbname']}"
        yield f"postgresql://app@{place}?sslmode=disable"
        administrator.execute("drop owned by app cascade")
        administrator.execute("drop role app")


def change_token(database: str, token: str) -> None:
    with psycopg.connect(database, autocommit=True) as administrator:
        administrator.execute(sql.SQL("alter role app password {}").format(token))


def test_each_session_of_the_ledger_signs_in_with_the_token_of_its_hour(
    ledger_url: str, database: str
) -> None:
    entra = Entra("token-of-nine")
    ledger = Ledger.connect(ledger_url, sign_in=EntraSignIn(entra, "127.0.0.1"))
    ledger.counts()

    with ledger.transaction() as first:
        entra.token = "token-of-ten"
        change_token(database, "token-of-ten")
        second = ledger.recent_runs()
        unaffected = first.overdue_runs()

    ledger.close()
    assert (unaffected, second) == ([], [])
    assert entra.asked == [SCOPE, SCOPE]


def test_a_stale_token_is_refused_so_the_password_was_asked_for(ledger_url: str) -> None:
    stale = EntraSignIn(Entra("token-of-eight"), "127.0.0.1").complete(ledger_url)

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stale)


def test_a_token_goes_to_azure_alone_and_only_over_a_proven_connection() -> None:
    sign_in = EntraSignIn(Entra("token"))

    found = conninfo_to_dict(
        sign_in.complete("postgresql://app@x.postgres.database.azure.com/ledger")
    )

    assert found["password"] == "token"
    assert found["sslmode"] == "verify-full"
    assert Path(str(found["sslrootcert"])).is_file()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app@x.postgres.database.azure.com.evil.example/ledger",
        "postgresql://app:password@x.postgres.database.azure.com/ledger",
        "postgresql://app@127.0.0.1/ledger",
        "http://127.0.0.1:8002/rejoin",
    ],
)
def test_other_addresses_stay_as_they_are(url: str) -> None:
    entra = Entra("token")

    assert EntraSignIn(entra).complete(url) == url
    assert entra.asked == []


def test_no_token_is_a_temporary_error_that_says_what_to_look_at() -> None:
    sign_in = EntraSignIn(Entra(None))

    with pytest.raises(SignInFailed, match="AZURE_CLIENT_ID") as caught:
        sign_in.complete("postgresql://app@x.postgres.database.azure.com/ledger")

    assert "secret-detail" not in str(caught.value)


def test_forms_are_signed_with_nothing_that_is_known() -> None:
    given = {"estate": "estate.yaml", "blobs": "https://blobs.example"}
    open_url = "postgresql://app@x.postgres.database.azure.com/ledger"

    with pytest.raises(ValueError, match="SIGNALBOX_FORMS_SECRET"):
        _ = Settings.model_validate(given | {"ledger_url": open_url}).forms_key

    kept = Settings.model_validate(given | {"ledger_url": open_url, "forms_secret": "long"})
    secret_url = Settings.model_validate(given | {"ledger_url": "postgresql://app:pw@db/ledger"})
    assert len({kept.forms_key, secret_url.forms_key}) == 2


class Cluster(BaseHTTPRequestHandler):
    """An API server that lets in who brings the token of the hour."""

    token = "token-of-nine"

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == f"Bearer {self.token}"
        body = json.dumps({"data": {"db_name": "acme"}} if known else {"message": "no"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def aks(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """URL and certificate authority of an API server behind TLS."""
    key, certificate = certify("127.0.0.1")
    pem = tmp_path / "server.pem"
    pem.write_bytes(key + certificate)
    server = HTTPServer(("127.0.0.1", 0), Cluster)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", base64.b64encode(certificate).decode()
    server.shutdown()
    thread.join()
    server.server_close()


def certify(address: str) -> tuple[bytes, bytes]:
    """A key and a certificate for an address, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return secret, certificate.public_bytes(serialization.Encoding.PEM)


def test_each_request_to_aks_bears_the_token_of_its_hour(
    aks: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, ca = aks
    entra = Entra("token-of-nine")
    api = Api(url, ca=ca, credential=entra)
    first = api.read("ConfigMap", "acme", "odoo-config")

    monkeypatch.setattr(Cluster, "token", "token-of-ten")
    entra.token = "token-of-ten"

    assert api.read("ConfigMap", "acme", "odoo-config") == first == {"data": {"db_name": "acme"}}


def test_a_token_is_not_sent_to_who_is_not_the_cluster(aks: tuple[str, str]) -> None:
    url, _ = aks
    stranger = base64.b64encode(certify("127.0.0.1")[1]).decode()

    with pytest.raises(TemporaryError, match="out of reach"):
        Api(url, ca=stranger, credential=Entra("token")).read("ConfigMap", "acme", "odoo-config")


def test_a_cluster_without_a_token_is_out_of_reach_for_now(aks: tuple[str, str]) -> None:
    url, ca = aks

    with pytest.raises(TemporaryError, match="no token for the cluster") as caught:
        Api(url, ca=ca, credential=Entra(None)).read("ConfigMap", "acme", "odoo-config")

    assert "secret-detail" not in str(caught.value)
