from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from infra.local.postgres import PostgresServer
from shared.postgres.checkpoints import drop_expired_checkpoints, keep_checkpoint, use_checkpoint
from shared.resources import Resources
from tests.integration.refresh.conftest import Staging, databases_like

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CHECKPOINT = "acme_staging_before_0a1b2c3d"


@pytest.fixture
def checkpoint(postgres: PostgresServer, staging: Staging) -> str:
    postgres.create_database(CHECKPOINT)
    return CHECKPOINT


def comment(postgres: PostgresServer, database: str) -> str | None:
    query = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
    with psycopg.connect(postgres.dsn()) as connection:
        row = connection.execute(query, (database,)).fetchone()
        return row[0] if row else None


def test_a_checkpoint_says_until_when_it_is_kept(
    resources: Resources, postgres: PostgresServer, checkpoint: str
) -> None:
    keep_checkpoint(resources.databases, "erp-nonprod", checkpoint, NOW)
    keep_checkpoint(resources.databases, "erp-nonprod", checkpoint, NOW + timedelta(days=9))

    assert comment(postgres, checkpoint) == "signalbox checkpoint until 2026-11-22T00:00:00+00:00"


@pytest.mark.parametrize("was", [None, "somebody's comment\nof two lines"])
def test_a_checkpoint_in_use_again_has_its_comment_back(
    resources: Resources, postgres: PostgresServer, checkpoint: str, was: str | None
) -> None:
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("comment on database {} is {}").format(
                sql.Identifier(checkpoint), sql.Literal(was)
            )
        )
    keep_checkpoint(resources.databases, "erp-nonprod", checkpoint, NOW)

    use_checkpoint(resources.databases, "erp-nonprod", checkpoint)
    use_checkpoint(resources.databases, "erp-nonprod", checkpoint)

    assert comment(postgres, checkpoint) == was


def test_only_expired_checkpoints_are_dropped(
    resources: Resources, postgres: PostgresServer, checkpoint: str
) -> None:
    names = ("acme_staging_before_ffffffff", "acme_staging_before_mine", "acme_staging_unmarked")
    for name in names:
        postgres.create_database(name)
    keep_checkpoint(resources.databases, "erp-nonprod", checkpoint, NOW)
    keep_checkpoint(resources.databases, "erp-nonprod", names[0], NOW + timedelta(seconds=1))
    keep_checkpoint(resources.databases, "erp-nonprod", names[1], NOW)
    keep_checkpoint(resources.databases, "erp-nonprod", "acme_staging", NOW)

    dropped = drop_expired_checkpoints(resources.estate, resources.databases, NOW)

    assert dropped == [f"erp-nonprod/{checkpoint}"]
    assert databases_like(postgres, "acme_staging%") == ["acme_staging", *names]
