"""Azure Blob Storage."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.identity import DefaultAzureCredential
from azure.storage.blob import (
    BlobClient,
    BlobProperties,
    BlobSasPermissions,
    BlobServiceClient,
    UserDelegationKey,
    generate_blob_sas,
)

from shared.blobs.blobs import (
    Blob,
    BlobMissing,
    BlobsRefused,
    refuse_large,
    split_path,
    split_prefix,
)
from shared.errors import TemporaryError

_NOT_FOR_EVER = {408, 409, 429}
"""Refusals that a repetition can change: too slow, in conflict, too many."""


class AzureBlobs:
    """One storage account."""

    def __init__(self, service: BlobServiceClient) -> None:
        self._service = service

    @classmethod
    def connect(cls, account: str) -> Self:
        """Use a connection string, or an account's URL with the managed identity.

        Opens no connection. Fails within about 10 s when storage is out of reach: the caller's
        own retries are spaced better than the SDK's.
        """
        retries: dict[str, Any] = {"retry_total": 2, "initial_backoff": 1, "connection_timeout": 5}
        if account.startswith("https://"):
            credential = DefaultAzureCredential()
            return cls(BlobServiceClient(account, credential=credential, **retries))
        return cls(BlobServiceClient.from_connection_string(account, **retries))

    def properties(self, path: str) -> Blob:
        with _translated(path):
            return _blob(path, self._client(path).get_blob_properties())

    def read(self, path: str) -> bytes:
        with _translated(path):
            download = self._client(path).download_blob()
            refuse_large(Blob(path, download.size))
            return download.readall()

    def digest(self, path: str, algorithm: Literal["sha1", "sha256"]) -> str:
        hasher = hashlib.new(algorithm)
        with _translated(path):
            for chunk in self._client(path).download_blob().chunks():
                hasher.update(chunk)
        return hasher.hexdigest()

    def upload(self, path: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        with _translated(path):
            self._client(path).upload_blob(
                content, overwrite=True, metadata=dict(metadata) if metadata else None
            )

    def copy(self, source: str, target: str) -> None:
        with _translated(source):
            copied = self._client(target).start_copy_from_url(self._client(source).url)
        if copied["copy_status"] != "success":
            raise TemporaryError(
                f"storage has not copied {source} to {target} yet: {copied['copy_status']}"
            )

    def delete(self, path: str) -> None:
        with suppress(BlobMissing), _translated(path):
            self._client(path).delete_blob()

    def list(self, prefix: str) -> Iterator[Blob]:
        container, start = split_prefix(prefix)
        with _translated(prefix):
            found = self._service.get_container_client(container).list_blobs(start)
            yield from (_blob(f"{container}/{each.name}", each) for each in found)

    def read_url(self, path: str, valid: timedelta) -> str:
        self.properties(path)
        with _translated(path):
            client = self._client(path)
            return f"{client.url}?{self._signature(client, datetime.now(UTC) + valid)}"

    def _signature(self, client: BlobClient, until: datetime) -> str:
        account = client.account_name
        if account is None:
            raise BlobsRefused(f"The storage account of {client.url} has no name to sign for.")
        return generate_blob_sas(
            account,
            client.container_name,
            client.blob_name,
            account_key=self._account_key(),
            user_delegation_key=self._delegation_key(until),
            permission=BlobSasPermissions(read=True),
            expiry=until,
        )

    def _account_key(self) -> str | None:
        return getattr(self._service.credential, "account_key", None)

    def _delegation_key(self, until: datetime) -> UserDelegationKey | None:
        """What a managed identity signs with; None where the account's key is known."""
        if self._account_key():
            return None
        # Azure's clock may be behind ours.
        return self._service.get_user_delegation_key(
            datetime.now(UTC) - timedelta(minutes=5), until
        )

    def _client(self, path: str) -> BlobClient:
        return self._service.get_blob_client(*split_path(path))


def _blob(path: str, found: BlobProperties) -> Blob:
    md5 = found.content_settings.content_md5
    return Blob(
        path=path,
        size=found.size,
        etag=found.etag or "",
        md5=bytes(md5) if md5 else None,
        metadata=found.metadata or {},
    )


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """The SDK's errors as ours, without their text: it can quote signed URLs."""
    try:
        yield
    except ResourceNotFoundError as error:
        raise BlobMissing(f"There is no blob {path} ({_code(error)}).") from None
    except (ClientAuthenticationError, HttpResponseError) as error:
        if error.status_code is None or error.status_code in _NOT_FOR_EVER:
            raise TemporaryError(f"Storage could not serve {path} ({_code(error)}).") from None
        if error.status_code >= 500:
            raise TemporaryError(f"Storage failed to serve {path} ({_code(error)}).") from None
        raise BlobsRefused(
            f"Storage refuses {path} ({_code(error)}): check the identity's roles on the account."
        ) from None
    except AzureError as error:
        raise TemporaryError(f"Storage is out of reach: {type(error).__name__}.") from None


def _code(error: HttpResponseError) -> str:
    return f"{error.status_code} {getattr(error, 'error_code', None) or error.reason or ''}".strip()
