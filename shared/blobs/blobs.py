"""What a step can do with blob storage, and what can be wrong with it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol

from shared.errors import PermanentError

SMALL = 64 * 1024 * 1024
"""Bytes that ``read`` takes into memory: manifests and listings, never archives."""

_CONTAINER = re.compile(r"[a-z0-9](-?[a-z0-9]){2,62}")
_FORBIDDEN = re.compile(r"[\\\x00-\x1f\x7f]|(^|/)\.\.?(/|$)|//")
_LONGEST_NAME = 1024


class BlobMissing(PermanentError):
    """A blob that has to be there is not."""


class BlobPathInvalid(PermanentError):
    """A path that no blob of ours can have."""


class BlobTooLarge(PermanentError):
    """A blob that should be small is too large to be read into memory."""


class BlobsRefused(PermanentError):
    """The storage account refuses what was asked; no repetition will change its mind."""


@dataclass(frozen=True)
class Blob:
    """What is known of a blob without reading it."""

    path: str
    """Container and name."""
    size: int
    """Bytes."""
    etag: str = field(default="", compare=False)
    md5: bytes | None = None
    """Of the content; None when the blob was not written in one piece."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Empty in listings."""


class Blobs(Protocol):
    """Every method raises BlobPathInvalid, BlobsRefused, or TemporaryError when storage is out of
    reach; every method but ``list``, ``upload`` and ``delete`` raises BlobMissing."""

    def properties(self, path: str) -> Blob:
        """Size, ETag, MD5 and metadata of a blob."""

    def read(self, path: str) -> bytes:
        """The content of a small blob. Raises BlobTooLarge beyond 64 MiB."""

    def digest(self, path: str, algorithm: Literal["sha1", "sha256"]) -> str:
        """Read the whole blob, of any size, and return the digest in hexadecimal."""

    def upload(self, path: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Write a blob in one piece; an existing one is replaced."""

    def copy(self, source: str, target: str) -> None:
        """Copy within the account, on its side; an existing target is replaced."""

    def delete(self, path: str) -> None:
        """Delete a blob, if it is there."""

    def list(self, prefix: str) -> Iterator[Blob]:
        """The blobs whose path starts with ``prefix``, by path; the container is a part of it."""

    def read_url(self, path: str, valid: timedelta) -> str:
        """A URL that anyone can read this one blob with for a while: a secret."""


def split_path(path: str) -> tuple[str, str]:
    """Container and name of ``container/name``.

    Raises BlobPathInvalid for what Azure would refuse or silently change.

    >>> split_path("backups/acme/manifest.json")
    ('backups', 'acme/manifest.json')
    """
    container, _, name = path.partition("/")
    if not name or name.endswith("/") or not _is_safe(container, name):
        raise BlobPathInvalid(
            f"{path!r} is no blob's path: expected container/name, without '..', '//' or '\\'"
        )
    return container, name


def split_prefix(prefix: str) -> tuple[str, str]:
    """Container and beginning of names of ``container/beginning``; the beginning may be empty."""
    container, _, start = prefix.partition("/")
    if not _is_safe(container, start):
        raise BlobPathInvalid(f"{prefix!r} is no prefix of blobs: expected container/beginning")
    return container, start


def _is_safe(container: str, name: str) -> bool:
    return bool(
        _CONTAINER.fullmatch(container)
        and len(name) <= _LONGEST_NAME
        and not _FORBIDDEN.search(name)
        and not name.startswith("/")
    )


def refuse_large(blob: Blob) -> None:
    """Raise BlobTooLarge when the blob must not be read into memory."""
    if blob.size > SMALL:
        raise BlobTooLarge(
            f"{blob.path} has {blob.size} bytes; at most {SMALL} are read into memory"
        )
