"""Finding backups in storage."""

from shared.blobs.blobs import BlobMissing, Blobs
from shared.estate import BlobFolder


def newest_manifest(blobs: Blobs, folder: BlobFolder) -> str | None:
    """The path of the newest complete backup's manifest: folders are named for their time."""
    try:
        paths = [blob.path for blob in blobs.list(f"{folder.container}/{folder.prefix}")]
    except BlobMissing:
        return None
    return max((path for path in paths if path.endswith("/manifest.json")), default=None)
