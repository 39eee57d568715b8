"""Bring the archive of a backup here, and prove it whole on the way."""

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobClient
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_CHUNK = 8 * 1024 * 1024
_SECONDS_BETWEEN_REPORTS = 0.5


class ArchiveDamaged(Exception):
    """The archive is not what its manifest says: take a new backup."""


class ArchiveUnreadable(Exception):
    """Storage does not give the archive; later it may."""


class ArchiveSettings(BaseSettings):
    """What a Job is told of the archive that it works on; each program has a prefix of its own."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    archive_url: SecretStr
    """Where the archive can be read, with a signature."""
    archive_size: int
    """Bytes."""
    archive_sha256: str
    """Of the whole archive, in hexadecimal."""

    def fetch(self, target: Path, report: Callable[[int], None]) -> None:
        """As ``fetch`` does."""
        url, sha256 = self.archive_url.get_secret_value(), self.archive_sha256
        fetch(url, target, size=self.archive_size, sha256=sha256, report=report)


def fetch(url: str, target: Path, *, size: int, sha256: str, report: Callable[[int], None]) -> None:
    """Write to ``target`` what is at the signed ``url``; ``report`` hears how many bytes are here.

    Raises ArchiveDamaged, ArchiveUnreadable.
    """
    hasher, done, reported = hashlib.sha256(), 0, 0.0
    with target.open("wb") as file:
        for chunk in _chunks(url):
            hasher.update(chunk)
            file.write(chunk)
            done += len(chunk)
            if time.monotonic() - reported > _SECONDS_BETWEEN_REPORTS:
                reported = time.monotonic()
                report(done)
    if (done, hasher.hexdigest()) != (size, sha256):
        raise ArchiveDamaged(
            f"the archive is damaged: expected {size} bytes with SHA-256 {sha256}, found {done} "
            f"bytes with {hasher.hexdigest()}"
        )


def _chunks(url: str) -> Iterator[bytes]:
    try:
        with BlobClient.from_blob_url(url, max_chunk_get_size=_CHUNK) as blob:
            yield from blob.download_blob().chunks()
    except AzureError as error:
        # Its text may quote the signed URL.
        code = getattr(error, "error_code", None) or type(error).__name__
        raise ArchiveUnreadable(f"the archive cannot be read: {code}") from None
