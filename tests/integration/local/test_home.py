"""The platform's folder: whose it is, and what it remembers."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.home import FolderNotOurs, Home
from infra.local.processes import FolderInUse


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A folder in use."""
    home = Home(tmp_path / "platform")
    home.enter()
    yield home
    home.leave()


def test_a_folder_with_something_else_is_neither_used_nor_erased(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()

    for use in (Home(tmp_path).enter, Home(tmp_path).erase):
        with pytest.raises(FolderNotOurs, match="something else than an embedded platform"):
            use()

    assert (tmp_path / "thesis.txt").exists()


def test_a_file_is_not_taken_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FolderNotOurs, match="is no folder"):
        Home(tmp_path / "file").enter()


def test_an_empty_folder_can_be_used_and_erased(tmp_path: Path) -> None:
    home = Home(tmp_path)

    home.enter()
    home.leave()
    home.erase()
    home.erase()

    assert not tmp_path.exists()


def test_it_is_used_by_one_at_a_time(home: Home) -> None:
    other = Home(home.folder)

    with pytest.raises(FolderInUse):
        other.enter()
    with pytest.raises(FolderInUse):
        other.erase()

    home.leave()
    other.enter()
    other.leave()


def test_ports_are_kept_unless_somebody_else_took_them(home: Home) -> None:
    before = home.ports(["bus", "host"])

    with socket.create_server(("127.0.0.1", before["bus"])):
        after = home.ports(["bus", "host"])

    assert after["host"] == before["host"]
    assert after["bus"] != before["bus"]
    assert len({*before.values(), *after.values()}) == 3


def test_secrets_are_made_once_and_are_private(home: Home) -> None:
    secrets = home.secrets()

    assert Home(home.folder).secrets() == secrets
    assert len(set(secrets.values())) == len(secrets) == 2
    file = home.folder / "secrets.json"
    assert json.loads(file.read_text()) == secrets
    assert file.stat().st_mode & 0o777 == 0o600
