from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from infra.local.postgres import PostgresServer
from shared.cluster.api import Api
from shared.errors import StaleEpoch
from shared.estate import Reference
from shared.estate.tried_login import TriedLogin
from shared.masking.proof import NotCertified
from shared.messages.refresh import EnvironmentPublished, SanitizationProven
from shared.odoo.login import LoginRefused
from shared.postgres.checkpoints import drop_expired_checkpoints
from tests.integration.refresh.conftest import Staging, databases_like, mark
from tests.integration.refresh.passage import Passage
from tests.odooserver import OdooServer


class Crashed(Exception):
    """The process died here."""


@pytest.fixture
def api(cluster_url: str) -> Api:
    return Api(cluster_url)


def replicas(api: Api, name: str) -> int:
    found = api.read("Deployment", "acme-staging", name)["spec"]["replicas"]
    return int(found)


def scale(api: Api, name: str, count: int) -> None:
    found = api.read("Deployment", "acme-staging", name)
    found["spec"]["replicas"] = count
    api.replace("Deployment", "acme-staging", found)


def can_connect(postgres: PostgresServer, database: str, user: str) -> bool:
    with suppress(psycopg.OperationalError):
        psycopg.connect(postgres.dsn(database, user=user)).close()
        return True
    return False


def test_publishing_keeps_the_previous_database_for_a_while(
    passage: Passage, staging: Staging, proven: SanitizationProven
) -> None:
    published = passage.do("publish_environment", proven)

    assert published.previous == f"acme_staging_before_{passage.short}"
    assert staging.motto() is None
    estate, databases = passage.resources.estate, passage.resources.databases
    keep = estate.environment("acme-staging").checkpoint_keep
    soon, late = datetime.now(UTC) + keep - timedelta(hours=1), datetime.now(UTC) + keep
    assert drop_expired_checkpoints(estate, databases, soon) == []
    assert drop_expired_checkpoints(estate, databases, late) == [
        f"erp-nonprod/{published.previous}"
    ]
    assert not databases.exists("erp-nonprod", published.previous)


def test_an_environment_that_lets_nobody_in_goes_back(
    passage: Passage, staging: Staging, proven: SanitizationProven
) -> None:
    secret = Reference("env", "ADMIN_PASSWORD")
    passage.use_secrets(ADMIN_PASSWORD="a password")
    with OdooServer(staging.dsn) as odoo:
        login = TriedLogin(user="admin", password=secret, url=odoo.url)
        passage.use_estate(
            [
                e.model_copy(update={"try_login": login})
                for e in passage.resources.estate.environments
            ]
        )
        odoo.refuse = [(200, {"result": False})]
        with pytest.raises(LoginRefused, match="does not let admin into database acme_staging"):
            passage.do("publish_environment", proven)
        odoo.refuse = [(200, {"result": 2}), (200, {"result": [{"id": 2, "login": "admin"}]})]
        published = passage.do("publish_environment", proven)
    passage.undo()

    assert published.tried_login.startswith("admin logged in at ")
    assert staging.motto() == "as it was"


def test_a_database_that_changed_after_the_proof_is_not_published(
    passage: Passage, staging: Staging, proven: SanitizationProven, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn(proven.database)) as connection:
        connection.execute("create table late as select 'Ada Holm' as name")

    with pytest.raises(NotCertified, match="have changed since it was searched"):
        passage.do("publish_environment", proven)

    assert staging.motto() == "as it was"


def test_a_database_without_a_certificate_is_not_published(
    passage: Passage, staging: Staging, proven: SanitizationProven, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn(proven.database)) as connection:
        connection.execute("drop table signalbox.certificate")

    with pytest.raises(NotCertified, match="it has no certificate"):
        passage.do("publish_environment", proven)

    assert staging.motto() == "as it was"


def test_only_the_owner_may_connect_to_what_was_published(
    passage: Passage, staging: Staging, proven: SanitizationProven, postgres: PostgresServer
) -> None:
    before = can_connect(postgres, proven.database, "odoo")

    published = passage.do("publish_environment", proven)

    assert not before
    assert can_connect(postgres, staging.database, "odoo")
    assert not can_connect(postgres, staging.database, "visitor")
    assert not can_connect(postgres, published.previous, "visitor")


def test_workloads_stand_still_while_names_are_exchanged(
    passage: Passage, staging: Staging, proven: SanitizationProven, api: Api
) -> None:
    passage.look("publish_environment", proven)
    while_it_waits = replicas(api, "odoo"), replicas(api, "odoo-cron"), staging.motto()
    passage.do("publish_environment", proven)

    assert while_it_waits == (0, 0, "as it was")
    assert (replicas(api, "odoo"), replicas(api, "odoo-cron")) == (1, 1)
    workloads = passage.resources.estate.environment("acme-staging").workloads
    assert all(passage.cluster.is_ready(staging.namespace, each) for each in workloads)


def test_publishing_twice_exchanges_once(
    passage: Passage, staging: Staging, proven: SanitizationProven, postgres: PostgresServer
) -> None:
    first = passage.do("publish_environment", proven)
    passage.checkpoints.clear()
    second = passage.do("publish_environment", proven)

    assert first == second
    assert databases_like(postgres, "acme_staging%") == [staging.database, first.previous]


def test_the_first_refresh_has_no_checkpoint(
    passage: Passage, staging: Staging, proven: SanitizationProven, postgres: PostgresServer
) -> None:
    postgres.drop_database(staging.database)
    published = passage.do("publish_environment", proven)
    passage.undo()

    assert published == proven.become(EnvironmentPublished, previous=None)
    assert databases_like(postgres, "acme_staging%") == [proven.database]


def test_swapping_back_puts_everything_back(
    passage: Passage,
    staging: Staging,
    proven: SanitizationProven,
    postgres: PostgresServer,
    api: Api,
) -> None:
    scale(api, "odoo", 3)
    passage.do("publish_environment", proven)

    passage.undo()
    passage.undo()

    assert staging.motto() == "as it was"
    assert can_connect(postgres, staging.database, "visitor")
    assert (replicas(api, "odoo"), replicas(api, "odoo-cron")) == (3, 1)
    assert databases_like(postgres, "acme_staging%") == [staging.database, proven.database]


def test_swapping_back_gives_an_older_clone_its_marker_back(
    passage: Passage, staging: Staging, proven: SanitizationProven
) -> None:
    databases = passage.resources.databases
    mark(passage, staging.database, run_id="an older run", epoch=0)
    before = databases.marker("erp-nonprod", staging.database)
    passage.do("publish_environment", proven)
    while_published = databases.marker("erp-nonprod", f"acme_staging_before_{passage.short}")

    passage.undo()

    assert while_published is None
    assert databases.marker("erp-nonprod", staging.database) == before
    assert before is not None


@pytest.mark.parametrize(
    "crash_after",
    ["revoke connect", "rename to", "signalbox checkpoint", "owner to", "grant connect"],
)
@pytest.mark.parametrize("then", ["again", "undo"])
def test_a_crash_half_way_is_finished_or_undone(
    passage: Passage,
    staging: Staging,
    proven: SanitizationProven,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    crash_after: str,
    then: str,
) -> None:
    while "was_public" not in passage.checkpoints.get("publish_environment", {}):
        passage.look("publish_environment", proven)

    with monkeypatch.context() as patch:
        crash_after_statement(patch, crash_after)
        with pytest.raises(Crashed):
            passage.do("publish_environment", proven)
    if then == "again":
        passage.do("publish_environment", proven)
    else:
        passage.undo()

    previous = f"acme_staging_before_{passage.short}"
    if then == "again":
        assert staging.motto() is None
        assert databases_like(postgres, "acme_staging%") == [staging.database, previous]
    else:
        assert staging.motto() == "as it was"
        assert can_connect(postgres, staging.database, "visitor")
        assert databases_like(postgres, "acme_staging%") == [staging.database, proven.database]


def crash_after_statement(patch: pytest.MonkeyPatch, text: str) -> None:
    """Die as soon as a statement that contains ``text`` is committed or part of a transaction."""
    execute = psycopg.Connection.execute

    def execute_and_die(self: psycopg.Connection, query: object, *args: object) -> object:
        result = execute(self, query, *args)  # type: ignore[arg-type]
        said = query.as_string(self) if isinstance(query, sql.Composable) else str(query)
        if text in said and "select" not in said:
            raise Crashed(said)
        return result

    patch.setattr(psycopg.Connection, "execute", execute_and_die)


def test_an_older_run_cannot_publish(
    passage: Passage, staging: Staging, proven: SanitizationProven
) -> None:
    workload = passage.resources.estate.environment("acme-staging").workloads[0]
    passage.cluster.stop_workload(staging.namespace, workload, epoch=passage.epoch + 1)

    with pytest.raises(StaleEpoch, match=f"epoch {passage.epoch + 1}"):
        passage.do("publish_environment", proven)

    assert staging.motto() == "as it was"


def test_a_newer_clone_is_not_replaced(
    passage: Passage, staging: Staging, proven: SanitizationProven
) -> None:
    mark(passage, staging.database, run_id="a newer run", epoch=passage.epoch + 1)

    with pytest.raises(StaleEpoch):
        passage.do("publish_environment", proven)

    assert staging.motto() == "as it was"
