"""Who is asking is only ever who has proven it."""

import base64
import json
from typing import Any

import pytest

from shared.identity import Role, identify_by
from shared.settings import Settings

EVERYONE = frozenset(Role)


def settings(**given: Any) -> Settings:
    return Settings.model_validate(
        {"ledger_url": "postgresql://", "estate": "estate.yaml", "blobs": "blobs"} | given
    )


def principal(*claims: tuple[str, str], **more: Any) -> dict[str, str]:
    said = {"claims": [{"typ": kind, "val": value} for kind, value in claims]} | more
    return {"x-ms-client-principal": base64.b64encode(json.dumps(said).encode()).decode()}


def test_nobody_is_known_unless_the_deployment_says_how():
    identify = identify_by(settings())

    assert identify({"host": "127.0.0.1", "x-functions-key": ""}) is None
    assert identify(principal(("name", "Ann"), ("roles", "approver"))) is None


def test_a_signed_in_person_has_the_app_roles_of_the_sign_in():
    identify = identify_by(settings(WEBSITE_AUTH_ENABLED="True"))

    caller = identify(principal(("preferred_username", "ann@example.com"), ("roles", "operator")))

    assert caller is not None
    assert caller.name == "ann@example.com"
    assert [caller.may(role) for role in Role] == [True, True, False]


def test_a_signed_in_person_without_a_role_may_nothing():
    identify = identify_by(settings(WEBSITE_AUTH_ENABLED="True"))

    caller = identify(principal(("name", "Ben"), ("groups", "reader")))

    assert caller is not None
    assert not any(caller.may(role) for role in Role)


def test_a_machine_with_an_identity_of_its_own_is_named_by_it():
    identify = identify_by(settings(WEBSITE_AUTH_ENABLED="True"))

    caller = identify(principal(("azp", "app-1"), ("r", "READER"), role_typ="r"))

    assert caller is not None
    assert (caller.name, caller.roles) == ("app-1", {Role.READER})


@pytest.mark.parametrize("said", ["", "!", "e30=", "W10=", "eyJjbGFpbXMiOlsxXX0=", "4pyT"])
def test_a_principal_that_cannot_be_read_is_nobody(said):
    identify = identify_by(settings(WEBSITE_AUTH_ENABLED="True"))

    assert identify({"x-ms-client-principal": said}) is None


def test_the_key_lets_a_machine_publish_but_never_approve():
    identify = identify_by(settings(api_key="right"))

    caller = identify({"x-functions-key": "right"})

    assert caller is not None
    assert not caller.may(Role.APPROVER)
    assert identify({"x-functions-key": "wrong"}) is None


def test_a_wrong_key_is_not_made_good_by_the_place_it_comes_from():
    identify = identify_by(settings(api_key="right", developer="ann"))

    assert identify({"x-functions-key": "wrong", "host": "127.0.0.1"}) is None


@pytest.mark.parametrize("host", ["127.0.0.1:7071", "localhost", "[::1]:7071"])
def test_the_developer_may_everything_at_this_machine(host):
    caller = identify_by(settings(developer="ann"))({"host": host})

    assert caller is not None
    assert (caller.name, caller.roles) == ("ann", EVERYONE)


@pytest.mark.parametrize("host", ["evil.example:7071", "127.0.0.1.evil.example", ""])
def test_a_foreign_name_for_this_machine_is_not_believed(host):
    assert identify_by(settings(developer="ann"))({"host": host}) is None


def test_the_developer_counts_for_nothing_behind_app_service_authentication():
    identify = identify_by(settings(WEBSITE_AUTH_ENABLED="True", developer="ann"))

    assert identify({"host": "127.0.0.1"}) is None
