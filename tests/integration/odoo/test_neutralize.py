"""A neutralized clone reaches nobody and lets nobody in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.errors import StaleEpoch
from shared.masking import load_policy
from shared.odoo.neutralize import neutralize
from shared.postgres.marker import Database, NotAClone

from .conftest import CLONE

RULES = load_policy().modules


def values(connection: Database, query: Any) -> list[Any]:
    return [value for (value,) in connection.execute(query)]


def parameter(connection: Database, key: str) -> Any:
    query = "select value from ir_config_parameter where key = %s"
    row = connection.execute(query, (key,)).fetchone()
    return row[0] if row else None


def test_mail_servers_lose_their_credentials_and_one_leads_nowhere(copy: Database) -> None:
    neutralize(copy, CLONE, RULES)

    active = values(copy, "select smtp_host from ir_mail_server where active")
    assert active == ["invalid"]
    assert values(copy, "select smtp_pass from ir_mail_server where smtp_pass <> ''") == []
    assert values(copy, "select id from fetchmail_server where active or password <> ''") == []


def test_a_dummy_server_that_somebody_switched_off_is_switched_on(copy: Database) -> None:
    neutralize(copy, CLONE, RULES)
    copy.execute("update ir_mail_server set active = not active")

    neutralize(copy, CLONE, RULES)

    assert values(copy, "select smtp_host from ir_mail_server where active") == ["invalid"]


def test_only_odoos_own_cleaning_goes_on(copy: Database) -> None:
    neutralize(copy, CLONE, RULES)

    active = values(
        copy,
        "select d.name from ir_cron c left join ir_model_data d"
        " on d.model = 'ir.cron' and d.res_id = c.id where c.active",
    )
    assert active == ["autovacuum_job"]


def test_nothing_waits_to_be_sent(copy: Database) -> None:
    neutralize(copy, CLONE, RULES)

    assert values(copy, "select id from mail_mail where state in ('outgoing', 'exception')") == []
    assert values(copy, "select id from sms_sms where state = 'outgoing'") == []


def test_payments_and_carriers_are_off(copy: Database) -> None:
    neutralize(copy, CLONE, RULES)

    assert values(copy, "select id from payment_provider where state = 'enabled'") == []
    assert values(copy, "select id from delivery_carrier where prod_environment") == []
    assert (
        values(
            copy,
            "select id from delivery_carrier"
            " where active and delivery_type not in ('fixed', 'base_on_rule')",
        )
        == []
    )


def test_other_ways_in_and_out_are_closed(copy: Database) -> None:
    neutralize(copy, CLONE, RULES)

    assert values(copy, "select id from auth_oauth_provider where enabled") == []
    assert values(copy, "select id from res_users_apikeys") == []
    assert values(copy, "select id from ir_act_server where code ~ '://'") == []
    assert values(copy, "select id from website where domain <> ''") == []
    assert values(copy, "select distinct ldap_server from res_company_ldap") == ["ldap.invalid"]


def test_the_clone_is_another_database_to_odoo(copy: Database) -> None:
    before = [parameter(copy, "database.uuid"), parameter(copy, "database.secret")]

    neutralize(copy, CLONE, RULES)

    after = [parameter(copy, "database.uuid"), parameter(copy, "database.secret")]
    assert not set(before) & set(after)
    assert parameter(copy, "database.is_neutralized") == "true"


def test_unknown_parameters_go_unless_their_value_is_harmless(copy: Database) -> None:
    copy.execute(
        "insert into ir_config_parameter (key, value) values"
        " ('acme.limit', '42'), ('acme.mode', 'fast'), ('acme.hook', 'https://x.example/?sig=1'),"
        " ('acme.pin', 'aB3dE5gH7'), ('acme.token', '42')"
    )

    report = neutralize(copy, CLONE, RULES)

    assert {"acme.hook", "acme.pin", "acme.token"} <= set(report.removed_parameters)
    assert parameter(copy, "acme.limit") == "42"
    assert parameter(copy, "acme.mode") == "fast"
    assert parameter(copy, "web.base.url") is not None


def test_repeating_it_changes_nothing(copy: Database) -> None:
    first = neutralize(copy, CLONE, RULES)
    identity = parameter(copy, "database.uuid")

    second = neutralize(copy, CLONE, RULES)

    assert first.changed
    assert (second.changed, second.removed_parameters) == ({}, ())
    assert parameter(copy, "database.uuid") == identity


def test_feeds_of_bank_accounts_lose_whatever_text_they_have(copy: Database) -> None:
    copy.execute(
        "create table account_online_link (id serial primary key, name text not null, state text,"
        " auto_sync boolean, refresh_token text, settings jsonb not null, some_new_secret text);"
        "insert into account_online_link"
        " (name, state, auto_sync, refresh_token, settings, some_new_secret)"
        " values ('My bank', 'connected', true, 'FAKE-1', '{\"key\": \"FAKE-2\"}', 'FAKE-3')"
    )

    neutralize(copy, CLONE, RULES)

    found = copy.execute("select * from account_online_link").fetchall()
    assert found == [(1, "", "disconnected", False, None, {}, None)]


def test_tables_of_modules_that_are_not_installed_are_no_obstacle(copy: Database) -> None:
    copy.execute("drop table payment_provider, delivery_carrier, website cascade")
    copy.execute("alter table ir_mail_server drop column if exists smtp_authentication")

    neutralize(copy, CLONE, RULES)

    assert values(copy, "select smtp_host from ir_mail_server where active") == ["invalid"]


def test_no_removed_secret_stays_in_the_data_files(copy: Database) -> None:
    secret = "FAKE-0000-never-seen-again"
    copy.execute("insert into ir_config_parameter (key, value) values ('a.secret', %s)", (secret,))
    copy.execute("update ir_mail_server set smtp_pass = %s", (secret,))

    neutralize(copy, CLONE, RULES)
    copy.execute("checkpoint")

    assert not [file for file in data_files(copy) if secret.encode() in file.read_bytes()]


@pytest.mark.parametrize(
    ("change", "error"), [({"run_id": "run-8"}, NotAClone), ({"epoch": 2}, StaleEpoch)]
)
def test_another_runs_clone_is_refused_and_left_alone(
    copy: Database, change: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        neutralize(copy, replace(CLONE, **change), RULES)

    assert parameter(copy, "database.is_neutralized") is None


def test_production_is_refused_and_left_alone(copy: Database) -> None:
    copy.execute("drop table signalbox.clone")

    with pytest.raises(NotAClone):
        neutralize(copy, CLONE, RULES)

    assert values(copy, "select smtp_host from ir_mail_server where active") != ["invalid"]


def data_files(connection: Database) -> list[Path]:
    row = connection.execute(
        "select current_setting('data_directory'), oid from pg_database"
        " where datname = current_database()"
    ).fetchone()
    assert row is not None
    return [file for file in Path(row[0], "base", str(row[1])).iterdir() if file.is_file()]
