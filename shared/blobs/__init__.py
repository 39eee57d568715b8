"""Blob storage: backups and filestores, addressed as ``container/path/in/it``.

Reading, hashing and copying are safe from many threads at once.
"""

from shared.blobs.azure import AzureBlobs
from shared.blobs.blobs import (
    Blob,
    BlobMissing,
    BlobPathInvalid,
    Blobs,
    BlobsRefused,
    BlobTooLarge,
    split_path,
)

__all__ = [
    "AzureBlobs",
    "Blob",
    "BlobMissing",
    "BlobPathInvalid",
    "BlobTooLarge",
    "Blobs",
    "BlobsRefused",
    "split_path",
]
