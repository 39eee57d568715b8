"""The settings file that ``func start`` (Azure Functions Core Tools) reads in an app's folder."""

import json
from collections.abc import Mapping
from pathlib import Path

from infra.local.processes import write_private

NAME = "local.settings.json"
MARK = "SIGNALBOX_SETTINGS_WRITTEN_BY"
"""The setting by which we know our own file again."""


def offer_settings(app: Path, settings: Mapping[str, str]) -> bool:
    """Write the settings into the app's folder, readable by its owner only.

    Returns False, and leaves the file alone, when a person wrote it.
    """
    place = app / NAME
    if place.exists() and not _is_ours(place):
        return False
    values = {**settings, MARK: "signalbox up"}
    write_private(place, json.dumps({"IsEncrypted": False, "Values": values}, indent=2))
    return True


def _is_ours(place: Path) -> bool:
    try:
        return MARK in json.loads(place.read_text("utf-8"))["Values"]
    except (ValueError, KeyError, TypeError):
        return False
