"""The program of the restore Job: fetch an archive, prove it whole, load a part of it.

The rows come first; indexes and constraints come with a second Job, after the rows were masked,
so that they are built once. Its settings come as environment variables out of a Secret. It writes
one JSON line per sign of progress, and nothing that is secret.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NoReturn

import psycopg
from psycopg.pq import Conninfo
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.postgres.archives import ArchiveDamaged, ArchiveSettings, ArchiveUnreadable
from shared.postgres.postponed import record_unique_columns, unique_columns

Part = Literal["rows", "indexes"]
"""rows: tables, views, functions, and what is in them. indexes: those, constraints and triggers."""

ARCHIVE_IS_WRONG = 65
"""Exit code: no repetition will help, the archive is not what the manifest says (EX_DATAERR)."""
TRY_AGAIN = 75
"""Exit code: storage or server failed (EX_TEMPFAIL)."""

_SECONDS_BETWEEN_REPORTS = 0.5
_ITEM = re.compile(r"pg_restore: (creating|processing data for) ")
_OPTIONS = {
    "rows": ("--section=pre-data", "--section=data"),
    # What an attempt that died has built is dropped first.
    "indexes": ("--section=post-data", "--clean", "--if-exists"),
}
_FASTER = "-c maintenance_work_mem=256MB -c synchronous_commit=off"


class RestoreSettings(ArchiveSettings):
    """What the Job is told."""

    model_config = SettingsConfigDict(env_prefix="SIGNALBOX_RESTORE_")

    database_url: SecretStr
    """The incoming database, as administrator."""
    part: Part
    """What is loaded."""
    owner: str
    """The role that owns everything restored."""
    jobs: int = Field(default=2, ge=1)
    """How many tables and indexes are loaded at once."""


class RestoreFailed(Exception):
    """The restore is over; ``code`` tells whether trying again may help."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def restore(settings: RestoreSettings) -> None:
    """Load a part of the archive: rows into an empty database, indexes into one with its rows.

    Raises RestoreFailed.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="signalbox-restore-") as folder:
        archive = Path(folder) / "database.dump"
        _fetch(settings, archive)
        _load(settings, archive, _items(settings.part, archive))
        if settings.part == "rows":
            _keep_unique_columns(settings, archive)
    _report("done", seconds=round(time.monotonic() - begun, 3))


def _fetch(settings: RestoreSettings, archive: Path) -> None:
    size = settings.archive_size
    try:
        settings.fetch(archive, lambda done: _report("download", done=done, of=size))
    except ArchiveDamaged as error:
        raise RestoreFailed(ARCHIVE_IS_WRONG, str(error)) from None
    except ArchiveUnreadable as error:
        raise RestoreFailed(TRY_AGAIN, str(error)) from None


def _items(part: Part, archive: Path) -> int:
    """How many items the part has; the first proof that this is an archive at all."""
    listing = _ask(archive, *(o for o in _OPTIONS[part] if o.startswith("--section")), "--list")
    return sum(1 for line in listing.splitlines() if line and not line.startswith(";"))


def _keep_unique_columns(settings: RestoreSettings, archive: Path) -> None:
    """Tell masking what the indexes will demand that come after it."""
    script = _ask(archive, "--section=post-data", "--file=-")
    try:
        with psycopg.connect(settings.database_url.get_secret_value()) as connection:
            record_unique_columns(connection, unique_columns(script))
    except psycopg.Error as error:
        raise RestoreFailed(
            TRY_AGAIN, f"the unique columns cannot be recorded: {error.diag.message_primary}"
        ) from None


def _ask(archive: Path, *options: str) -> str:
    """What pg_restore writes about the archive, without touching a database."""
    done = subprocess.run(
        [_pg_restore(), *options, archive], capture_output=True, text=True, errors="replace"
    )
    if done.returncode != 0:
        raise RestoreFailed(ARCHIVE_IS_WRONG, f"no archive of pg_dump: {done.stderr.strip()}")
    return done.stdout


def _load(settings: RestoreSettings, archive: Path, items: int) -> None:
    """Run pg_restore; the connection goes through its environment, which ``ps`` does not show."""
    environment, database = _connection(settings.database_url.get_secret_value())
    options = (
        *("--verbose", "--exit-on-error", "--no-owner", "--no-privileges", "--no-tablespaces"),
        *("--no-publications", "--no-subscriptions", "--no-security-labels"),
        *_OPTIONS[settings.part],
        *(f"--jobs={settings.jobs}", f"--role={settings.owner}", f"--dbname={database}"),
    )
    with subprocess.Popen(
        [_pg_restore(), *options, archive],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        said = _follow(process.stderr or (), items)
    if process.returncode != 0:
        raise RestoreFailed(TRY_AGAIN, f"pg_restore failed: {said[:1000]}")


def _follow(lines: Iterator[str] | tuple[str, ...], items: int) -> str:
    """Report progress while pg_restore works; returns the first error.

    Only its first line: what follows is the statement, and values out of rows.
    """
    done, reported, complaint = 0, 0.0, ""
    for line in lines:
        done += bool(_ITEM.match(line))
        complaint = complaint or (line.strip() if "error:" in line else "")
        if time.monotonic() - reported > _SECONDS_BETWEEN_REPORTS:
            reported = time.monotonic()
            _report("restore", done=min(done, items), of=items)
    return complaint or "it gave no reason"


def _connection(url: str) -> tuple[dict[str, str], str]:
    """A connection string as libpq's environment variables, and the database's name."""
    given = {o.keyword: o for o in Conninfo.parse(url.encode()) if o.val is not None}
    environment = {o.envvar.decode(): (o.val or b"").decode() for o in given.values() if o.envvar}
    options = f"{environment.get('PGOPTIONS', '')} {_FASTER}".strip()
    return environment | {"PGOPTIONS": options}, environment["PGDATABASE"]


def _pg_restore() -> str:
    found = shutil.which("pg_restore")
    if found is None:
        raise RestoreFailed(TRY_AGAIN, "the Job's image has no pg_restore: install it there")
    return found


def _report(phase: str, **facts: object) -> None:
    sys.stdout.write(json.dumps({"phase": phase, **facts}) + "\n")
    sys.stdout.flush()


def main() -> NoReturn:
    """Restore as the environment says; the exit code tells how it went."""
    try:
        restore(RestoreSettings())
    except RestoreFailed as error:
        _report("failed", reason=str(error))
        sys.exit(error.code)
    sys.exit(0)


if __name__ == "__main__":
    main()
