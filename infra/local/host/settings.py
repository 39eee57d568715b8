"""App settings: read from a file, resolved in bindings, shown to the app while it loads."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class SettingMissing(Exception):
    """A binding names an app setting that does not exist."""


def read_local_settings(path: Path) -> dict[str, str]:
    """The ``Values`` of a local.settings.json, the file that ``func start`` reads too."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("IsEncrypted"):
        raise ValueError(f"{path} is encrypted: decrypt it with 'func settings decrypt'.")
    return {name: str(value) for name, value in content["Values"].items()}


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """Replace every ``%NAME%`` by the app setting of that name."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise SettingMissing(
                f"{text!r} needs the app setting {match[1]!r}: add it to the settings"
            )
        return settings[match[1]]

    return re.sub(r"%([^%\s]+)%", value, text)


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Show the settings as environment variables, and put everything back at the end."""
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
