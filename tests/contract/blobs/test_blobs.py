"""What both kinds of blob storage promise."""

import hashlib
import urllib.request
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from azure.storage.blob import BlobServiceClient

from shared.blobs import (
    AzureBlobs,
    Blob,
    BlobMissing,
    BlobPathInvalid,
    Blobs,
    BlobTooLarge,
)
from shared.blobs.blobs import SMALL, refuse_large
from shared.errors import TemporaryError
from tests.memoryblobs import MemoryBlobs

if TYPE_CHECKING:
    from infra.local.azurite import Azurite

_numbers = count(1)


@pytest.fixture(params=["memory", "azurite"])
def blobs(request: pytest.FixtureRequest) -> Blobs:
    if request.param == "memory":
        return MemoryBlobs()
    azurite: Azurite = request.getfixturevalue("azurite")
    return AzureBlobs.connect(azurite.connection_string)


@pytest.fixture
def place(request: pytest.FixtureRequest, blobs: Blobs) -> str:
    """A container of the test's own."""
    name = f"blobs-{next(_numbers)}"
    if isinstance(blobs, AzureBlobs):
        azurite: Azurite = request.getfixturevalue("azurite")
        with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
            service.create_container(name)
    return name


def test_what_was_uploaded_is_read_back(blobs: Blobs, place: str) -> None:
    blobs.upload(f"{place}/a/b.txt", b"first")
    blobs.upload(f"{place}/a/b.txt", b"second")

    assert blobs.read(f"{place}/a/b.txt") == b"second"


def test_properties_tell_size_md5_and_metadata(blobs: Blobs, place: str) -> None:
    blobs.upload(f"{place}/b", b"content", {"epoch": "7"})

    found = blobs.properties(f"{place}/b")

    md5 = hashlib.md5(b"content", usedforsecurity=False).digest()
    assert found == Blob(f"{place}/b", 7, md5=md5, metadata={"epoch": "7"})


def test_the_etag_changes_with_every_write(blobs: Blobs, place: str) -> None:
    blobs.upload(f"{place}/b", b"same")
    before = blobs.properties(f"{place}/b").etag

    blobs.upload(f"{place}/b", b"same")

    assert blobs.properties(f"{place}/b").etag != before


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("content", [b"", b"content", b"x" * 5_000_000])
def test_a_digest_is_of_the_whole_content(
    blobs: Blobs, place: str, algorithm: str, content: bytes
) -> None:
    blobs.upload(f"{place}/b", content)

    found = blobs.digest(f"{place}/b", algorithm)  # type: ignore[arg-type]

    assert found == hashlib.new(algorithm, content).hexdigest()


def test_a_copy_replaces_its_target(blobs: Blobs, place: str) -> None:
    blobs.upload(f"{place}/from", b"new")
    blobs.upload(f"{place}/to", b"old")

    blobs.copy(f"{place}/from", f"{place}/to")

    assert blobs.read(f"{place}/to") == b"new"


def test_a_listing_has_what_starts_with_the_prefix_by_path(blobs: Blobs, place: str) -> None:
    for name in ("x/2", "x/1", "xy", "y"):
        blobs.upload(f"{place}/{name}", name.encode(), {"some": "thing"})

    found = list(blobs.list(f"{place}/x/"))

    assert [(each.path, each.size) for each in found] == [(f"{place}/x/1", 3), (f"{place}/x/2", 3)]
    assert found[0].md5 == hashlib.md5(b"x/1", usedforsecurity=False).digest()


def test_a_listing_of_nothing_is_empty(blobs: Blobs, place: str) -> None:
    assert list(blobs.list(f"{place}/nothing/")) == []


def test_a_read_url_needs_no_credentials(blobs: Blobs, place: str) -> None:
    blobs.upload(f"{place}/a b/ü.txt", b"content")

    url = blobs.read_url(f"{place}/a b/ü.txt", timedelta(minutes=5))

    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"content"


def test_a_missing_blob_is_said_to_be_missing(blobs: Blobs, place: str) -> None:
    missing = f"{place}/missing"

    for use in (
        lambda: blobs.properties(missing),
        lambda: blobs.read(missing),
        lambda: blobs.digest(missing, "sha1"),
        lambda: blobs.copy(missing, f"{place}/target"),
        lambda: blobs.read_url(missing, timedelta(minutes=1)),
    ):
        with pytest.raises(BlobMissing, match=missing):
            use()


@pytest.mark.parametrize(
    "path", ["", "abc", "abc/", "Abc/x", "ab/x", "abc/../x", "abc/a//b", "abc/a\\b", "abc/\n"]
)
def test_a_path_that_no_blob_can_have_is_refused(blobs: Blobs, path: str) -> None:
    for use in (blobs.properties, blobs.read):
        with pytest.raises(BlobPathInvalid):
            use(path)
    with pytest.raises(BlobPathInvalid):
        blobs.upload(path, b"")


def test_a_large_blob_is_not_read_into_memory() -> None:
    with pytest.raises(BlobTooLarge, match="backups/huge"):
        refuse_large(Blob("backups/huge", SMALL + 1))


def test_storage_out_of_reach_is_temporary_and_tells_no_secret() -> None:
    account = (
        "DefaultEndpointsProtocol=http;AccountName=one;AccountKey=c2VjcmV0;"
        "BlobEndpoint=http://127.0.0.1:1/one;"
    )
    service = BlobServiceClient.from_connection_string(account, retry_total=0)

    with service, pytest.raises(TemporaryError, match="out of reach") as failure:
        AzureBlobs(service).properties("backups/x")

    assert "c2VjcmV0" not in str(failure.value)
