"""host.json."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.local.host.config import read_host_config

ROOT = Path(__file__).parents[3]


def write(folder: Path, content: dict[str, Any]) -> Path:
    (folder / "host.json").write_text(json.dumps(content))
    return folder


def test_defaults_are_those_of_the_host(tmp_path: Path) -> None:
    extensions = read_host_config(write(tmp_path, {"version": "2.0"}), {}).extensions

    assert extensions.http.route_prefix == "api"
    assert extensions.service_bus.max_concurrent_calls == 16
    assert extensions.service_bus.prefetch_count == 0
    assert extensions.service_bus.max_auto_lock_renewal_duration == timedelta(minutes=5)


def test_app_settings_override_the_file(tmp_path: Path) -> None:
    name = "AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls"

    config = read_host_config(write(tmp_path, {"version": "2.0"}), {name: "3"})

    assert config.extensions.service_bus.max_concurrent_calls == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [("00:10:00", timedelta(minutes=10)), ("1.02:00:00", timedelta(days=1, hours=2))],
)
def test_durations_are_dotnet_timespans(tmp_path: Path, text: str, expected: timedelta) -> None:
    section = {"maxAutoLockRenewalDuration": text}
    content = {"version": "2.0", "extensions": {"serviceBus": section}}

    config = read_host_config(write(tmp_path, content), {})

    assert config.extensions.service_bus.max_auto_lock_renewal_duration == expected


@pytest.mark.parametrize(
    "section",
    [
        {"messageHandlerOptions": {"maxConcurrentCalls": 2}},
        {"autoCompleteMessages": False},
        {"maxConcurrentCalls": 0},
    ],
)
def test_settings_that_would_be_ignored_or_cannot_work_are_refused(
    tmp_path: Path, section: dict[str, Any]
) -> None:
    content = {"version": "2.0", "extensions": {"serviceBus": section}}

    with pytest.raises(ValidationError, match=next(iter(section))):
        read_host_config(write(tmp_path, content), {})


def test_the_project_s_own_file_is_understood_and_every_value_has_its_reason() -> None:
    content = json.loads((ROOT / "host.json").read_text())
    reasons = (ROOT / "infra" / "README.md").read_text()

    read_host_config(ROOT, {})

    assert [key for key in leaves(content) if f"`{key}`" not in reasons] == []


def leaves(content: dict[str, Any]) -> list[str]:
    return [
        leaf
        for key, value in content.items()
        for leaf in (leaves(value) if isinstance(value, dict) else [key])
    ]
