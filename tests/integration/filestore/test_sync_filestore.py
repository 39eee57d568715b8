"""A filestore beside its database: what is missing, not whole, or may not be brought."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
from psycopg import Connection
from typer.testing import CliRunner

from functions.filestore import FilesFlowBack, concerned
from functions.filestore.sync_filestore import FilesNotWhole, sync_filestore
from infra.local.postgres import PostgresServer
from shared.estate import Secrets, load_estate
from shared.filestore import BATCH, Seen, check_files, sync_files
from shared.messages.filestore import FilestoreSynced, FilestoreSyncRequested
from shared.odoo.placeholders import PLACEHOLDERS
from shared.postgres.databases import Databases
from shared.runs import Again, Run
from signalbox.__main__ import app
from tests.memoryblobs import MemoryBlobs

if TYPE_CHECKING:
    from infra.local.azurite import Azurite

FILE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
ESTATE = load_estate(FILE)
SOURCE, TARGET = "filestore/acme-prod/", "filestore/acme-staging/"
TABLE = """
    create table ir_attachment (
        id serial, name varchar, res_model varchar, res_field varchar, mimetype varchar,
        url varchar, store_fname varchar, file_size integer)
"""
KEPT, PERSONAL = "product.template", "hr.employee"


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    postgres.create_database("acme_staging")
    yield postgres.dsn("acme_staging")
    postgres.drop_database("acme_staging")


@pytest.fixture
def attachments(database: str) -> Iterator[Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(TABLE)
        yield connection


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


def path_of(content: bytes) -> str:
    digest = hashlib.sha1(content).hexdigest()
    return f"{digest[:2]}/{digest}"


def attach(connection: Connection, content: bytes, model: str = KEPT, path: str = "") -> str:
    path = path or path_of(content)
    connection.execute(
        "insert into ir_attachment (res_model, res_field, mimetype, store_fname, file_size)"
        " values (%s, 'image_1920', 'image/png', %s, %s)",
        [model, path, len(content)],
    )
    return path


def sync(
    postgres: PostgresServer, blobs: MemoryBlobs, checkpoint: Mapping[str, Any] | None = None
) -> FilestoreSynced | Again:
    known = checkpoint or {}
    run = Run(uuid4(), "acme-staging", 1, "sync_filestore", 1, known, lambda: True)
    resolve = Secrets({"ERP_NONPROD_DATABASE_URL": postgres.url()}).resolve
    return sync_filestore(
        FilestoreSyncRequested(environment="acme-staging", source="acme-prod"),
        run=run,
        estate=ESTATE,
        blobs=blobs,
        databases=Databases(ESTATE, resolve),
    )


def test_what_is_missing_or_not_whole_is_brought_and_the_rest_left_alone(
    attachments: Connection, postgres: PostgresServer, blobs: MemoryBlobs
) -> None:
    there, broken, missing = (attach(attachments, each) for each in (b"one", b"two", b"three"))
    attach(attachments, b"three")
    placeholder = PLACEHOLDERS["application/pdf"]
    attach(attachments, placeholder.content, PERSONAL)
    for content in (b"one", b"two", b"three", b"nobody refers to it"):
        blobs.upload(SOURCE + path_of(content), content)
    blobs.upload(TARGET + there, b"one")
    blobs.upload(TARGET + broken, b"t-o")
    untouched = blobs.properties(TARGET + there).etag

    synced = sync(postgres, blobs)

    size = len(b"onetwothree") + len(placeholder.content)
    assert synced == FilestoreSynced(
        source="acme-prod", files=4, bytes=size, copied=3, copied_bytes=size - len(b"one")
    )
    found = {blob.path.removeprefix(TARGET): blobs.read(blob.path) for blob in blobs.list(TARGET)}
    assert found == {
        there: b"one",
        broken: b"two",
        missing: b"three",
        placeholder.path: placeholder.content,
    }
    assert blobs.properties(TARGET + there).etag == untouched


def test_what_cannot_be_brought_is_named_by_attachment_after_all_the_rest_was(
    attachments: Connection, postgres: PostgresServer, blobs: MemoryBlobs
) -> None:
    corrupt, lost = attach(attachments, b"corrupt"), attach(attachments, b"lost")
    personal = attach(attachments, b"a portrait", PERSONAL)
    attach(attachments, b"", path="../acme-prod/secret")
    good = attach(attachments, b"good")
    blobs.upload(SOURCE + corrupt, b"other bytes")
    blobs.upload(SOURCE + personal, b"a portrait")
    blobs.upload(SOURCE + good, b"good")

    with pytest.raises(FilesNotWhole) as refused:
        sync(postgres, blobs)

    said = str(refused.value)
    assert "of 5 files 4 are not whole, 1 were brought" in said
    assert f"attachment 1: {corrupt} is corrupt" in said
    assert f"attachment 2: {lost} is missing" in said
    assert f"attachment 3: {personal} is withheld" in said
    assert "attachment 4: ../acme-prod/secret is misnamed" in said
    assert blobs.read(TARGET + good) == b"good"
    assert TARGET + personal not in {blob.path for blob in blobs.list(TARGET)}


def test_a_sync_that_is_cut_off_goes_on_where_it_was(
    attachments: Connection,
    postgres: PostgresServer,
    blobs: MemoryBlobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sync_files.__kwdefaults__, "budget", timedelta(0))
    files = BATCH + 3
    for number in range(files):
        path = attach(attachments, str(number).encode())
        blobs.upload(SOURCE + path, str(number).encode())

    first = sync(postgres, blobs)
    assert isinstance(first, Again)
    stored = json.loads(json.dumps(first.checkpoint))
    second = sync(postgres, blobs, stored)
    assert isinstance(second, Again)
    last = sync(postgres, blobs, second.checkpoint)

    assert stored["progress"] == {"phase": "prove files", "done": BATCH, "of": files}
    assert second.checkpoint["progress"]["done"] == files
    assert isinstance(last, FilestoreSynced)
    assert (last.files, last.copied) == (files, files)


def test_a_check_names_what_is_not_whole_and_changes_nothing(
    attachments: Connection, blobs: MemoryBlobs
) -> None:
    lost, whole = attach(attachments, b"lost"), attach(attachments, b"whole")
    placeholder = attach(attachments, PLACEHOLDERS["text/csv"].content)
    blobs.upload(TARGET + whole, b"whole")

    seen = check_files(attachments, blobs, TARGET, Seen())

    expected = {f"attachment 1: {lost} is missing", f"attachment 3: {placeholder} is missing"}
    assert (seen.finished, seen.files, set(seen.named)) == (True, 3, expected)
    assert [blob.path for blob in blobs.list(TARGET)] == [TARGET + whole]


@pytest.mark.parametrize(
    ("target", "source"), [("acme-prod", "acme-staging"), ("acme-staging", "acme-staging")]
)
def test_files_never_flow_back_to_real_data(target: str, source: str) -> None:
    with pytest.raises(FilesFlowBack, match=f"from {source} to {target}"):
        concerned(FilestoreSyncRequested(environment=target, source=source), ESTATE)


def test_the_command_reads_real_storage_and_says_what_is_not_whole(
    attachments: Connection,
    postgres: PostgresServer,
    azurite: "Azurite",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost, whole = attach(attachments, b"lost"), attach(attachments, b"whole")
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        with suppress(ResourceExistsError):
            service.create_container("filestore")
        service.get_blob_client("filestore", f"acme-staging/{whole}").upload_blob(b"whole")
    for name, value in (
        ("SIGNALBOX_ESTATE", str(FILE)),
        ("SIGNALBOX_LEDGER_URL", postgres.url("no ledger is needed")),
        ("SIGNALBOX_BLOBS", azurite.connection_string),
        ("ServiceBus", "Endpoint=sb://no.bus.is.needed"),
        ("ERP_NONPROD_DATABASE_URL", postgres.url()),
    ):
        monkeypatch.setenv(name, value)

    words = ["filestore", "check", "--environment", "acme-staging", "--json"]
    answer = CliRunner().invoke(app, words)

    said = json.loads(answer.stdout)
    assert (answer.exit_code, said["files"], said["problems"]) == (1, 2, 1)
    assert said["named"] == [f"attachment 1: {lost} is missing"]
