"""Odoo's filestore: files named for the SHA-1 of their content, in an archive or in blobs."""

import hashlib
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from azure.storage.blob import ContainerClient

from shared.odoo.manifest import FilestoreEntry

FileSink = Callable[[str, bytes], None]

STORED = re.compile(
    r"^(?:filestore/)?(?:(?!checklist/)[^/]+/)?(?P<path>(?P<folder>[0-9a-f]{2})/(?P=folder)[0-9a-f]{38})$"
)
UPLOADS = 8


class UnsafeArchive(Exception):
    """A filestore archive holds something that could land outside of the filestore."""


@dataclass(frozen=True)
class UnpackedFilestore:
    """What an archive held: files and bytes handed on, and the damaged among them."""

    files: int
    bytes: int
    damaged: tuple[str, ...]


def blob_name(prefix: str, path: str) -> str:
    """Return the blob of a path under a prefix, which may end with a slash or not."""
    return f"{prefix.rstrip('/')}/{path}" if prefix else path


def upload_filestore(
    container: ContainerClient, prefix: str, files: Iterable[tuple[str, bytes]]
) -> int:
    """Upload (path, content) pairs under ``prefix``, several at a time; return how many."""

    def upload(file: tuple[str, bytes]) -> None:
        container.upload_blob(blob_name(prefix, file[0]), file[1], overwrite=True)

    with ThreadPoolExecutor(UPLOADS) as pool:
        return sum(1 for _ in pool.map(upload, files))


def stored_files(container: ContainerClient, prefix: str) -> Iterator[FilestoreEntry]:
    """List the filestore under ``prefix`` in the order of its paths; other blobs are left out.

    The SHA-1 is the one in the name: the content is not read.
    """
    start = blob_name(prefix, "")
    for blob in container.list_blobs(name_starts_with=start):
        path = blob.name.removeprefix(start)
        if STORED.match(path) and path.count("/") == 1:
            yield FilestoreEntry(path=path, size=blob.size, sha1=path[3:])


def unpack_filestore(archive: Path, sink: FileSink) -> UnpackedFilestore:
    """Hand every file of a tar archive to ``sink`` as (``xx/<sha1>``, content).

    Accepted layouts are ``filestore/DB/xx/sha1``, ``DB/xx/sha1`` and ``xx/sha1``; what is not named
    like a stored file (``checklist/``) is left out. A file whose content has another SHA-1 than its
    name is handed on, as Odoo would serve it, and reported.

    Raises UnsafeArchive for absolute paths, ``..``, links and devices, before anything after them.
    """
    files = total = 0
    damaged = []
    with tarfile.open(archive) as tar:
        for member in tar:
            path = _stored_path(member)
            source = tar.extractfile(member) if path is not None else None
            if path is None or source is None:
                continue
            content = source.read()
            if hashlib.sha1(content).hexdigest() != path[3:]:
                damaged.append(path)
            sink(path, content)
            files, total = files + 1, total + len(content)
    return UnpackedFilestore(files, total, tuple(damaged))


def _stored_path(member: tarfile.TarInfo) -> str | None:
    """Return where Odoo keeps the member's content, None for what is no stored file."""
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
        raise UnsafeArchive(
            f"{member.name!r} in the filestore archive is a link, a device or a path that leads out"
            " of it. Nothing like it belongs in a filestore: pack the folder again."
        )
    stored = STORED.match(str(name)) if member.isfile() else None
    return stored["path"] if stored else None
