"""A remapped clone uses its own addresses and mentions production's nowhere."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from shared.odoo.hostnames import find_hostnames, replace_hostnames
from shared.odoo.remap import remap_settings
from shared.postgres.marker import Database, NotAClone

from .conftest import CLONE


def value(connection: Database, query: Any) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def test_the_clone_knows_its_own_address(clone: Database) -> None:
    remap_settings(clone, CLONE)

    parameters = dict(clone.execute("select key, value from ir_config_parameter").fetchall())
    assert parameters["web.base.url"] == "https://staging.acme.example"
    assert parameters["web.base.url.freeze"] == "True"
    assert parameters["report.url"] == "https://staging.acme.example"
    assert parameters["mail.default.from"] == "odoo@staging.acme.example"
    assert value(clone, "select name from mail_alias_domain") == "staging.acme.example"


def test_no_host_name_of_production_is_left_in_any_table(clone: Database) -> None:
    before = find_hostnames(clone, CLONE.hostnames)

    remap_settings(clone, CLONE)

    assert before
    assert find_hostnames(clone, CLONE.hostnames) == ()


def test_repeating_it_changes_nothing(clone: Database) -> None:
    remap_settings(clone, CLONE)

    again = remap_settings(clone, CLONE)

    assert (again.settings, again.replaced) == (0, ())


def test_several_mail_domains_stay_different(clone: Database) -> None:
    clone.execute(
        "insert into mail_alias_domain (name, bounce_alias, catchall_alias)"
        " values ('acme.example', 'b2', 'c2')"
    )

    remap_settings(clone, CLONE)

    names = [name for (name,) in clone.execute("select name from mail_alias_domain order by id")]
    assert names[0] == "staging.acme.example"
    assert len(set(names)) == len(names)
    assert all(name.endswith("staging.acme.example") for name in names)


def test_another_runs_clone_is_refused(clone: Database) -> None:
    with pytest.raises(NotAClone):
        remap_settings(clone, replace(CLONE, run_id="run-8"))

    assert value(clone, "select value from ir_config_parameter where key = 'web.base.url'") != (
        CLONE.base_url
    )


def test_a_host_name_is_found_as_a_whole_and_in_any_case(database: str) -> None:
    texts = {
        "https://erp.acme.example/web": True,
        "mail to x@ERP.Acme.Example.": True,
        "erp.acme.example:8069": True,
        "https://my-erp.acme.example/": False,
        "https://old.erp.acme.example/": False,
        "erp.acme.example.org": False,
        "erpXacme.example": False,
    }
    with psycopg.connect(database) as connection:
        for number, text in enumerate(texts):
            connection.execute(f"create table note_{number} (body text, more jsonb)".encode())
            connection.execute(f"insert into note_{number} values (%s), (null)".encode(), (text,))

        found = find_hostnames(connection, ["erp.acme.example"])

    mentioned = [
        f"note_{number}.body: 1 rows" for number, is_one in enumerate(texts.values()) if is_one
    ]
    assert [str(finding) for finding in found] == mentioned


def test_host_names_inside_json_are_replaced(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create table page (arch jsonb)")
        connection.execute(
            """insert into page values ('{"en_US": "https://erp.acme.example/a"}')"""
        )

        replace_hostnames(connection, {"erp.acme.example": "staging.acme.example"})

        assert value(connection, "select arch from page") == {
            "en_US": "https://staging.acme.example/a"
        }


def test_nothing_to_look_for_finds_nothing(clone: Database) -> None:
    assert find_hostnames(clone, []) == ()
