"""What follows a provisioning, with a stand-in for ``az`` and a real psql at a real PostgreSQL."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from shared.ledger.migrate import migrate

if TYPE_CHECKING:
    from infra.local.postgres import PostgresServer

SCRIPT = Path(__file__).parents[3] / "infra" / "azure" / "after-provision.sh"
AZ = """#!/bin/sh
echo "$@" >> "$AZ_FOLDER/asked"
case "$*" in
  "keyvault secret list"*) cut -f 1 "$AZ_FOLDER/kept" ;;
  "keyvault secret set"*) printf '%s\\t%s\\n' "$7" "$9" >> "$AZ_FOLDER/kept" ;;
  "account get-access-token"*) echo "$AZ_TOKEN" ;;
esac
"""
PGAADAUTH = """
create function pgaadauth_create_principal_with_oid(text, text, text, boolean, boolean)
returns text security definer language plpgsql as $$
begin
  execute format('create role %I login password %L', $1, $2);
  return 'created';
end $$
"""
"""Azure's function, where the object id is what proves the role."""


@pytest.fixture
def provisioned(postgres: "PostgresServer", tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of the hook; its administrator is no superuser, as on Azure."""
    (tmp_path / "az").write_text(AZ)
    (tmp_path / "az").chmod(0o755)
    (tmp_path / "kept").write_text("signalbox-masking-key\tfor ever\n")
    names = {key: f"{key}-{uuid4().hex[:8]}" for key in ("admins", "id", "ledger")}
    admins, identity, ledger = (sql.Identifier(name) for name in names.values())
    place = conninfo_to_dict(postgres.dsn())
    with psycopg.connect(postgres.dsn(), autocommit=True) as server:
        server.execute(
            sql.SQL("create role {} login createdb createrole password 'token-of-nine'").format(
                admins
            )
        )
        server.execute(PGAADAUTH)
        yield {
            "PATH": os.pathsep.join((str(tmp_path), str(postgres.bin(".")), os.environ["PATH"])),
            "AZ_FOLDER": str(tmp_path),
            "AZ_TOKEN": "token-of-nine",
            "APP_ID": "/subscriptions/s/app",
            "VAULT_NAME": "kv-1",
            "LEDGER_HOST": str(place["host"]),
            "PGPORT": str(place["port"]),
            "PGSSLMODE": "disable",
            "PGSSLROOTCERT": "none",
            "SIGNALBOX_ADMIN_NAME": names["admins"],
            "IDENTITY_NAME": names["id"],
            "IDENTITY_PRINCIPAL_ID": "object-id",
            "LEDGER_DATABASE": names["ledger"],
        }
        server.execute(sql.SQL("drop database if exists {} (force)").format(ledger))
        server.execute("drop function pgaadauth_create_principal_with_oid")
        west = sql.Identifier(f"{names['id']}-west")
        drop = sql.SQL("drop role if exists {}, {}, {}, {}")
        server.execute(drop.format(ledger, identity, west, admins))


def ledger_url(environment: dict[str, str]) -> str:
    """As the template writes it, but for the port and for TLS."""
    template = (SCRIPT.parent / "app.bicep").read_text()
    [url] = re.findall(r"SIGNALBOX_LEDGER_URL: '(.+)'", template)
    for name, value in (
        ("${identityName}", environment["IDENTITY_NAME"]),
        ("${ledgerHost}:5432", f"{environment['LEDGER_HOST']}:{environment['PGPORT']}"),
        ("${ledgerDatabase}", environment["LEDGER_DATABASE"]),
    ):
        url = url.replace(name, value)
    return str(url)


def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )


def kept(environment: dict[str, str]) -> dict[str, str]:
    lines = Path(environment["AZ_FOLDER"], "kept").read_text().splitlines()
    return dict(line.split("\t") for line in lines)


def test_the_app_finds_its_secrets_and_makes_its_tables_and_a_second_time_changes_nothing(
    provisioned: dict[str, str],
) -> None:
    done, secrets = run(provisioned), kept(provisioned)

    again = run(provisioned)

    assert (done.returncode, again.returncode) == (0, 0), done.stderr + again.stderr
    assert secrets.keys() == {f"signalbox-{n}" for n in ("masking-key", "api-key", "forms-secret")}
    assert secrets["signalbox-masking-key"] == "for ever"
    assert len(secrets["signalbox-api-key"]) == 64 != len(set(secrets.values()))
    assert kept(provisioned) == secrets
    assert (
        "/subscriptions/s/app/config/configreferences/appsettings/refresh"
        in (Path(provisioned["AZ_FOLDER"], "asked").read_text().splitlines()[-1])
    )
    with psycopg.connect(ledger_url(provisioned), password="object-id") as app:
        assert migrate(app)
    people = provisioned | {"IDENTITY_NAME": provisioned["SIGNALBOX_ADMIN_NAME"]}
    with psycopg.connect(ledger_url(people), password="token-of-nine") as person:
        assert person.execute("select count(*) from runs").fetchone() == (0,)


def test_the_identity_of_another_region_goes_on_with_the_same_tables(
    provisioned: dict[str, str],
) -> None:
    west = provisioned | {"IDENTITY_NAME": f"{provisioned['IDENTITY_NAME']}-west"}
    assert run(provisioned).returncode == 0
    with psycopg.connect(ledger_url(provisioned), password="object-id") as app:
        migrate(app)

    done = run(west)

    assert done.returncode == 0, done.stderr
    with psycopg.connect(ledger_url(west), password="object-id") as app:
        assert migrate(app) == []
        app.execute("alter table runs add column of_a_later_version int")


def test_a_server_that_refuses_the_administrator_fails_the_provisioning(
    provisioned: dict[str, str],
) -> None:
    done = run(provisioned | {"AZ_TOKEN": "of-somebody-else"})

    assert done.returncode != 0
    assert "password authentication failed" in done.stderr
    assert "of-somebody-else" not in done.stderr
