"""A login is exchanged without an outage, and what fails leaves the old one at work."""

import json
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg
import pytest

from functions.rotation.create_login import create_login
from infra.local.kubernetes import Failure
from infra.local.postgres import PostgresServer
from shared.cluster import ObjectMissing
from shared.messages.rotation import LoginSuperseded
from tests.integration.rotation.conftest import LOGINS, PLACE, Agent


def password_of(url: str) -> str:
    found = urlsplit(url).password
    assert found is not None
    return found


def test_a_login_is_exchanged_and_the_old_one_revoked_after_its_grace(agent: Agent) -> None:
    old = agent.url
    agent.tick()

    assert agent.settle() == "succeeded", agent.record["run"]["reason"]
    new = agent.url
    assert urlsplit(new).username == LOGINS[0]
    assert agent.vault.read_text() == new
    assert agent.vault.stat().st_mode & 0o077 == 0
    assert agent.secrets.expires is not None, "Key Vault announces only what expires"
    assert timedelta(days=29) < agent.secrets.expires - agent.time <= timedelta(days=30)
    assert (agent.lets_in(new), agent.lets_in(old)) == ("odoo", "odoo")
    assert agent.restarts() == {agent.newest.id.hex[:8]}
    with pytest.raises(ObjectMissing):
        agent.api.read("Secret", PLACE, "signalbox-rotation")

    agent.time += timedelta(minutes=30)
    agent.tick()
    assert len(agent.ledger.recent_runs()) == 1, "its grace is not over"
    agent.time += timedelta(minutes=90)
    agent.tick()
    assert agent.settle() == "succeeded"
    # acme-training logs in as the owner, too: that is left.
    assert agent.facts("revoke_previous_login")["used_by"] == ["acme-training"]

    agent.time += timedelta(days=31)
    agent.tick()
    assert agent.settle() == "succeeded", agent.record["run"]["reason"]
    newest = agent.url
    assert urlsplit(newest).username == LOGINS[1]
    with psycopg.connect(new) as still_there:
        agent.time += timedelta(hours=2)
        agent.tick()
        assert agent.settle() == "succeeded", agent.record["run"]["reason"]
        with pytest.raises(psycopg.OperationalError):
            still_there.execute("select 1")
    revoked = agent.facts("revoke_previous_login")
    assert revoked["sessions_ended"] == 1
    assert "not permitted to log in" in revoked["proof"]
    assert (agent.lets_in(newest), agent.lets_in(new)) == ("odoo", None)
    agent.tick()
    assert len(agent.ledger.recent_runs()) == 4


def test_a_password_is_nowhere_but_in_secrets(agent: Agent, postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute("alter system set log_statement = 'all'")
        connection.execute("select pg_reload_conf()")

    agent.expire()
    agent.settle()

    canary = password_of(agent.url)
    assert canary not in json.dumps(agent.record, default=str)
    assert canary not in "".join(envelope.body for envelope in agent.bus.sent)
    evidence = agent.ledger.evidence(agent.newest.id)
    assert evidence is not None
    assert canary not in evidence.body
    log = postgres.log.read_text()
    assert f'alter role "{LOGINS[0]}" login' in log
    assert "SCRAM-SHA-256$" in log
    assert canary not in log
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute("alter system reset log_statement")
        connection.execute("select pg_reload_conf()")


def test_pods_that_do_not_get_ready_bring_the_old_login_back(agent: Agent) -> None:
    old = agent.url
    agent.break_pods(Failure.PROGRESS_DEADLINE_EXCEEDED)

    agent.expire()
    agent.settle("undoing")
    tried = agent.url
    agent.break_pods(None)

    assert agent.settle() == "failed"
    assert "PodsRefuse: pods of odoo" in agent.record["run"]["reason"]
    assert agent.undone()
    assert agent.url == old
    assert agent.vault.read_text() == old
    assert agent.restarts() == {f"{agent.newest.id.hex[:8]}-undone"}
    assert (agent.lets_in(old), agent.lets_in(tried)) == ("odoo", None)
    assert tried != old


def test_a_role_that_cannot_log_in_changes_nothing(agent: Agent, postgres: PostgresServer) -> None:
    old = agent.url
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"create role {LOGINS[0]} connection limit 0")

    agent.expire()

    assert agent.settle() == "failed"
    assert "LoginRefused: acme_staging_login_a is not let in" in agent.record["run"]["reason"]
    assert agent.undone()
    assert agent.url == old
    assert agent.restarts() == {None}
    assert agent.lets_in(old) == "odoo"


def test_a_step_that_died_after_its_effect_goes_on_with_the_same_password(agent: Agent) -> None:
    agent.expire()
    agent.deliver()
    [made] = [agent.api.read("Secret", PLACE, "signalbox-rotation")["data"]]

    agent.repeat(create_login)

    assert agent.api.read("Secret", PLACE, "signalbox-rotation")["data"] == made
    assert agent.settle() == "succeeded"
    assert agent.lets_in(agent.url) == "odoo"


def test_a_secret_that_is_none_of_odoos_is_left_to_people(agent: Agent) -> None:
    agent.expire(secret="keyvault:acme-vault/erp-nonprod-url")

    assert agent.settle() == "failed"
    assert "a person exchanges it" in agent.record["run"]["reason"]
    assert agent.undone()


def test_a_role_that_is_none_of_odoos_and_one_in_use_are_never_revoked(agent: Agent) -> None:
    agent.happen(LoginSuperseded(environment=PLACE, login="postgres"))
    assert agent.settle() == "failed"
    assert "postgres is none of the logins" in agent.record["run"]["reason"]

    agent.happen(LoginSuperseded(environment=PLACE, login="odoo"))
    assert agent.settle() == "succeeded"
    assert PLACE in agent.facts("revoke_previous_login")["used_by"]
    assert agent.lets_in(agent.url) == "odoo"


def test_as_long_as_the_login_before_is_not_revoked_there_is_no_next_one(agent: Agent) -> None:
    agent.expire()
    assert agent.settle() == "succeeded"

    agent.expire()

    assert agent.settle() == "failed"
    assert "GraceNotOver" in agent.record["run"]["reason"]
    assert agent.lets_in(agent.url) == "odoo"


def test_a_pair_has_one_login_and_its_standby_learns_of_it_before_it_is_needed(
    agent: Agent,
) -> None:
    agent.expire(environment="acme-standby")

    assert agent.settle() == "succeeded", agent.record["run"]["reason"]
    assert agent.newest.environment == "acme-prod"
    assert agent.url_of("acme-prod") == agent.url_of("acme-standby")
    assert urlsplit(agent.url_of("acme-standby")).username == "acme_prod_login_a"

    run = agent.newest.id
    agent.placements.take("acme-prod", "acme-standby", epoch=9, run=run, standby_state="fenced")
    agent.expire(environment="acme-prod")
    assert agent.settle() == "failed"
    assert "the other side of acme-prod is fenced" in agent.record["run"]["reason"]
