"""The settings for `func start`: written anew at each start, never over a person's."""

from pathlib import Path

import pytest

from infra.local.coretools import NAME, offer_settings
from infra.local.host.settings import read_local_settings


def test_settings_are_written_and_written_again_for_their_owner_alone(tmp_path: Path) -> None:
    assert offer_settings(tmp_path, {"ServiceBus": "Endpoint=sb://one"})
    assert offer_settings(tmp_path, {"ServiceBus": "Endpoint=sb://two"})

    assert read_local_settings(tmp_path / NAME)["ServiceBus"] == "Endpoint=sb://two"
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ['{"Values": {"MINE": "1"}}', '{"Values": null}', "[]", "{"])
def test_the_file_of_a_person_stays_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text, "utf-8")

    assert not offer_settings(tmp_path, {"ServiceBus": "Endpoint=sb://ours"})

    assert (tmp_path / NAME).read_text("utf-8") == text


def test_git_never_sees_the_file() -> None:
    ignored = (Path(__file__).parents[3] / ".gitignore").read_text("utf-8").split()

    assert NAME in ignored
