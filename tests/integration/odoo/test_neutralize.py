"""A neutralized clone reaches nobody and lets nobody in."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from infra.local.postgres import PostgresServer
from shared.errors import StaleEpoch
from shared.masking import load_policy
from shared.odoo.neutralize import NeutralizationReport, neutralize
from shared.postgres.marker import Database, NotAClone

from .conftest import CLONE, copied

RULES = load_policy().modules
SECRET = "FAKE-0000-never-seen-again"
PARAMETERS = f"""
insert into ir_config_parameter (key, value) values
    ('acme.limit', '42'), ('acme.mode', 'fast'), ('acme.hook', 'https://x.example/?sig=1'),
    ('acme.pin', 'aB3dE5gH7'), ('acme.token', '42'), ('a.secret', '{SECRET}')
""".encode()
FEEDS = """
create table account_online_link (id serial primary key, name text not null, state text,
    auto_sync boolean, refresh_token text, settings jsonb not null, some_new_secret text);
insert into account_online_link (name, state, auto_sync, refresh_token, settings, some_new_secret)
    values ('My bank', 'connected', true, 'FAKE-1', '{"key": "FAKE-2"}', 'FAKE-3')
"""


def values(connection: Database, query: Any) -> list[Any]:
    return [value for (value,) in connection.execute(query)]


def parameter(connection: Database, key: str) -> Any:
    query = "select value from ir_config_parameter where key = %s"
    row = connection.execute(query, (key,)).fetchone()
    return row[0] if row else None


@dataclass(frozen=True)
class Neutralized:
    """A clone that was neutralized, and what it was before."""

    connection: Database
    report: NeutralizationReport
    identity: list[Any]


@pytest.fixture(scope="module")
def neutralized(postgres: PostgresServer, restored: str) -> Iterator[Neutralized]:
    """The sample, with more to neutralize than it has; tests leave it as it is."""
    with copied(postgres, restored) as copy:
        copy.execute(PARAMETERS)
        copy.execute(FEEDS)
        copy.execute("update ir_mail_server set smtp_pass = %s", (SECRET,))
        identity = identity_of(copy)
        yield Neutralized(copy, neutralize(copy, CLONE, RULES), identity)


def identity_of(connection: Database) -> list[Any]:
    return [parameter(connection, "database.uuid"), parameter(connection, "database.secret")]


def test_no_removed_secret_stays_in_the_data_files(neutralized: Neutralized) -> None:
    neutralized.connection.execute("checkpoint")

    files = data_files(neutralized.connection)
    assert not [file for file in files if SECRET.encode() in file.read_bytes()]


def test_mail_servers_lose_their_credentials_and_one_leads_nowhere(
    neutralized: Neutralized,
) -> None:
    copy = neutralized.connection

    active = values(copy, "select smtp_host from ir_mail_server where active")
    assert active == ["invalid"]
    assert values(copy, "select smtp_pass from ir_mail_server where smtp_pass <> ''") == []
    assert values(copy, "select id from fetchmail_server where active or password <> ''") == []


def test_a_dummy_server_that_somebody_switched_off_is_switched_on(
    neutralized: Neutralized,
) -> None:
    copy = neutralized.connection
    copy.execute("update ir_mail_server set active = not active")

    neutralize(copy, CLONE, RULES)

    assert values(copy, "select smtp_host from ir_mail_server where active") == ["invalid"]


def test_only_odoos_own_cleaning_goes_on(neutralized: Neutralized) -> None:
    active = values(
        neutralized.connection,
        "select d.name from ir_cron c left join ir_model_data d"
        " on d.model = 'ir.cron' and d.res_id = c.id where c.active",
    )
    assert active == ["autovacuum_job"]


@pytest.mark.parametrize(
    "query",
    [
        "select id from mail_mail where state in ('outgoing', 'exception')",
        "select id from sms_sms where state = 'outgoing'",
        "select id from payment_provider where state = 'enabled'",
        "select id from delivery_carrier where prod_environment",
        "select id from delivery_carrier"
        " where active and delivery_type not in ('fixed', 'base_on_rule')",
        "select id from auth_oauth_provider where enabled",
        "select id from res_users_apikeys",
        "select id from ir_act_server where code ~ '://'",
        "select id from website where domain <> ''",
        "select id from res_company_ldap where ldap_server <> 'ldap.invalid'",
    ],
)
def test_ways_in_and_out_are_closed(neutralized: Neutralized, query: str) -> None:
    assert values(neutralized.connection, query) == []


def test_the_clone_is_another_database_to_odoo(neutralized: Neutralized) -> None:
    assert not set(neutralized.identity) & set(identity_of(neutralized.connection))
    assert parameter(neutralized.connection, "database.is_neutralized") == "true"


def test_unknown_parameters_go_unless_their_value_is_harmless(neutralized: Neutralized) -> None:
    copy = neutralized.connection

    assert {"acme.hook", "acme.pin", "acme.token"} <= set(neutralized.report.removed_parameters)
    assert parameter(copy, "acme.limit") == "42"
    assert parameter(copy, "acme.mode") == "fast"
    assert parameter(copy, "web.base.url") is not None


def test_repeating_it_changes_nothing(neutralized: Neutralized) -> None:
    identity = parameter(neutralized.connection, "database.uuid")

    second = neutralize(neutralized.connection, CLONE, RULES)

    assert neutralized.report.changed
    assert (second.changed, second.removed_parameters) == ({}, ())
    assert parameter(neutralized.connection, "database.uuid") == identity


def test_feeds_of_bank_accounts_lose_whatever_text_they_have(neutralized: Neutralized) -> None:
    found = neutralized.connection.execute("select * from account_online_link").fetchall()
    assert found == [(1, "", "disconnected", False, None, {}, None)]


def test_tables_of_modules_that_are_not_installed_are_no_obstacle(copy: Database) -> None:
    copy.execute("drop table payment_provider, delivery_carrier, website cascade")
    copy.execute("alter table ir_mail_server drop column if exists smtp_authentication")

    neutralize(copy, CLONE, RULES)

    assert values(copy, "select smtp_host from ir_mail_server where active") == ["invalid"]


@pytest.mark.parametrize(
    ("change", "error"), [({"run_id": "run-8"}, NotAClone), ({"epoch": 2}, StaleEpoch)]
)
def test_another_runs_clone_is_refused_and_left_alone(
    clone: Database, change: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        neutralize(clone, replace(CLONE, **change), RULES)

    assert parameter(clone, "database.is_neutralized") is None


def test_production_is_refused_and_left_alone(clone: Database) -> None:
    clone.execute("drop table signalbox.clone")

    with pytest.raises(NotAClone):
        neutralize(clone, CLONE, RULES)

    assert values(clone, "select smtp_host from ir_mail_server where active") != ["invalid"]


def data_files(connection: Database) -> list[Path]:
    row = connection.execute(
        "select current_setting('data_directory'), oid from pg_database"
        " where datname = current_database()"
    ).fetchone()
    assert row is not None
    return [file for file in Path(row[0], "base", str(row[1])).iterdir() if file.is_file()]
