"""A deployment is named once, and then by its profile."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from signalbox.__main__ import app
from signalbox.errors import Unusable
from signalbox.session import profile_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    folder = Path(typer.get_app_dir("signalbox"))
    folder.mkdir(parents=True)
    return folder


def test_a_profile_is_a_settings_file_of_that_name(folder: Path) -> None:
    (folder / "europe.json").write_text("{}")

    assert profile_file("europe") == folder / "europe.json"


@pytest.mark.parametrize("name", ["asia", "../europe", ""])
def test_an_unknown_profile_is_refused_with_those_that_are_known(folder: Path, name: str) -> None:
    (folder / "europe.json").write_text("{}")

    with pytest.raises(Unusable, match="known: europe"):
        profile_file(name)


def test_a_profile_and_a_settings_file_at_once_are_refused() -> None:
    words = ["--profile", "europe", "--settings", "x.json", "runs", "list"]

    answer = CliRunner().invoke(app, words)

    assert isinstance(answer.exception, Unusable)
