"""A login that is tried, and everything that can keep it out."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from infra.local.postgres import PostgresServer
from shared.estate import Environment, Secrets, load_estate
from shared.odoo.administrator import hash_password
from shared.odoo.login import LoginRefused, OdooSilent, log_in
from signalbox.doctor import trying_logins
from tests.odooserver import OdooServer

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
SECRETS = Secrets({"PASSWORD": "right and long", "WRONG": "not so"})
SOON = timedelta(seconds=0.2)
DATABASE = "acme_login"


@pytest.fixture(scope="module")
def odoo(postgres: PostgresServer) -> Iterator[OdooServer]:
    postgres.create_database(DATABASE)
    with psycopg.connect(postgres.dsn(DATABASE)) as connection:
        connection.execute(
            "create table res_users (id serial, login text, password text, active bool)"
        )
        connection.execute(
            "insert into res_users (login, password, active) values ('check', %s, true)",
            [hash_password("right and long", b"0" * 16, rounds=1000)],
        )
    with OdooServer(postgres.dsn()) as server:
        yield server
    postgres.drop_database(DATABASE)


def environment(url: str, **login: Any) -> Environment:
    found = load_estate(ESTATE).environment("acme-prod").model_dump(by_alias=True)
    found["database"]["name"] = DATABASE
    stated = {"user": "check", "password": "env:PASSWORD", "url": url} | login
    return Environment.model_validate(found | {"try_login": stated})


def test_a_user_who_may_log_in_does(odoo: OdooServer) -> None:
    said = log_in(environment(odoo.url), SECRETS)

    assert said is not None
    assert said.startswith(f"check logged in at {odoo.url} within ")
    assert log_in(load_estate(ESTATE).environment("acme-prod"), SECRETS) is None


def test_the_doctor_tries_every_login_but_that_of_a_standby(odoo: OdooServer) -> None:
    production = environment(odoo.url)
    standby = environment(odoo.url, user="nobody").model_copy(update={"standby_of": "acme-prod"})
    refused = environment(odoo.url, user="nobody")
    estate = load_estate(ESTATE).model_copy(update={"environments": (production, standby, refused)})

    well, ill = trying_logins(estate, SECRETS)

    assert (well.what, well.fault) == ("check@acme-prod", None)
    assert ill.fault is not None
    assert ill.fault.startswith("LoginRefused: ")


def test_an_odoo_that_starts_is_waited_for(odoo: OdooServer) -> None:
    odoo.refuse = [(502, {}), (200, b"<html>starting</html>")]

    assert log_in(environment(odoo.url), SECRETS) is not None


@pytest.mark.parametrize("login", [{"password": "env:WRONG"}, {"user": "nobody"}])
def test_a_wrong_password_or_user_is_refused_at_once(
    odoo: OdooServer, login: dict[str, str]
) -> None:
    with pytest.raises(LoginRefused, match="its password, or the user, is not what") as refused:
        log_in(environment(odoo.url, **login), SECRETS)

    assert "not so" not in str(refused.value)


def test_a_database_that_is_not_there_is_named_by_its_error_only(odoo: OdooServer) -> None:
    elsewhere = environment(odoo.url)
    lost = elsewhere.database.model_copy(update={"name": "gone"})

    with pytest.raises(OdooSilent, match=r"authenticate: psycopg2\.OperationalError; see"):
        log_in(elsewhere.model_copy(update={"database": lost}), SECRETS, timedelta(seconds=1))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, {}), "answers HTTP 404 at /jsonrpc"),
        ((200, b"<html>parked</html>"), "answered by something that is not Odoo"),
        ((200, {"error": {"data": {"name": "odoo.exceptions.AccessDenied"}}}), "does not let"),
        ((200, {"result": 7}), "does not show that user its own name"),
    ],
)
def test_what_is_not_odoo_or_says_no_is_found_out(
    odoo: OdooServer, answer: tuple[int, Any], why: str
) -> None:
    odoo.refuse = [answer] * 20

    with pytest.raises((OdooSilent, LoginRefused), match=why):
        log_in(environment(odoo.url), SECRETS, SOON)

    odoo.refuse = []


def test_nobody_there_no_certificate_and_silence_are_told_apart(odoo: OdooServer) -> None:
    encrypted = odoo.url.replace("http:", "https:")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = f"http://127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(OdooSilent, match=r"does not answer within 0\.2 s"):
            log_in(environment(slow), SECRETS, SOON)
    with pytest.raises(OdooSilent, match="is not reached: nobody listens"):
        log_in(environment(slow), SECRETS, SOON)
    with pytest.raises(OdooSilent, match="its certificate is not accepted"):
        log_in(environment(encrypted), SECRETS, SOON)


def test_a_login_that_a_refresh_would_take_away_is_refused() -> None:
    staging = load_estate(ESTATE).environment("acme-staging").model_dump(by_alias=True)
    login = {"user": "check", "password": "env:PASSWORD"}
    admin = {"admin_password": "env:PASSWORD", "try_login": login | {"user": "admin"}}

    with pytest.raises(ValidationError, match="only admin has a password"):
        Environment.model_validate(staging | {"try_login": login})

    assert Environment.model_validate(staging | admin).try_login is not None
