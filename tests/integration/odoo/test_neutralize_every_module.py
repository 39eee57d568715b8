"""On the tables of every Community module of two versions, nothing that Odoo switches off is on."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from infra.local.postgres import PostgresServer
from shared.masking import load_policy
from shared.odoo.neutralize import neutralize
from shared.postgres.marker import CloneMarker, Database, write_marker

from .conftest import CLONE

ODOO = Path(__file__).parents[4] / "shared" / "odoo"
DIFFERENCES = {17: "neutralize_diff_17.tsv", 18: "neutralize_diff.tsv"}
ROWS = {
    "ir_act_server": {"state": "webhook", "code": "requests.get('https://x.example')"},
    "ir_mail_server": {"smtp_host": "smtp.acme.example"},
    "payment_provider": {"state": "enabled", "code": "stripe"},
    "delivery_carrier": {"delivery_type": "mondialrelay"},
    "base_automation": {"trigger": "on_webhook", "active": True},
    "fetchmail_server": {"state": "done"},
    "mail_mail": {"state": "outgoing"},
    "digest_digest": {"state": "activated"},
    "pos_payment_method": {"use_payment_terminal": "adyen"},
}
"""What a row needs besides the differing column, so that it counts as switched on."""

DEFAULTS = {
    "int": "0",
    "bigint": "0",
    "num": "0",
    "double": "0",
    "bool": "false",
    "json": "'{}'",
} | {
    "timestamp": "now()",
    "date": "now()",
}
KEYS = {"web.neutralize_banner", "website.neutralize_ribbon"}

pytestmark = pytest.mark.skipif(
    not (ODOO / "columns_18.tsv").exists(), reason="the lists of a real Odoo's columns are not here"
)


@pytest.fixture(scope="module", params=sorted(DIFFERENCES))
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def everything(postgres: PostgresServer, version: int) -> Iterator[Database]:
    """A clone with every table of this version, and what Odoo's own neutralization finds in it."""
    name = f"odoo_columns_{version}"
    postgres.create_database(name)
    with psycopg.connect(postgres.dsn(name), autocommit=True) as connection:
        create_tables(connection, version)
        write_marker(connection, CloneMarker.new(CLONE.run_id, "1", "erp", CLONE.epoch))
        fill(connection, version)
        yield connection
    postgres.drop_database(name)


def test_whatever_odoo_neutralizes_is_neutralized_in_every_version(
    everything: Database, version: int
) -> None:
    rules = load_policy().modules
    before = {row["table"]: count(everything, row["table"]) for row in differences(version)}

    first = neutralize(everything, CLONE, rules)
    second = neutralize(everything, CLONE, rules)

    left = [f"{r['table']}.{r['column']}" for r in differences(version) if is_left(everything, r)]
    assert left == []
    assert min(before.values()) > 0
    assert first.changed
    assert (second.changed, second.removed_parameters) == ({}, ())


def test_more_is_off_than_odoo_switches_off(everything: Database) -> None:
    neutralize(everything, CLONE, load_policy().modules)

    waiting = "select count(*) from mail_mail where state = 'outgoing'"
    hooks = "select count(*) from base_automation where active"
    figures = "select count(*) from digest_digest where state = 'activated'"
    terminals = "select count(*) from pos_payment_method where use_payment_terminal <> ''"
    codes = "select count(*) from ir_act_server where code ~ '://'"
    for query in (waiting, hooks, figures, terminals, codes):
        assert everything.execute(query).fetchone() == (0,)  # type: ignore[arg-type]
    assert everything.execute(
        "select value from ir_config_parameter where key = 'iap.endpoint'"
    ).fetchone() == ("https://disabled.invalid/",)


def rows_of(file: str) -> list[dict[str, str]]:
    with (ODOO / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def differences(version: int) -> list[dict[str, str]]:
    """What Odoo's neutralization changes, but the row that it adds to its own settings."""
    return [row for row in rows_of(DIFFERENCES[version]) if row["change"] != "rows inserted"]


def create_tables(connection: Database, version: int) -> None:
    tables: dict[str, list[sql.Composed]] = {}
    for row in rows_of(f"columns_{version}.tsv"):
        column = sql.SQL("{} {}").format(sql.Identifier(row["column"]), sql.SQL(definition(row)))
        tables.setdefault(row["table"], []).append(column)
    statements = (
        sql.SQL("create table {} ({})").format(sql.Identifier(table), sql.SQL(", ").join(columns))
        for table, columns in tables.items()
    )
    connection.execute(sql.SQL(";").join(statements))


def definition(row: Mapping[str, str]) -> Any:
    """The column's type; a required one has a default, so that a row needs only what matters.

    No keys: a thousand indexes and sequences that nothing here asks for take seconds.
    """
    if row["primary_key"] and row["column"] == "id":
        return "integer default 1"
    if (row["table"], row["column"]) == ("ir_config_parameter", "key"):
        return "text unique"
    kind = row["type"]
    if row["nullable"] == "yes":
        return kind
    default = next((value for start, value in DEFAULTS.items() if kind.startswith(start)), "''")
    return f"{kind} not null default {default}"


def fill(connection: Database, version: int) -> None:
    wanted: dict[str, dict[str, Any]] = {table: dict(row) for table, row in ROWS.items()}
    for row in differences(version):
        if row["table"] in ("ir_config_parameter", "ir_ui_view"):
            continue
        values = wanted.setdefault(row["table"], {"id": 1})
        if row["column"] != "*":
            values[row["column"]] = json.loads(row["sample_before"])
    for table, values in wanted.items():
        insert(connection, table, values)
    for key in KEYS:
        insert(connection, "ir_ui_view", {"key": key, "active": False})
    for row in differences(version):
        if row["table"] == "ir_config_parameter":
            insert(connection, "ir_config_parameter", parameter(row))


def parameter(row: Mapping[str, str]) -> dict[str, str]:
    """The system parameter of the sample, whose end may be cut off."""
    sample = row["sample_before"]
    if row["column"] == "*":
        key = sample.split('"key": "')[1].split('"')[0]
        return {"key": key, "value": "azure"}
    return {"key": "cf.turnstile_site_key", "value": json.loads(sample)}


def insert(connection: Database, table: str, values: Mapping[str, Any]) -> None:
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Literal, values.values())),
        )
    )


def is_left(connection: Database, row: Mapping[str, str]) -> bool:
    """Whether a row is still as it was before."""
    table, column = row["table"], row["column"]
    if table == "ir_config_parameter":
        known = parameter(row)["key"]
        query = sql.SQL("select count(*) from ir_config_parameter where key = {}").format(known)
    elif column == "*":
        return count(connection, table) > 0
    elif f"{table}.{column}" == "website.google_places_api_key":
        query = sql.SQL("select count(*) from website where google_places_api_key <> ''")
    elif table == "ir_mail_server":
        query = sql.SQL(
            "select count(*) from ir_mail_server where active and smtp_host <> 'invalid'"
        )
    elif table == "ir_ui_view":
        query = sql.SQL("select count(*) from ir_ui_view where not active and key <> ''")
    else:
        before = sql.Literal(json.loads(row["sample_before"]))
        query = sql.SQL("select count(*) from {} where {} is not distinct from {}").format(
            sql.Identifier(table), sql.Identifier(column), before
        )
    found = connection.execute(query).fetchone()
    return found is None or found[0] > 0


def count(connection: Database, table: str) -> int:
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
