"""The real SecretClient over a requests adapter that answers as Key Vault does."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from time import time

import pytest
import requests
import urllib3
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.keyvault.secrets import SecretClient
from requests.adapters import BaseAdapter, HTTPAdapter

from shared.errors import PermanentError, TemporaryError
from shared.estate.keyvault import KeyVaultSecrets, KeyVaultUnreachable
from shared.estate.references import Reference
from shared.estate.secrets import SecretMissing, SecretNotKept, Secrets

CHALLENGE = (
    'Bearer authorization="https://login.microsoftonline.com/tenant", '
    'resource="https://vault.azure.net"'
)


class Credential:
    """A signed-in identity."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken("token", int(time()) + 3600)


class Vault(BaseAdapter):
    """A vault that asks for a token first, then answers every request with one status."""

    def __init__(self, status: int, value: str = "") -> None:
        super().__init__()
        self.status = status
        self.value = value
        self.asked_for: list[str] = []
        self.written: list[object] = []

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        if self.status == 0:
            raise requests.ConnectionError("no route")
        signed_in = "Authorization" in request.headers
        if signed_in and request.method == "PUT":
            self.written.append(json.loads(request.body or b"{}"))
        self.asked_for += [request.url.split("?")[0]] if signed_in else []
        return self._answer(request, self.status if signed_in else 401)

    def close(self) -> None:
        """Nothing to close."""

    def _answer(self, request: requests.PreparedRequest, status: int) -> requests.Response:
        body = {"id": request.url.split("?")[0] + "/1", "value": self.value}
        raw = urllib3.HTTPResponse(
            io.BytesIO(json.dumps(body).encode()),
            {"Content-Type": "application/json", "WWW-Authenticate": CHALLENGE},
            status,
            preload_content=False,
        )
        return HTTPAdapter().build_response(request, raw)


def secrets_in(vault: Vault) -> KeyVaultSecrets:
    session = requests.Session()
    session.mount("https://", vault)

    def client(url: str) -> SecretClient:
        transport = RequestsTransport(session=session, session_owner=False)
        return SecretClient(url, Credential(), transport=transport, retry_total=0)

    return KeyVaultSecrets(client)


def test_the_newest_version_of_a_secret_is_fetched_from_its_vault() -> None:
    vault = Vault(200, "hunter2")
    secrets = secrets_in(vault)

    assert [secrets("acme-vault/url"), secrets("acme-vault/url")] == ["hunter2", "hunter2"]
    assert vault.asked_for == ["https://acme-vault.vault.azure.net/secrets/url/"] * 2


def test_a_new_version_is_written_with_its_end_unless_it_is_the_newest_already() -> None:
    vault = Vault(200, "hunter2")
    vaults = secrets_in(vault)
    secrets = Secrets({}, keyvault=vaults, keep_in_keyvault=vaults.keep)
    place, end = Reference("keyvault", "acme-vault/url"), datetime(2027, 1, 1, tzinfo=UTC)

    secrets.keep(place, "hunter2", expires=end)
    assert vault.written == []
    secrets.keep(place, "hunter3", expires=end)

    assert vault.written == [{"value": "hunter3", "attributes": {"exp": int(end.timestamp())}}]


def test_a_file_is_written_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    secrets, place = Secrets({}), Reference("file", str(tmp_path / "url"))

    secrets.keep(place, "hunter2", expires=None)

    assert secrets.resolve(place) == "hunter2"
    assert (tmp_path / "url").stat().st_mode & 0o077 == 0
    with pytest.raises(SecretNotKept, match="file:/nowhere/url cannot be written: No such"):
        secrets.keep(Reference("file", "/nowhere/url"), "hunter2", expires=None)
    with pytest.raises(SecretNotKept, match="Nothing can be written to env:URL"):
        secrets.keep(Reference("env", "URL"), "hunter2", expires=None)


@pytest.mark.parametrize(
    ("status", "error", "kind", "complaint"),
    [
        (404, SecretMissing, PermanentError, "keyvault:acme/url does not exist"),
        (403, SecretMissing, PermanentError, "the role Key Vault Secrets User"),
        (503, KeyVaultUnreachable, TemporaryError, "acme answered 503"),
        (0, KeyVaultUnreachable, TemporaryError, "acme cannot be reached"),
    ],
)
def test_a_refusal_says_whether_it_can_pass(
    status: int, error: type[Exception], kind: type[Exception], complaint: str
) -> None:
    secrets = secrets_in(Vault(status))

    with pytest.raises(error, match=complaint) as refusal:
        secrets("acme/url")

    assert isinstance(refusal.value, kind)
