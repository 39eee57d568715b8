"""Secrets in Azure Key Vault, for references such as ``keyvault:acme-vault/erp-prod-url``."""

from collections.abc import Callable
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
    """Reads ``vault/name`` with one client per vault, made by ``client(vault_url)``."""

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
        if vault not in self._clients:
            self._clients[vault] = self._client(f"https://{vault}.vault.azure.net")
        try:
            return self._clients[vault].get_secret(name).value or ""
        except ResourceNotFoundError as error:
            raise SecretMissing(f"The secret keyvault:{place} does not exist.") from error
        except ClientAuthenticationError as error:
            raise SecretMissing(f"{_refused(place)} (sign-in failed).") from error
        except HttpResponseError as error:
            if error.status_code == 403:
                raise SecretMissing(f"{_refused(place)} (HTTP 403).") from error
            raise KeyVaultUnreachable(f"Key Vault {vault} answered {error.status_code}.") from error
        except AzureError as error:
            raise KeyVaultUnreachable(f"Key Vault {vault} cannot be reached.") from error


def _refused(place: str) -> str:
    return (
        f"The secret keyvault:{place} may not be read: give this app's identity "
        "the role Key Vault Secrets User on the vault"
    )
