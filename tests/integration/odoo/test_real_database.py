"""A real Odoo 18 database, sanitized: nothing planted is left, every check passes, it is proven."""

import csv
import os
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from infra.local.postgres import PostgresServer
from shared.masking import settle
from shared.masking.proof import ClonedFile, SignedCertificate, prove
from shared.odoo.attachments import stored_files
from shared.odoo.placeholders import CONTENTS
from shared.odoo.verify import verify
from shared.postgres.marker import CloneMarker, Database, write_marker

from .conftest import CLONE, KEY, expect, sanitize

LONG = timedelta(minutes=2)
REAL = Path(__file__).parents[4] / "shared" / "odoo"
SOUGHT = {"email", "email_variant", "phone", "iban", "vat", "secret", "passport"} | {
    "ssn",
    "national_id",
    "login",
}
HOSTS = {
    "erp.contoso-distribution.com": "staging.acme.example",
    "shop1.contoso-distribution.com": "shop.staging.acme.example",
}

pytestmark = pytest.mark.skipif(
    not (REAL / "erp18.dump").exists(), reason="the dump of a real Odoo 18 database is not here"
)


@pytest.fixture
def real(postgres: PostgresServer) -> Iterator[str]:
    """The DSN of the real database, restored."""
    postgres.create_database("odoo_real")
    dsn = postgres.dsn("odoo_real")
    run(postgres, dsn, "pg_restore", "--no-owner", "--no-privileges", str(REAL / "erp18.dump"))
    yield dsn
    postgres.drop_database("odoo_real")


def test_no_planted_value_survives_and_every_check_passes(
    postgres: PostgresServer, real: str
) -> None:
    clone = replace(CLONE, hostnames=HOSTS)
    before = set(found_in(run(postgres, real, "pg_dump", "--data-only")))

    with psycopg.connect(real, autocommit=True) as connection:
        write_marker(connection, CloneMarker.new(clone.run_id, "1", "erp", clone.epoch))
        expected = expect(connection, clone)
        sanitize(connection, clone)
        results = verify(connection, expected)
        settle(connection)
        signed = prove(
            connection, expected.plan, KEY, run_id=clone.run_id, epoch=clone.epoch, budget=LONG,
            files=list(kept_files(connection)),
        )  # fmt: skip

    assert len(before) > 200
    assert isinstance(signed, SignedCertificate)
    assert signed.certificate.files > 400
    assert set(found_in(run(postgres, real, "pg_dump", "--data-only"))) == set()
    assert [result for result in results if not result.passed] == []


def kept_files(connection: Database) -> Iterator[ClonedFile]:
    """What the sanitized database still refers to, from the real filestore."""
    with tarfile.open(REAL / "erp18_filestore.tar.gz") as archive:
        real = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        contents = {name[-43:]: file.read() for name, file in real.items() if file}
    for each in stored_files(connection):
        if each.path not in CONTENTS:
            content = contents[each.path]
            yield ClonedFile(each.path, len(content), partial(bytes, content))


def found_in(dump: str) -> Iterator[str]:
    """The planted values that a dump contains."""
    with (REAL / "planted_values.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["kind"] in SOUGHT and row["value"].strip() in dump:
                yield row["value"].strip()


def run(postgres: PostgresServer, dsn: str, program: str, *arguments: str) -> str:
    """Run a client program on a database; the password travels in the environment."""
    facts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    environment = {**os.environ, "PGPASSWORD": facts.get("password", "")}
    where = ["--host", facts["host"], "--port", facts["port"], "--username", facts["user"]]
    command = [str(postgres.bin(program)), *where, "--dbname", facts["dbname"], *arguments]
    done = subprocess.run(command, env=environment, check=True, capture_output=True)
    return done.stdout.decode()
