"""``signalbox mask`` from its command line down, on a database that is not Odoo's."""

import json
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from click.testing import Result
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from shared.masking import CoverageGap
from shared.masking.proof import SignedCertificate
from signalbox.errors import Unusable
from signalbox.mask import app

POLICY = """
version: 1
rules:
  - {verdict: mask, masker: name, columns: [customer.name], why: people}
  - {verdict: mask, masker: email, columns: [customer.email], why: people}
"""


@pytest.fixture
def shop(database: str) -> str:
    """The DSN of a database of customers."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table customer (id serial primary key, name text, email text)")
        connection.execute(
            "insert into customer (name, email) values ('Adalind Holmgren', 'ada@acme.example')"
        )
    return database


@pytest.fixture
def policy(tmp_path: Path) -> str:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    return str(file)


def mask(command: str, dsn: str, policy: str, *more: str) -> Result:
    env = {"SIGNALBOX_MASKING_KEY": "a masking key of thirty-two byte"}
    return CliRunner().invoke(app, [command, "--dsn", dsn, "--policy", policy, *more], env=env)


def owned(dsn: str) -> tuple[str, str]:
    return "--i-own-this-database", str(conninfo_to_dict(dsn)["dbname"])


def test_a_copy_is_planned_masked_and_proven(shop: str, policy: str) -> None:
    planned = mask("plan", shop, policy, "--json")
    done = mask("run", shop, policy, "--json", *owned(shop))
    proven = mask("prove", shop, policy, "--json")

    assert json.loads(planned.stdout)["tables"][0]["columns"] == {"name": "name", "email": "email"}
    assert json.loads(done.stdout) == {"done": 1, "remaining": 0, "rows": 1} | {
        "seconds_left": 0.0,
        "neutralized": {},
        "documents": 0,
        "documents_out_of_reach": 0,
    }
    signed = SignedCertificate.model_validate_json(proven.stdout)
    assert signed.certificate.leaks == 0
    assert (planned.exit_code, done.exit_code, proven.exit_code) == (0, 0, 0)


def test_a_table_without_enough_room_on_the_disk_is_not_begun(shop: str, policy: str) -> None:
    planned = mask("plan", shop, policy, "--json")
    small, odd = (mask("run", shop, policy, *owned(shop), "--disk-free", s) for s in ("1kB", "1"))
    enough = mask("run", shop, policy, *owned(shop), "--disk-free", "1 MB")

    room = json.loads(planned.stdout)["room"]
    assert 1000 < room < 1_000_000
    assert f"customer needs about {room / 1000:.1f} kB" in str(small.exception)
    assert "kB, MB, GB or TB" in str(odd.exception)
    assert enough.exit_code == 0


def test_the_certificate_is_printed_for_people(shop: str, policy: str) -> None:
    mask("run", shop, policy, *owned(shop))

    proven = mask("prove", shop, policy)

    assert "is certified." in proven.stdout
    assert "rules:            1 mask email, 1 mask name" in proven.stdout
    assert "not read as text: none" in proven.stdout
    assert "signed with:" in proven.stdout


def test_a_database_that_may_be_production_is_not_touched(shop: str, policy: str) -> None:
    unsaid = mask("run", shop, policy)
    mistyped = mask("run", shop, policy, "--i-own-this-database", "other")

    with psycopg.connect(shop) as connection:
        names = connection.execute("select name from customer").fetchall()
    assert names == [("Adalind Holmgren",)]
    assert isinstance(unsaid.exception, Unusable)
    assert "may be production" in str(mistyped.exception)


def test_what_is_left_is_named_and_the_status_says_so(shop: str, policy: str) -> None:
    mask("run", shop, policy, *owned(shop))
    with psycopg.connect(shop) as connection:
        connection.execute("update customer set email = 'Adalind Holmgren wrote'")

    proven = mask("prove", shop, policy)

    assert proven.exit_code == 1
    assert "customer.email: original inside in 1 rows (1)" in proven.stderr
    assert "Adalind" not in proven.output


def test_a_column_without_a_verdict_is_shown_with_a_rule_to_add(shop: str, policy: str) -> None:
    with psycopg.connect(shop) as connection:
        connection.execute("alter table customer add column second_phone text")

    planned, proposed = mask("plan", shop, policy), mask("propose", shop, policy)

    assert planned.exit_code == 1
    assert "customer.second_phone" in planned.stderr
    assert "masker: phone" in proposed.stdout


def test_a_run_that_a_gap_stopped_can_be_done_with_a_better_policy(shop: str, policy: str) -> None:
    with psycopg.connect(shop) as connection:
        connection.execute("alter table customer add column second_phone text default '+331'")
    stopped = mask("run", shop, policy, *owned(shop))
    with psycopg.connect(shop) as connection:
        connection.execute("alter table customer drop column second_phone")

    done, proven = mask("run", shop, policy, *owned(shop)), mask("prove", shop, policy)

    assert isinstance(stopped.exception, CoverageGap)
    assert (done.exit_code, proven.exit_code) == (0, 0)


def test_a_password_in_the_address_is_in_no_message(policy: str) -> None:
    secret = quote("pa:ss w0rd")

    failed = mask("plan", f"postgresql://x:{secret}@127.0.0.1:1/none", policy)

    assert isinstance(failed.exception, Unusable)
    assert "cannot be reached" in str(failed.exception)
    assert secret not in str(failed.exception)
