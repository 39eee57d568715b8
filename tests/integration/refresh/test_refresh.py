"""The flow: a completed backup of production refreshes staging, or leaves it as it was."""

from typing import TYPE_CHECKING

import psycopg
import pytest

from functions.refresh.verify_environment import VerificationFailed
from shared.messages.refresh import BackupCompleted, DatabaseRestored, EnvironmentPublished
from shared.odoo.placeholders import CONTENTS
from tests.integration.refresh.conftest import Staging, databases_like
from tests.integration.refresh.passage import Passage

if TYPE_CHECKING:
    from infra.local.postgres import PostgresServer


def test_a_completed_backup_refreshes_staging(
    passage: Passage, staging: Staging, backup: BackupCompleted
) -> None:
    published = passage.up_to("publish_environment", backup)

    assert isinstance(published, EnvironmentPublished)
    assert published.previous == f"acme_staging_before_{passage.short}"
    assert published.checks >= 20
    with psycopg.connect(staging.dsn) as odoo:
        emails = odoo.execute("select email from res_partner where email <> ''").fetchall()
        url = odoo.execute("select value from ir_config_parameter where key = 'web.base.url'")
        assert url.fetchone() == ("https://staging.acme.example",)
        odoo.execute("create table odoo_can_upgrade (id int)")
        odoo.execute("alter table res_partner add column odoo_owns_it int")
    documents = [blob.path for blob in passage.resources.blobs.list("filestore/acme-staging/")]
    assert {path.removeprefix("filestore/acme-staging/") for path in documents} <= set(CONTENTS)
    assert len(emails) > 100
    assert all(email.endswith(".invalid") for (email,) in emails)


def test_a_failed_verification_leaves_staging_as_it_was(
    passage: Passage, staging: Staging, restored: DatabaseRestored, postgres: "PostgresServer"
) -> None:
    passage.inputs["restore_backup"] = restored
    before = passage.cluster.read_secret(staging.namespace, "odoo-database")
    built = passage.do("build_indexes", passage.do("mask_database", restored))
    sanitized = passage.do("sanitize_database", built)
    copied = passage.do("copy_filestore", passage.do("remap_endpoints", sanitized))
    with psycopg.connect(postgres.dsn(restored.database)) as connection:
        connection.execute("update res_partner set email = 'somebody@acme.example' where id = 1")

    with pytest.raises(VerificationFailed, match=r"acme-staging: .* checks failed: "):
        passage.do("verify_environment", copied)
    passage.undo()

    assert staging.motto() == "as it was"
    assert databases_like(postgres, "acme_staging%") == ["acme_staging"]
    assert passage.cluster.read_secret(staging.namespace, "odoo-database") == before
