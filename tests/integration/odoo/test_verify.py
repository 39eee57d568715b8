"""Verification passes a sanitized clone, and every check is seen failing."""

from dataclasses import replace
from typing import LiteralString

import pytest

from shared.masking import MaskingPolicy, plan_masking
from shared.odoo.checks import CheckResult, Expected
from shared.odoo.verify import CHECKS, verify
from shared.postgres.marker import CloneMarker, Database, write_marker

OFF_KEYS = "set session_replication_role = replica;"

BREAKS = {
    "clone-marked": "update signalbox.clone set epoch = 4",
    "masking-finished": "delete from signalbox.masked_tables where table_path = 'res_partner'",
    "addresses-masked": "update res_partner set email = 'ada@acme.example, b@masked.invalid'"
    " where id = (select max(id) from res_partner)",
    "documents-replaced": "update ir_attachment set store_fname = '00/' || repeat('0', 40)"
    " where id = (select max(id) from ir_attachment)",
    "neutralized-flag": "delete from ir_config_parameter where key = 'database.is_neutralized'",
    "modules-neutralized": "update website set domain = 'https://shop.acme.example'",
    "mail-goes-nowhere": "update ir_mail_server set active = true",
    "no-active-cron": "update ir_cron set active = true",
    "no-mail-fetched": "update fetchmail_server set active = true",
    "no-queued-mail": "update mail_mail set state = 'outgoing'",
    "no-live-payment": "update payment_provider set state = 'enabled'",
    "no-live-carrier": "update delivery_carrier set prod_environment = true",
    "hostnames-gone": "update mail_message set body = 'see https://ERP.acme.example/web'"
    " where id = (select min(id) from mail_message)",
    "own-address": "update ir_config_parameter set value = 'https://other.example'"
    " where key = 'web.base.url'",
    "rows-complete": OFF_KEYS + "delete from sale_order_line"
    " where id = (select max(id) from sale_order_line)",
    "modules-same": "update ir_module_module set state = 'uninstalled' where name = 'sale'",
    "foreign-keys-hold": OFF_KEYS + "update sale_order set partner_id = 999999999"
    " where id = (select max(id) from sale_order)",
    "sequences-ahead": "select setval('res_partner_id_seq', 1)",
    "posted-entries-balance": "update account_move_line set balance = balance + 1 where id ="
    " (select max(l.id) from account_move_line l join account_move m on m.id = l.move_id"
    " where m.state = 'posted')",
    "stock-matches-moves": "update stock_quant set quantity = quantity + 1 where id ="
    " (select max(q.id) from stock_quant q join stock_location l on l.id = q.location_id"
    " where l.usage = 'internal')",
}

OTHER_WAYS: tuple[tuple[str, LiteralString], ...] = (
    ("addresses-masked", "update res_users set login = 'ada@acme.example' where id = 2"),
    ("mail-goes-nowhere", "update ir_mail_server set smtp_user = 'ada'"),
    ("mail-goes-nowhere", "update ir_mail_server set smtp_pass = 'hush'"),
    ("mail-goes-nowhere", "delete from ir_mail_server"),
)
"""Further ways to break checks that look at several things."""


def failed(results: tuple[CheckResult, ...]) -> dict[str, str]:
    return {result.name: result.detail for result in results if not result.passed}


def ask(connection: Database, expected: Expected, *names: str) -> dict[str, str]:
    """Which of these checks fail, and why."""
    return failed(verify(connection, expected, [each for each in CHECKS if each.name in names]))


def test_a_sanitized_clone_passes_every_check(sanitized: Database, expected: Expected) -> None:
    results = verify(sanitized, expected)

    assert failed(results) == {}
    assert [result.name for result in results] == [check.name for check in CHECKS]
    assert all(result.applicable for result in results)


def test_a_clone_that_was_only_restored_fails_every_safety_check(
    clone: Database, expected: Expected
) -> None:
    results = failed(verify(clone, expected))

    assert {
        "masking-finished",
        "addresses-masked",
        "documents-replaced",
        "neutralized-flag",
        "modules-neutralized",
        "mail-goes-nowhere",
        "no-active-cron",
        "no-mail-fetched",
        "no-queued-mail",
        "no-live-payment",
        "no-live-carrier",
        "hostnames-gone",
        "own-address",
    } <= set(results)


def test_every_check_has_something_that_breaks_it() -> None:
    assert set(BREAKS) == {check.name for check in CHECKS}


@pytest.mark.parametrize("name", BREAKS)
def test_a_check_fails_when_what_it_asks_for_is_broken(
    sanitized: Database, expected: Expected, name: str
) -> None:
    before = ask(sanitized, expected, name)

    sanitized.execute(BREAKS[name])

    assert before == {}
    assert name in ask(sanitized, expected, name)


def test_a_check_of_several_things_fails_for_each_of_them(
    sanitized: Database, expected: Expected
) -> None:
    for name, broken in OTHER_WAYS:
        with sanitized.transaction(force_rollback=True):
            changed = sanitized.execute(broken).rowcount

            assert changed > 0, broken
            assert name in ask(sanitized, expected, name), broken


def test_a_missing_table_is_a_missing_row(sanitized: Database, expected: Expected) -> None:
    sanitized.execute("drop table sale_order_line cascade")

    assert (
        "sale_order_line is missing" in ask(sanitized, expected, "rows-complete")["rows-complete"]
    )


def test_an_additional_table_is_not_complete_but_unknown(
    sanitized: Database, expected: Expected
) -> None:
    sanitized.execute("create table leftover (id integer)")

    assert "leftover is unknown" in ask(sanitized, expected, "rows-complete")["rows-complete"]


def test_a_dropped_foreign_key_is_noticed(sanitized: Database, expected: Expected) -> None:
    more = replace(expected, foreign_keys=expected.foreign_keys + 1)

    assert "were restored" in ask(sanitized, more, "foreign-keys-hold")["foreign-keys-hold"]


def test_a_foreign_key_that_was_never_validated_is_noticed(
    sanitized: Database, expected: Expected
) -> None:
    sanitized.execute(
        "create table promised (id integer, partner_id integer);"
        "alter table promised add foreign key (partner_id) references res_partner not valid"
    )

    assert "is not validated" in ask(sanitized, expected, "foreign-keys-hold")["foreign-keys-hold"]


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("stock_quant", "stock-matches-moves"),
        ("fetchmail_server", "no-mail-fetched"),
        ("account_move", "posted-entries-balance"),
        ("signalbox.masked_tables", "masking-finished"),
    ],
)
def test_a_check_that_cannot_be_asked_has_failed(
    sanitized: Database, expected: Expected, table: str, name: str
) -> None:
    sanitized.execute(f"drop table {table} cascade")

    assert ask(sanitized, expected, name)[name].startswith("could not run: relation")


def test_a_database_without_a_list_of_modules_fails_as_a_whole(
    sanitized: Database, expected: Expected
) -> None:
    sanitized.execute("drop table ir_module_module cascade")

    assert set(failed(verify(sanitized, expected))) == {"installed-modules"}


def test_a_check_does_not_apply_where_its_module_is_not_installed(
    sanitized: Database, expected: Expected
) -> None:
    sanitized.execute("update ir_module_module set state = 'uninstalled' where name = 'delivery'")
    sanitized.execute("drop table delivery_carrier cascade")

    asked = [check for check in CHECKS if check.name == "no-live-carrier"]
    (result,) = verify(sanitized, expected, asked)

    assert not result.applicable
    assert result.passed


def test_a_policy_that_masks_no_address_fails(sanitized: Database, expected: Expected) -> None:
    empty = MaskingPolicy.model_validate({"version": 1, "rules": []})
    blind = replace(expected, plan=plan_masking(sanitized, empty))

    results = ask(sanitized, blind, "addresses-masked", "masking-finished")

    assert results["addresses-masked"] == "the policy masks no e-mail column"
    assert "is not covered" in results["masking-finished"]


def test_a_module_without_a_verdict_fails(sanitized: Database, expected: Expected) -> None:
    more = replace(expected, modules={**expected.modules, "acme_connector": "18.0"})

    assert "acme_connector" in ask(sanitized, more, "modules-neutralized")["modules-neutralized"]


def test_no_known_host_name_is_not_a_clean_search(sanitized: Database, expected: Expected) -> None:
    nameless = replace(expected, clone=replace(expected.clone, hostnames={}))

    assert "hostnames-gone" in ask(sanitized, nameless, "hostnames-gone")


def test_a_failure_quotes_no_value_of_a_row(sanitized: Database, expected: Expected) -> None:
    sanitized.execute(BREAKS["addresses-masked"])

    assert "ada@" not in str(verify(sanitized, expected))


def test_a_newer_marker_fails_the_older_run(sanitized: Database, expected: Expected) -> None:
    write_marker(sanitized, CloneMarker.new("run-8", "7000000000000000001", "acme_prod", 4))

    assert "run-8" in ask(sanitized, expected, "clone-marked")["clone-marked"]
