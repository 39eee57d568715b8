"""The flow: a completed backup of production refreshes staging, or leaves it as it was."""

from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
import pytest

from functions.refresh import RUNBOOK
from functions.refresh.verify_environment import VerificationFailed
from shared.estate import Environment
from shared.messages import Message
from shared.messages.refresh import (
    BackupCompleted,
    DatabaseRestored,
    EnvironmentPublished,
    IndexesBuilt,
)
from shared.odoo.placeholders import CONTENTS
from shared.postgres.databases import ProductionRefused
from tests.integration.refresh.conftest import Staging, databases_like
from tests.integration.refresh.passage import Passage

if TYPE_CHECKING:
    from infra.local.postgres import PostgresServer


def test_a_completed_backup_refreshes_staging_out_of_reach_and_never_on_production(
    passage: Passage, staging: Staging, backup: BackupCompleted, postgres: "PostgresServer"
) -> None:
    first, *steps, last = (step.name for step in RUNBOOK.steps)
    message: DatabaseRestored = passage.do(first, backup)
    ran, reached, seen, there = [], [], set(), documents(passage)

    for name in steps:
        ran += misled_to_production(passage, name, message)
        message = passage.do(name, message)
        reached += [name] if can_connect(postgres, message.database) else []
        seen.add(staging.motto())
    ran += misled_to_production(passage, last, message)
    published = passage.do(last, message)

    assert (ran, reached, seen) == ([], [], {"as it was"})
    assert isinstance(published, EnvironmentPublished)
    assert published.previous == f"acme_staging_before_{passage.short}"
    assert published.checks >= 20
    with psycopg.connect(staging.dsn) as odoo:
        emails = odoo.execute("select email from res_partner where email <> ''").fetchall()
        url = odoo.execute("select value from ir_config_parameter where key = 'web.base.url'")
        assert url.fetchone() == ("https://staging.acme.example",)
        odoo.execute("create table odoo_can_upgrade (id int)")
        odoo.execute("alter table res_partner add column odoo_owns_it int")
    assert documents(passage) - there <= set(CONTENTS)
    assert len(emails) > 100
    assert all(email.endswith(".invalid") for (email,) in emails)


def documents(passage: Passage) -> set[str]:
    """The paths in staging's folder; tests of other modules leave some in the same storage."""
    folder = "filestore/acme-staging/"
    return {blob.path.removeprefix(folder) for blob in passage.resources.blobs.list(folder)}


def misled_to_production(passage: Passage, name: str, message: Message) -> list[str]:
    """The step, if it went on although somebody moved the database to production's server."""
    real = list(passage.resources.estate.environments)
    passage.use_estate([on_production(each) for each in real])
    try:
        passage.look(name, message)
    except ProductionRefused:
        return []
    finally:
        passage.use_estate(real)
    return [name]


def on_production(environment: Environment) -> Environment:
    database = environment.database.model_copy(update={"server": "erp-prod"})
    return environment.model_copy(update={"database": database})


def can_connect(postgres: "PostgresServer", database: str) -> bool:
    with suppress(psycopg.OperationalError):
        psycopg.connect(postgres.dsn(database, user="odoo")).close()
        return True
    return False


def test_a_failed_verification_leaves_staging_as_it_was(
    passage: Passage, staging: Staging, built: IndexesBuilt, postgres: "PostgresServer"
) -> None:
    passage.inputs["restore_backup"] = built
    before = passage.cluster.read_secret(staging.namespace, "odoo-database")
    sanitized = passage.do("sanitize_database", built)
    copied = passage.do("copy_filestore", passage.do("remap_endpoints", sanitized))
    with psycopg.connect(postgres.dsn(built.database)) as connection:
        connection.execute("update res_partner set email = 'somebody@acme.example' where id = 1")

    with pytest.raises(VerificationFailed, match=r"acme-staging: .* checks failed: "):
        passage.do("verify_environment", copied)
    passage.undo()

    assert staging.motto() == "as it was"
    assert databases_like(postgres, "acme_staging%") == ["acme_staging"]
    assert passage.cluster.read_secret(staging.namespace, "odoo-database") == before
