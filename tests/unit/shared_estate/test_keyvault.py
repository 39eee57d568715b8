"""The real SecretClient over a requests adapter that answers as Key Vault does."""

import io
import json
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
from shared.estate.secrets import SecretMissing

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

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        if self.status == 0:
            raise requests.ConnectionError("no route")
        signed_in = "Authorization" in request.headers
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
