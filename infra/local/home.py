"""The folder of an embedded platform: whose it is, and what it remembers."""

import json
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infra.local.processes import FolderLock, free_port, is_free, write_private

MARKER = "signalbox-platform"
CLAIM = (
    "An embedded platform of Signalbox keeps its state in this folder. Reset removes all of it.\n"
)
SECRETS = ("SIGNALBOX_MASKING_KEY", "FUNCTIONS_HOST_KEY")


class FolderNotOurs(RuntimeError):
    """The folder holds something else than an embedded platform: name another one."""


class Home:
    """A folder that one platform at a time uses, and that nothing else does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._lock = FolderLock(self.folder)

    def enter(self) -> None:
        """Take the folder; raises FolderInUse or FolderNotOurs."""
        self._refuse_strangers()
        self._lock.acquire()
        self.folder.chmod(0o700)  # the parts keep secrets of the estate in it
        (self.folder / MARKER).write_text(CLAIM)

    def leave(self) -> None:
        """Let another platform take the folder. Harmless when it was not taken."""
        self._lock.release()

    def ports(self, names: Iterable[str]) -> dict[str, int]:
        """Return a port for each name: the one of last time, unless somebody else has it now."""
        kept = self._read("ports.json")
        ports = {name: _still_free(kept.get(name)) for name in names}
        (self.folder / "ports.json").write_text(json.dumps(kept | ports, indent=2))
        return ports

    def secrets(self) -> dict[str, str]:
        """Return the app settings that are secrets of this platform, made the first time."""
        kept = self._read("secrets.json") or {name: secrets.token_urlsafe(32) for name in SECRETS}
        write_private(self.folder / "secrets.json", json.dumps(kept))
        return kept

    def erase(self) -> None:
        """Remove the folder and everything in it; raises FolderInUse or FolderNotOurs."""
        if not self.folder.exists():
            return
        self._refuse_strangers()
        with self._lock:
            shutil.rmtree(self.folder)

    def _refuse_strangers(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise FolderNotOurs(f"{self.folder} is no folder.")
        if (self.folder / MARKER).exists() or not self.folder.exists():
            return
        if any(entry.name != "lock" for entry in self.folder.iterdir()):
            raise FolderNotOurs(
                f"{self.folder} holds something else than an embedded platform. "
                "Name another folder."
            )

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        return json.loads(path.read_text()) if path.exists() else {}


def _still_free(port: int | None) -> int:
    return port if port is not None and is_free(port) else free_port()
