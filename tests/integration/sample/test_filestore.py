"""A filestore comes out of an archive and goes into blob storage, and nowhere else."""

import hashlib
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from infra.local.sample import UnsafeArchive, unpack_filestore, upload_filestore
from infra.local.sample.filestore import stored_files

CONTENT = b"An invoice"
SHA1 = hashlib.sha1(CONTENT).hexdigest()
STORED = f"{SHA1[:2]}/{SHA1}"


def pack(target: Path, *members: tuple[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(target, "w:gz") as tar:
        for name, content in members:
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))
    return target


def special(name: str, kind: bytes, target: str = "") -> tuple[str, tarfile.TarInfo]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return name, member


@pytest.mark.parametrize(
    "folder", ["filestore/production/", "production/", "./production/", "", "./"]
)
def test_files_are_found_in_every_usual_layout(tmp_path: Path, folder: str) -> None:
    archive = pack(
        tmp_path / "filestore.tar.gz",
        special(folder or "./", tarfile.DIRTYPE),
        (f"{folder}{STORED}", CONTENT),
        (f"{folder}checklist/ab/{'ab' * 20}", b""),
    )
    files: dict[str, bytes] = {}

    unpacked = unpack_filestore(archive, files.__setitem__)

    assert files == {STORED: CONTENT}
    assert (unpacked.files, unpacked.bytes, unpacked.damaged) == (1, len(CONTENT), ())


@pytest.mark.parametrize(
    "evil",
    [
        (f"../{STORED}", CONTENT),
        (f"production/../../{STORED}", CONTENT),
        (f"/{STORED}", CONTENT),
        special(STORED, tarfile.SYMTYPE, "/etc/passwd"),
        special(STORED, tarfile.LNKTYPE, "../outside"),
        special(STORED, tarfile.CHRTYPE),
        special(STORED, tarfile.FIFOTYPE),
    ],
    ids=["up", "up-inside", "absolute", "symlink", "hardlink", "device", "pipe"],
)
def test_what_leads_out_of_the_archive_is_refused(
    tmp_path: Path, evil: tuple[str, bytes | tarfile.TarInfo]
) -> None:
    archive = pack(tmp_path / "filestore.tar.gz", evil, (STORED, CONTENT))
    files: dict[str, bytes] = {}

    with pytest.raises(UnsafeArchive, match="pack the folder again"):
        unpack_filestore(archive, files.__setitem__)

    assert files == {}


def test_a_damaged_file_is_handed_on_and_reported(tmp_path: Path) -> None:
    archive = pack(tmp_path / "filestore.tar.gz", (STORED, b"something else"))
    files: dict[str, bytes] = {}

    unpacked = unpack_filestore(archive, files.__setitem__)

    assert unpacked.damaged == (STORED,)
    assert files == {STORED: b"something else"}


@pytest.mark.parametrize("prefix", ["acme-prod/", "acme-prod"])
def test_uploaded_files_are_listed_and_other_blobs_are_not(
    container: ContainerClient, prefix: str
) -> None:
    container.upload_blob(f"acme-prod-old/{STORED}", CONTENT)
    container.upload_blob("acme-prod/checklist/x", b"")

    uploaded = upload_filestore(container, prefix, [(STORED, CONTENT)])

    assert uploaded == 1
    assert [(file.path, file.size, file.sha1) for file in stored_files(container, prefix)] == [
        (STORED, len(CONTENT), SHA1)
    ]
    assert container.download_blob(f"acme-prod/{STORED}").readall() == CONTENT


def test_a_failed_upload_is_not_hidden(container: ContainerClient) -> None:
    container.delete_container()

    with pytest.raises(Exception, match=r"ContainerNotFound|ContainerBeingDeleted"):
        upload_filestore(container, "acme-prod/", [(STORED, CONTENT)])
