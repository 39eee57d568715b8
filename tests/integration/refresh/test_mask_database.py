from importlib import import_module

import psycopg
import pytest

from functions.refresh.targets import BUDGET
from infra.local.postgres import PostgresServer
from shared.errors import StaleEpoch
from shared.masking import CoverageGap
from shared.messages.refresh import DatabaseMasked, DatabaseRestored
from shared.postgres.databases import ProductionRefused
from shared.postgres.marker import NotAClone
from shared.runs import Again
from tests.integration.refresh.conftest import PRODUCTION, mark
from tests.integration.refresh.passage import Passage


def emails(postgres: PostgresServer, database: str) -> list[str]:
    with psycopg.connect(postgres.dsn(database)) as connection:
        query = "select email from res_partner where email <> '' order by id"
        return [email for (email,) in connection.execute(query)]


def test_masking_twice_masks_once_and_before_there_are_indexes(
    passage: Passage, masked: DatabaseMasked, postgres: PostgresServer
) -> None:
    first = emails(postgres, masked.database)

    second = passage.do("mask_database", DatabaseRestored.model_validate(masked.model_dump()))

    assert second == masked
    assert emails(postgres, masked.database) == first
    assert not set(first) & set(emails(postgres, PRODUCTION))
    with psycopg.connect(postgres.dsn(masked.database)) as connection:
        found = connection.execute("select count(*) from pg_indexes where schemaname = 'public'")
        assert found.fetchone() == (0,)
        found = connection.execute("select count(*) > 0 from signalbox.originals")
        assert found.fetchone() == (True,)


def test_a_used_budget_hands_the_thread_back(
    passage: Passage, restored: DatabaseRestored, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("functions.refresh.clones")
    monkeypatch.setattr(module, "BUDGET", 0 * BUDGET)

    first = passage.look("mask_database", restored)

    assert isinstance(first, Again)
    assert first.after == 0 * BUDGET
    assert first.checkpoint["progress"]["done"] == 0


def test_production_is_never_masked(
    passage: Passage, restored: DatabaseRestored, postgres: PostgresServer
) -> None:
    before = emails(postgres, PRODUCTION)
    environments = [
        each.model_copy(
            update={"database": each.database.model_copy(update={"server": "erp-prod"})}
        )
        for each in passage.resources.estate.environments
    ]
    passage.use_estate(environments)

    with pytest.raises(ProductionRefused):
        passage.look("mask_database", restored)

    assert emails(postgres, PRODUCTION) == before


def test_a_column_that_the_policy_does_not_know_is_refused_before_a_row_is_changed(
    passage: Passage, restored: DatabaseRestored, postgres: PostgresServer
) -> None:
    before = emails(postgres, restored.database)
    with psycopg.connect(postgres.dsn(restored.database)) as connection:
        connection.execute("alter table res_partner add column acme_remark text")

    with pytest.raises(CoverageGap, match=r"res_partner\.acme_remark"):
        passage.look("mask_database", restored)

    assert emails(postgres, restored.database) == before


def test_a_database_without_our_marker_is_never_masked(
    passage: Passage, restored: DatabaseRestored, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn(restored.database)) as connection:
        connection.execute("drop schema signalbox cascade")
    before = emails(postgres, restored.database)

    with pytest.raises(NotAClone):
        passage.look("mask_database", restored)

    assert emails(postgres, restored.database) == before


def test_an_older_epoch_is_refused(passage: Passage, restored: DatabaseRestored) -> None:
    mark(passage, restored.database, epoch=passage.epoch + 1)

    with pytest.raises(StaleEpoch):
        passage.look("mask_database", restored)
