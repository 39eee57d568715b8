"""Other tools that mask PostgreSQL databases, each installed beside the benchmark by pip."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from infra.local.postgres import PostgresServer

HERE = Path(__file__).parent
INSTALLED = Path(tempfile.gettempdir()) / "signalbox-benchmark-peers"
"""Kept between runs: what is there is not installed again."""

_PATIENCE = 240


class PeerMissing(Exception):
    """A tool cannot be installed or does not run here; its row says why."""


@dataclass(frozen=True)
class Peer:
    """One tool: what pip installs, and its command line for a database."""

    name: str
    requirement: str
    arguments: Callable[[dict[str, str]], list[str]]

    def install(self) -> None:
        """Into a virtual environment of the tool's own. Raises PeerMissing."""
        folder = INSTALLED / self.name
        if not (folder / "bin" / self.name).exists():
            _run([sys.executable, "-m", "venv", str(folder)])
            _run([str(folder / "bin" / "pip"), "install", "--quiet", self.requirement])

    def mask(self, dsn: str) -> None:
        """Mask a database. Raises PeerMissing with the last line of what it said."""
        facts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
        command = [str(INSTALLED / self.name / "bin" / self.name), *self.arguments(facts)]
        _run(command, PGPASSWORD=facts["password"], PYNONYMIZER_DB_PASSWORD=facts["password"])


def _run(command: list[str], **more: str) -> None:
    path = f"{PostgresServer.bin('psql').parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **more, "PATH": path}
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=_PATIENCE)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout).decode(errors="replace").strip().splitlines()
        raise PeerMissing(said[-1] if said else f"status {error.returncode}") from error
    except subprocess.TimeoutExpired as error:
        raise PeerMissing(f"not done after {_PATIENCE} s") from error


def _pganonymize(facts: dict[str, str]) -> list[str]:
    where = ["--host", facts["host"], "--port", facts["port"], "--user", facts["user"]]
    schema = str(HERE / "pganonymize.yaml")
    what = ["--dbname", facts["dbname"], "--password", facts["password"], "--schema", schema]
    return [*where, *what]


def _pynonymizer(facts: dict[str, str]) -> list[str]:
    where = ["--db-host", facts["host"], "--db-port", facts["port"], "--db-user", facts["user"]]
    strategy = str(HERE / "pynonymizer.yaml")
    what = ["--db-name", facts["dbname"], "--strategy", strategy, "--only-step", "ANONYMIZE_DB"]
    return ["--db-type", "postgres", *where, *what]


PEERS = (
    Peer("pganonymize", "pganonymize==0.13.0", _pganonymize),
    Peer("pynonymizer", "pynonymizer==2.5.0", _pynonymizer),
)
