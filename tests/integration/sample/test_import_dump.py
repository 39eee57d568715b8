"""A user's own dump becomes production, or is refused with what to do instead."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from infra.local.postgres import PostgresServer
from infra.local.sample import ImportRefused, import_dump
from infra.local.sample.programs import connection_environment
from tests.integration.sample.support import Sample

ODOO = Path(__file__).parents[4] / "shared" / "odoo"


def dump(dsn: str, target: Path, layout: str = "custom") -> Path:
    subprocess.run(
        [PostgresServer.bin("pg_dump"), f"--format={layout}", f"--file={target}"],
        env=connection_environment(dsn),
        check=True,
    )
    return target


@pytest.mark.skipif(not ODOO.exists(), reason="no real Odoo dump beside the checkout")
def test_a_real_odoo_dump_and_its_filestore_are_taken(database: str) -> None:
    files: dict[str, bytes] = {}

    imported = import_dump(
        ODOO / "erp18.dump", ODOO / "erp18_filestore.tar.gz", database, sink=files.__setitem__
    )

    assert imported.odoo_version == "18.0"
    assert len(imported.modules) == 89
    assert imported.rows["res_partner"] == 137
    assert imported.filestore is not None
    assert imported.filestore.files == len(files) == 650
    assert imported.filestore.damaged == ()
    with psycopg.connect(database) as connection:
        stored = connection.execute(
            "select distinct store_fname from ir_attachment where store_fname is not null"
        ).fetchall()
    assert {path for (path,) in stored} <= set(files)


@pytest.fixture(scope="module")
def whole(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dump(sample.dsn, tmp_path_factory.mktemp("dump") / "production.dump")


def test_a_script_is_refused(database: str, tmp_path: Path) -> None:
    script = dump(database, tmp_path / "production.sql", "plain")

    with pytest.raises(ImportRefused, match=r"not a dump in PostgreSQL's custom format.*pg_dump"):
        import_dump(script, None, database)


def test_a_missing_file_is_refused(database: str, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"nothing\.dump cannot be read: No such file"):
        import_dump(tmp_path / "nothing.dump", None, database)


def test_a_dump_of_something_else_is_refused(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table res_partner (id int)")
    other = dump(database, tmp_path / "other.dump")

    with pytest.raises(ImportRefused, match=r"no table ir_attachment, .*res_users\."):
        import_dump(other, None, database)


def test_a_truncated_dump_is_refused(whole: Path, database: str, tmp_path: Path) -> None:
    half = tmp_path / "production.dump"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    with pytest.raises(ImportRefused, match=r"production\.dump cannot be restored: pg_restore"):
        import_dump(half, None, database)


def test_a_database_that_is_in_use_is_not_overwritten(sample: Sample, whole: Path) -> None:
    with pytest.raises(ImportRefused, match="database sample already has tables"):
        import_dump(whole, None, sample.dsn)
