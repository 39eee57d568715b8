"""Take a user's own dump as production."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from infra.local.postgres import PostgresServer
from infra.local.sample.contents import installed_modules, row_counts
from infra.local.sample.filestore import FileSink, UnpackedFilestore, unpack_filestore
from infra.local.sample.programs import connection_environment

CUSTOM_FORMAT = b"PGDMP"
ODOO_TABLES = {
    "ir_module_module",
    "ir_config_parameter",
    "res_users",
    "res_partner",
    "ir_attachment",
}
JOBS = 2
OWN_TABLES = """
    select relname from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace limit 1
"""


class ImportRefused(Exception):
    """The file cannot become production; the message says why and what to give instead."""


@dataclass(frozen=True)
class ImportedDump:
    """What the dump held: version of Odoo, modules, rows by table, the filestore if given."""

    odoo_version: str
    modules: Mapping[str, str]
    rows: Mapping[str, int]
    filestore: UnpackedFilestore | None


def import_dump(
    dump: Path,
    filestore_archive: Path | None,
    dsn: str,
    *,
    sink: FileSink = lambda _path, _content: None,
) -> ImportedDump:
    """Restore a ``pg_dump -Fc`` file into the empty database of ``dsn``, owned by its user.

    The files of ``filestore_archive`` (a tar, compressed or not) go to ``sink``.

    Raises ImportRefused when the file is not a custom-format dump of an Odoo database, when the
    database is not empty, or when pg_restore fails; UnsafeArchive as ``unpack_filestore`` does.
    """
    require_odoo_dump(dump)
    with psycopg.connect(dsn, autocommit=True) as connection:
        _require_empty(connection)
        _restore(dump, dsn)
        connection.execute("analyze")
        modules = installed_modules(connection)
        rows = row_counts(connection)
    filestore = unpack_filestore(filestore_archive, sink) if filestore_archive else None
    return ImportedDump(".".join(modules["base"].split(".")[:2]), modules, rows, filestore)


def require_odoo_dump(dump: Path) -> None:
    """Raise ImportRefused early: a restore of the wrong file would take minutes to fail."""
    try:
        with dump.open("rb") as file:
            start = file.read(len(CUSTOM_FORMAT))
    except OSError as error:
        raise ImportRefused(f"{dump} cannot be read: {error.strerror}.") from error
    if start != CUSTOM_FORMAT:
        raise ImportRefused(
            f"{dump} is not a dump in PostgreSQL's custom format."
            " Make one with: pg_dump --format=custom --file=production.dump DATABASE"
        )
    listing = _pg_restore("--list", str(dump), dump=dump).decode(errors="replace")
    found = set(re.findall(r"^\d+; \d+ \d+ TABLE public (\S+) ", listing, re.MULTILINE))
    if missing := sorted(ODOO_TABLES - found):
        raise ImportRefused(
            f"{dump} is not a dump of an Odoo database: it has no table {', '.join(missing)}."
        )


def _require_empty(connection: psycopg.Connection) -> None:
    if table := connection.execute(OWN_TABLES).fetchone():
        raise ImportRefused(
            f"The database {connection.info.dbname} already has tables ({table[0]}):"
            " a dump is restored into an empty one."
        )


def _restore(dump: Path, dsn: str) -> None:
    database = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    options = ("--no-owner", "--no-privileges", "--no-subscriptions", "--no-publications")
    _pg_restore(
        *("--exit-on-error", f"--jobs={JOBS}", f"--dbname={database}"),
        *options,
        str(dump),
        dump=dump,
        environment=connection_environment(dsn),
    )


def _pg_restore(*arguments: str, dump: Path, environment: Mapping[str, str] | None = None) -> bytes:
    done = subprocess.run(
        [PostgresServer.bin("pg_restore"), *arguments], capture_output=True, env=environment
    )
    if done.returncode != 0:
        raise ImportRefused(
            f"{dump} cannot be restored: {done.stderr.decode(errors='replace')[-500:]}"
        )
    return done.stdout
