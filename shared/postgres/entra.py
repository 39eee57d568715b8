"""Sign-in at Azure's PostgreSQL with a token of Entra ID in place of a password."""

from collections.abc import Callable
from typing import TypeVar

import certifi
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.errors import TemporaryError

SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
"""What tokens for Azure Database for PostgreSQL are asked for, in every region."""

AZURE = ".postgres.database.azure.com"

T = TypeVar("T")


class SignInFailed(TemporaryError):
    """Entra ID gave no token: the managed identity is missing, or it did not answer for now."""


class EntraSignIn:
    """Completes URLs that lead to a server in ``domain`` and have no password.

    A token is good for an hour or more, and only to open a connection: one that is open stays so.
    So it is asked for each time; the credential keeps it until shortly before it expires.
    """

    def __init__(self, credential: TokenCredential, domain: str = AZURE) -> None:
        self._credential = credential
        self._domain = domain

    def complete(self, url: str) -> str:
        """The URL as it is, or a connection string with a token, which goes to nobody whose
        certificate is not that host's unless the URL has an ``sslmode`` of its own.

        Raises SignInFailed.
        """
        if not url.startswith(("postgresql://", "postgres://")):
            return url
        given = conninfo_to_dict(url)
        if given.get("password") or not str(given.get("host")).endswith(self._domain):
            return url
        proof = {"sslmode": "verify-full", "sslrootcert": certifi.where()}
        return make_conninfo(url, password=self._token(), **({} if given.get("sslmode") else proof))

    def completing(self, resolve: Callable[[T], str]) -> Callable[[T], str]:
        """The same resolver of references, whose URLs are complete."""
        return lambda reference: self.complete(resolve(reference))

    def _token(self) -> str:
        try:
            return self._credential.get_token(SCOPE).token
        except AzureError as error:
            raise SignInFailed(
                "Entra ID gave no token for PostgreSQL: set AZURE_CLIENT_ID to the client id of "
                f"this app's identity ({type(error).__name__})."
            ) from None
