"""The administrator's password is stored as Odoo stores it, in a clone and nowhere else."""

from dataclasses import replace

import pytest

from shared.errors import StaleEpoch
from shared.odoo.administrator import NoAdministrator, hash_password, set_administrator
from shared.postgres.marker import Database

from .conftest import CLONE

IS_ADMINISTRATOR = """
id in (select res_id from ir_model_data where model = 'res.users' and name = 'user_admin')
"""


def test_a_hash_is_what_passlib_makes_of_the_password() -> None:
    salt = bytes.fromhex("44763416bdc80cc4953bf4526726f9a3")

    hashed = hash_password("password", salt, rounds=1212)

    assert hashed == (
        "$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX"
        ".esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww"
    )


def test_an_administrator_with_another_login_is_called_admin(sanitized: Database) -> None:
    sanitized.execute(
        f"update res_users set login = 'someone', active = false where {IS_ADMINISTRATOR}"
    )

    login = set_administrator(sanitized, CLONE, "a password")

    assert login == "admin"
    assert sanitized.execute(
        "select login, active from res_users where password <> ''"
    ).fetchall() == [("admin", True)]


def test_another_user_called_admin_stays_the_one_who_is(sanitized: Database) -> None:
    sanitized.execute(f"update res_users set login = 'someone' where {IS_ADMINISTRATOR}")
    sanitized.execute("update res_users set login = 'admin' where login = 'public'")

    login = set_administrator(sanitized, CLONE, "a password")

    assert login == "someone"


def test_a_newer_run_keeps_its_password(sanitized: Database) -> None:
    with pytest.raises(StaleEpoch):
        set_administrator(sanitized, replace(CLONE, epoch=2), "a password")

    assert sanitized.execute("select from res_users where password <> ''").fetchall() == []


def test_a_database_without_an_administrator_is_named(sanitized: Database) -> None:
    sanitized.execute("delete from ir_model_data where name = 'user_admin'")

    with pytest.raises(NoAdministrator, match=r"base\.user_admin"):
        set_administrator(sanitized, CLONE, "a password")
