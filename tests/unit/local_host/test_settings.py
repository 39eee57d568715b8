"""App settings."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest

from infra.local.host.settings import SettingMissing, environment, read_local_settings, resolve


def test_names_in_percent_signs_become_their_settings() -> None:
    assert resolve("%A%-%B%", {"A": "1", "B": "2"}) == "1-2"
    assert resolve("0 */5 * * * *", {}) == "0 */5 * * * *"


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(SettingMissing, match="'TOPIC'"):
        resolve("%TOPIC%", {"OTHER": "x"})


def test_the_environment_is_put_back_even_after_an_error() -> None:
    before = dict(os.environ)

    with suppress(ZeroDivisionError), environment({"SIGNALBOX_TEST": "1", "PATH": ""}):
        os.environ["LEFT_BEHIND"] = os.environ["SIGNALBOX_TEST"]
        raise ZeroDivisionError

    assert dict(os.environ) == before


def test_values_are_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"IsEncrypted": False, "Values": {"A": "x", "N": 3}}))

    assert read_local_settings(path) == {"A": "x", "N": "3"}


def test_encrypted_settings_are_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"IsEncrypted": True, "Values": {}}))

    with pytest.raises(ValueError, match="func settings decrypt"):
        read_local_settings(path)
