"""Copying the filestore and verifying it, on a database of three attachments."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import psycopg
import pytest

from functions.refresh.filestores import FilestoreIncomplete
from functions.refresh.verify_environment import VerificationFailed
from infra.local.postgres import PostgresServer
from shared.blobs import BlobMissing
from shared.messages.refresh import FilestoreCopied
from shared.odoo.manifest import FilestoreEntry
from shared.odoo.placeholders import PLACEHOLDERS
from shared.runs import Again
from tests.backups import manifest
from tests.integration.refresh.conftest import mark, sanitized_facts
from tests.integration.refresh.passage import Passage
from tests.memoryblobs import MemoryBlobs

CONTENTS = (b"invoice", b"delivery slip", b"portrait", b"of a dropped message")


def path_of(content: bytes) -> str:
    digest = hashlib.sha1(content).hexdigest()
    return f"{digest[:2]}/{digest}"


FILES = sorted(path_of(content) for content in CONTENTS[:3])
UNREFERRED = path_of(CONTENTS[3])


@pytest.fixture
def blobs() -> MemoryBlobs:
    """A backup of a production with four files, of which three survive sanitizing."""
    blobs = MemoryBlobs()
    entries = []
    for content in CONTENTS:
        path = path_of(content)
        blobs.upload(f"filestore/acme-prod/{path}", content)
        entries.append(FilestoreEntry(path=path, size=len(content), sha1=path[3:]))
    listing = "".join(entry.model_dump_json() + "\n" for entry in entries).encode()
    blobs.upload("backups/b/filestore.jsonl", listing)
    known = {"path": "b/filestore.jsonl", "sha256": hashlib.sha256(listing).hexdigest()}
    backup = manifest(archive={"path": "b/database.dump"}, filestore={"files": 4, **known})
    blobs.upload("backups/b/manifest.json", backup.model_dump_json().encode())
    return blobs


@pytest.fixture
def copied(passage: Passage, blobs: MemoryBlobs, postgres: PostgresServer) -> FilestoreCopied:
    """A clone that refers to three files; the run's blobs are in memory."""
    passage.use_blobs(blobs)
    database = f"acme_staging_incoming_{passage.short}"
    passage.resources.databases.create("erp-nonprod", database)
    with psycopg.connect(postgres.dsn(database)) as connection:
        connection.execute(
            "create table ir_attachment (store_fname text, checksum text, file_size int)"
        )
        connection.cursor().executemany(
            "insert into ir_attachment (store_fname) values (%s)", [(path,) for path in FILES]
        )
    mark(passage, database)
    content = blobs.read("backups/b/manifest.json")
    return sanitized_facts(database).become(
        FilestoreCopied,
        manifest="backups/b/manifest.json",
        manifest_sha256=hashlib.sha256(content).hexdigest(),
        endpoints=0,
        files=0,
        bytes=0,
    )


def in_staging(blobs: MemoryBlobs) -> list[str]:
    prefix = "filestore/acme-staging/"
    return [blob.path.removeprefix(prefix) for blob in blobs.list(prefix)]


def test_only_files_that_the_database_refers_to_are_copied(
    passage: Passage, copied: FilestoreCopied, blobs: MemoryBlobs
) -> None:
    found = passage.do("copy_filestore", copied)

    assert in_staging(blobs) == FILES
    assert UNREFERRED not in in_staging(blobs)
    assert (found.files, found.bytes) == (3, len(b"".join(CONTENTS[:3])))


def test_a_placeholder_is_not_in_the_backup_and_is_put_there(
    passage: Passage, copied: FilestoreCopied, blobs: MemoryBlobs, postgres: PostgresServer
) -> None:
    placeholder = PLACEHOLDERS["application/pdf"]
    with psycopg.connect(postgres.dsn(copied.database)) as connection:
        connection.execute(
            "update ir_attachment set store_fname = %s where store_fname = %s",
            (placeholder.path, FILES[0]),
        )

    found = passage.do("copy_filestore", copied)

    assert found.files == 3
    assert in_staging(blobs) == sorted([*FILES[1:], placeholder.path])
    assert blobs.read(f"filestore/acme-staging/{placeholder.path}") == placeholder.content


def test_a_file_that_is_there_is_not_copied_again(
    passage: Passage, copied: FilestoreCopied, blobs: MemoryBlobs
) -> None:
    first = passage.do("copy_filestore", copied)
    etags = [blob.etag for blob in blobs.list("filestore/acme-staging/")]

    second = passage.do("copy_filestore", copied)

    assert second == first
    assert [blob.etag for blob in blobs.list("filestore/acme-staging/")] == etags


def test_a_half_written_file_is_copied_again(
    passage: Passage, copied: FilestoreCopied, blobs: MemoryBlobs
) -> None:
    blobs.upload(f"filestore/acme-staging/{FILES[0]}", b"")

    passage.do("copy_filestore", copied)

    target = blobs.read(f"filestore/acme-staging/{FILES[0]}")
    assert target == blobs.read(f"filestore/acme-prod/{FILES[0]}")


def use_up_every_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look gets one file done."""
    monkeypatch.setattr("shared.filestore.BATCH", 1)
    for step in ("copy_filestore", "verify_environment"):
        monkeypatch.setattr(import_module(f"functions.refresh.{step}"), "BUDGET", timedelta(0))


def test_a_used_budget_goes_on_where_it_stopped(
    passage: Passage, copied: FilestoreCopied, blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_up_every_budget(monkeypatch)

    first = passage.look("copy_filestore", copied)
    after_first = in_staging(blobs)
    passage.do("copy_filestore", copied)

    assert isinstance(first, Again)
    assert first.checkpoint["progress"] == {"phase": "copy files", "done": 1, "of": 3}
    assert after_first == FILES[:1]
    assert in_staging(blobs) == FILES


def test_an_attachment_without_a_file_in_the_backup_fails_the_run(
    passage: Passage, copied: FilestoreCopied, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn(copied.database)) as connection:
        connection.execute("insert into ir_attachment (store_fname) values ('../../etc/passwd')")

    with pytest.raises(FilestoreIncomplete, match=r"1 of 4 files .* such as \.\./\.\./etc"):
        passage.do("copy_filestore", copied)


def test_a_file_that_production_has_lost_fails_the_run(
    passage: Passage, copied: FilestoreCopied, blobs: MemoryBlobs
) -> None:
    blobs.delete(f"filestore/acme-prod/{FILES[1]}")

    with pytest.raises(BlobMissing, match=FILES[1]):
        passage.do("copy_filestore", copied)


Damage = Callable[[MemoryBlobs, str], None]


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        (lambda blobs, path: blobs.delete(path), "files-are-there"),
        (lambda blobs, path: blobs.upload(path, b"short"), "files-are-there"),
        (lambda blobs, path: blobs.upload(path, b"X" * len(blobs.read(path))), "files-are-whole"),
    ],
)
def test_a_damaged_file_fails_the_verification(
    passage: Passage, copied: FilestoreCopied, blobs: MemoryBlobs, damage: Damage, check: str
) -> None:
    passage.do("copy_filestore", copied)
    damage(blobs, f"filestore/acme-staging/{FILES[2]}")

    with pytest.raises(VerificationFailed, match=rf"1 checks failed: {check} .*{FILES[2]}"):
        passage.do("verify_environment", copied)


def test_verifying_reads_each_file_once_over_all_looks(
    passage: Passage, copied: FilestoreCopied, blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_up_every_budget(monkeypatch)
    passage.do("copy_filestore", copied)

    looks = [passage.look("verify_environment", copied) for _ in range(2)]

    assert [
        look.checkpoint["files_read_up_to"] for look in looks if isinstance(look, Again)
    ] == FILES[:2]
    with pytest.raises(VerificationFailed, match="installed-modules"):
        passage.look("verify_environment", copied)
