"""Blobs in memory, for tests of steps."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from shared.blobs.blobs import Blob, BlobMissing, refuse_large, split_path, split_prefix


class MemoryBlobs:
    """Behaves as AzureBlobs does; what is in it ends with the process."""

    def __init__(self) -> None:
        self._blobs: dict[str, tuple[Blob, bytes]] = {}
        self._writes = 0

    def properties(self, path: str) -> Blob:
        return self._find(path)[0]

    def read(self, path: str) -> bytes:
        blob, content = self._find(path)
        refuse_large(blob)
        return content

    def digest(self, path: str, algorithm: Literal["sha1", "sha256"]) -> str:
        return hashlib.new(algorithm, self._find(path)[1]).hexdigest()

    def upload(self, path: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        split_path(path)
        self._writes += 1
        md5 = hashlib.md5(content, usedforsecurity=False).digest()
        blob = Blob(path, len(content), f'"{self._writes}"', md5, dict(metadata or {}))
        self._blobs[path] = (blob, content)

    def delete(self, path: str) -> None:
        split_path(path)
        self._blobs.pop(path, None)

    def copy(self, source: str, target: str) -> None:
        blob, content = self._find(source)
        self.upload(target, content, blob.metadata)

    def list(self, prefix: str) -> Iterator[Blob]:
        split_prefix(prefix)
        container = prefix.partition("/")[0]
        for path, (blob, _) in sorted(self._blobs.items()):
            if path.startswith(prefix) and path.startswith(f"{container}/"):
                yield replace(blob, metadata={})

    def read_url(self, path: str, valid: timedelta) -> str:  # noqa: ARG002 - it never expires
        content = base64.b64encode(self._find(path)[1]).decode()
        return f"data:application/octet-stream;base64,{content}"

    def _find(self, path: str) -> tuple[Blob, bytes]:
        split_path(path)
        if path not in self._blobs:
            raise BlobMissing(f"There is no blob {path}.")
        return self._blobs[path]
