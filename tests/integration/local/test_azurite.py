"""The embedded Azurite, through the Azure SDK."""

import fcntl
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from infra.local.azurite import Azurite
from infra.local.azurite.azurite import HERE, MAIN
from infra.local.npm import NpmFailed, installed
from infra.local.processes import FolderInUse, PartFailed


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[tuple[Azurite, BlobServiceClient]]:
    with (
        Azurite(tmp_path / "azurite") as azurite,
        BlobServiceClient.from_connection_string(azurite.connection_string) as client,
    ):
        yield azurite, client


def test_blobs_survive_a_restart_on_the_same_port(
    blobs: tuple[Azurite, BlobServiceClient],
) -> None:
    azurite, client = blobs
    container = client.create_container("backups")
    container.upload_blob("acme/database.dump", b"PGDMP", metadata={"epoch": "7"})

    azurite.restart()

    found = container.download_blob("acme/database.dump")
    assert (found.readall(), found.properties.metadata) == (b"PGDMP", {"epoch": "7"})


def test_it_starts_again_after_a_kill(blobs: tuple[Azurite, BlobServiceClient]) -> None:
    azurite, client = blobs

    azurite.kill()
    assert not azurite.running
    azurite.start()

    client.create_container("backups")


def test_blobs_in_memory_leave_nothing_on_disk(azurite: Azurite) -> None:
    client = BlobServiceClient.from_connection_string(azurite.connection_string)

    with client:
        client.create_container("in-memory").upload_blob("one", b"1" * 1_000_000)

    assert {path.name for path in azurite.folder.iterdir()} <= {
        "lock",
        "azurite.log",
        "azurite.pid",
    }


def test_two_do_not_share_a_folder(blobs: tuple[Azurite, BlobServiceClient]) -> None:
    azurite, _ = blobs

    with pytest.raises(FolderInUse):
        Azurite(azurite.folder).start()


def test_a_port_that_is_taken_is_named(
    blobs: tuple[Azurite, BlobServiceClient], tmp_path: Path
) -> None:
    azurite, _ = blobs

    with pytest.raises(PartFailed, match=f"port {azurite.port} is taken"):
        Azurite(tmp_path / "other", azurite.port).start()


def test_the_lock_file_pins_the_version_that_is_installed() -> None:
    version = json.loads((HERE / "package.json").read_text())["dependencies"]["azurite"]

    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]

    assert locked["node_modules/azurite"]["version"] == version
    assert all("integrity" in package for path, package in locked.items() if path)
    assert (installed(HERE, print) / MAIN).exists()


def test_an_installation_in_progress_is_waited_for_and_not_repeated(tmp_path: Path) -> None:
    said: list[str] = []
    finished = tmp_path / installed(HERE, print).name
    with ThreadPoolExecutor() as pool:
        with finished.with_name(f"{finished.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            second = pool.submit(installed, HERE, said.append, tmp_path)

            with pytest.raises(TimeoutError):
                second.result(0.2)
            finished.mkdir()

        assert second.result(10) == finished
    assert said == []


def test_a_failed_installation_says_what_npm_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")

    with pytest.raises(NpmFailed, match=r"npm registry can be reached(.|\n)*ECONNREFUSED"):
        installed(HERE, print, tmp_path)

    assert not list(tmp_path.glob("npm-azurite-*[0-9a-f]"))
