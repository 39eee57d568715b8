"""Secrets in Azure Key Vault, for references such as ``keyvault:acme-vault/erp-prod-url``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Self

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from shared.errors import TemporaryError
from shared.estate.secrets import SecretMissing


class KeyVaultUnreachable(TemporaryError):
    """Key Vault did not answer, or not now; it usually does after a moment."""


class KeyVaultSecrets:
    """Reads and writes ``vault/name`` with one client per vault, made by ``client(vault_url)``."""

    def __init__(self, client: Callable[[str], SecretClient]) -> None:
        self._client = client
        self._clients: dict[str, SecretClient] = {}

    @classmethod
    def connect(cls) -> Self:
        """Read as this app's own identity; nothing is asked of Azure before the first secret."""
        credential = DefaultAzureCredential()
        return cls(lambda vault_url: SecretClient(vault_url, credential))

    def __call__(self, place: str) -> str:
        """Return the newest version of a secret, fetched anew so that a rotation is seen at once.

        Raises SecretMissing when it is absent or not ours to read, KeyVaultUnreachable otherwise.
        """
        vault, _, name = place.partition("/")
        with _explained(place, "Key Vault Secrets User"):
            return self._vault(vault).get_secret(name).value or ""

    def keep(self, place: str, value: str, expires: datetime | None) -> None:
        """Write a new version, which is the newest from then on. Raises as reading does."""
        vault, _, name = place.partition("/")
        with _explained(place, "Key Vault Secrets Officer"):
            self._vault(vault).set_secret(name, value, expires_on=expires)

    def _vault(self, vault: str) -> SecretClient:
        if vault not in self._clients:
            self._clients[vault] = self._client(f"https://{vault}.vault.azure.net")
        return self._clients[vault]


@contextmanager
def _explained(place: str, role: str) -> Iterator[None]:
    vault = place.partition("/")[0]
    refused = (
        f"The secret keyvault:{place} is refused: give this app's identity "
        f"the role {role} on the vault"
    )
    try:
        yield
    except ResourceNotFoundError as error:
        raise SecretMissing(f"The secret keyvault:{place} does not exist.") from error
    except ClientAuthenticationError as error:
        raise SecretMissing(f"{refused} (sign-in failed).") from error
    except HttpResponseError as error:
        if error.status_code == 403:
            raise SecretMissing(f"{refused} (HTTP 403).") from error
        raise KeyVaultUnreachable(f"Key Vault {vault} answered {error.status_code}.") from error
    except AzureError as error:
        raise KeyVaultUnreachable(f"Key Vault {vault} cannot be reached.") from error
