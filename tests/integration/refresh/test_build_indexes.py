import psycopg
import pytest

from functions.refresh.restore_jobs import RestoreFailed
from infra.local.postgres import PostgresServer
from infra.local.processes import wait_until
from shared.messages.refresh import DatabaseMasked, IndexesBuilt
from shared.postgres.databases import ProductionRefused
from shared.runs import Again
from tests.integration.refresh.conftest import PRODUCTION
from tests.integration.refresh.passage import Passage

INDEXES = "select tablename, indexdef from pg_indexes where schemaname = 'public' order by 1, 2"
CONSTRAINTS = """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
    from pg_constraint where connamespace = 'public'::regnamespace order by 1, 2
"""


def ask(postgres: PostgresServer, database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(postgres.dsn(database)) as connection:
        return connection.execute(query.encode()).fetchall()


def test_the_clone_gets_all_that_production_has(
    built_once: IndexesBuilt, postgres: PostgresServer
) -> None:
    for query in (INDEXES, CONSTRAINTS):
        ours = ask(postgres, "kept_built", query)
        assert ours == ask(postgres, PRODUCTION, query)
        assert len(ours) > 100
    assert built_once.foreign_keys > 100


def test_what_is_built_is_not_built_again(
    passage: Passage, built: IndexesBuilt, postgres: PostgresServer
) -> None:
    before = ask(postgres, built.database, "select oid from pg_class where relkind = 'i'")

    second = passage.look("build_indexes", DatabaseMasked.model_validate(built.model_dump()))

    assert second == built
    assert ask(postgres, built.database, "select oid from pg_class where relkind = 'i'") == before
    assert passage.cluster.job("acme-staging", f"signalbox-indexes-{passage.short}") is None


def test_a_job_that_died_half_way_is_followed_by_one_that_succeeds(
    passage: Passage, masked: DatabaseMasked, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn(masked.database), autocommit=True) as connection:
        connection.execute(
            "alter table res_partner add constraint res_partner_pkey primary key (id)"
        )

    built = passage.do("build_indexes", masked)

    assert isinstance(built, IndexesBuilt)


def test_values_that_masking_made_equal_are_refused_without_being_shown(
    passage: Passage, masked: DatabaseMasked, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn(masked.database)) as connection:
        connection.execute("update res_users set login = 'the same'")

    with pytest.raises(RestoreFailed, match="could not create unique index") as refused:
        passage.do("build_indexes", masked)

    assert "the same" not in str(refused.value)


def test_undoing_ends_a_job_that_builds(passage: Passage, masked: DatabaseMasked) -> None:
    first = passage.look("build_indexes", masked)

    passage.look("drop_incoming", masked)

    assert isinstance(first, Again)
    name, cluster = f"signalbox-indexes-{passage.short}", passage.cluster
    wait_until(
        lambda: cluster.job("acme-staging", name) is None, seconds=10, waiting_for="the Job to end"
    )
    assert not passage.resources.databases.exists("erp-nonprod", masked.database)


def test_nothing_is_built_on_a_production_server(passage: Passage, masked: DatabaseMasked) -> None:
    environments = [
        each.model_copy(
            update={"database": each.database.model_copy(update={"server": "erp-prod"})}
        )
        for each in passage.resources.estate.environments
    ]
    passage.use_estate(environments)

    with pytest.raises(ProductionRefused):
        passage.look("build_indexes", masked)
