from collections.abc import Iterator

import psycopg
import pytest

from infra.local.postgres import PostgresServer
from shared.cluster import ObjectMissing
from shared.cluster.api import Api
from shared.errors import StaleEpoch
from shared.messages.refresh import DatabaseSanitized
from tests.integration.refresh.conftest import mark, sanitized_facts
from tests.integration.refresh.passage import Passage

NAMESPACE = "acme-staging"


@pytest.fixture
def sanitized(passage: Passage, postgres: PostgresServer) -> DatabaseSanitized:
    """A clone with the few settings that remapping reads."""
    database = f"acme_staging_incoming_{passage.short}"
    passage.resources.databases.create("erp-nonprod", database)
    with psycopg.connect(postgres.dsn(database)) as connection:
        connection.execute("""
            create table ir_config_parameter (id serial, key text unique, value text);
            create table res_company (id serial, website text);
            insert into ir_config_parameter (key, value)
                values ('web.base.url', 'https://erp.acme.example');
            insert into res_company (website) values ('https://shop.acme.example/about');
        """)
    mark(passage, database)
    return sanitized_facts(database)


@pytest.fixture
def at_production(passage: Passage, postgres: PostgresServer) -> Iterator[None]:
    """Staging's configuration still is a copy of production's."""
    cluster, epoch = passage.cluster, passage.epoch
    url = postgres.url("acme_prod", "odoo").replace("127.0.0.1", "erp-prod.acme.example")
    before = cluster.read_secret(NAMESPACE, "odoo-database")
    rules = cluster.route_rules(NAMESPACE, "odoo")
    cluster.write_config(
        NAMESPACE,
        "odoo-config",
        {"db_host": "erp-prod.acme.example", "db_name": "acme_prod"},
        epoch=epoch,
    )
    cluster.write_secret(NAMESPACE, "odoo-database", {"url": url}, epoch=epoch)
    cluster.write_route_rules(
        NAMESPACE, "odoo", ["Host(`erp.acme.example`) && PathPrefix(`/`)"], epoch=epoch
    )
    yield
    cluster.write_secret(NAMESPACE, "odoo-database", before, epoch=epoch)
    cluster.write_route_rules(NAMESPACE, "odoo", rules, epoch=epoch)


def configuration(passage: Passage) -> tuple[object, ...]:
    cluster = passage.cluster
    return (
        cluster.read_config(NAMESPACE, "odoo-config"),
        cluster.read_secret(NAMESPACE, "odoo-database"),
        cluster.route_rules(NAMESPACE, "odoo"),
    )


def test_nothing_points_at_production_any_more(
    passage: Passage, sanitized: DatabaseSanitized, at_production: None, postgres: PostgresServer
) -> None:
    remapped = passage.do("remap_endpoints", sanitized)

    config, secret, rules = configuration(passage)
    assert config == {
        "db_host": "127.0.0.1",
        "db_port": str(postgres.port),
        "db_name": "acme_staging",
        "web.base.url": "https://staging.acme.example",
    }
    assert secret == {"url": postgres.url("acme_staging", "odoo")}
    assert rules == ("Host(`staging.acme.example`) && PathPrefix(`/`)",)
    assert remapped.endpoints >= 6
    with psycopg.connect(postgres.dsn(sanitized.database)) as connection:
        website = connection.execute("select website from res_company").fetchone()
        assert website == ("https://staging.acme.example/about",)


def test_remapping_twice_changes_nothing_more(
    passage: Passage, sanitized: DatabaseSanitized, at_production: None
) -> None:
    passage.do("remap_endpoints", sanitized)
    once = configuration(passage)

    again = passage.do("remap_endpoints", sanitized)

    assert configuration(passage) == once
    assert again.endpoints == 0


def test_undoing_puts_back_what_was_there_before_the_first_attempt(
    passage: Passage, sanitized: DatabaseSanitized, at_production: None
) -> None:
    before = configuration(passage)
    passage.do("remap_endpoints", sanitized)
    passage.do("remap_endpoints", sanitized)

    passage.undo()
    passage.undo()

    assert configuration(passage) == before


def test_undoing_what_never_happened_changes_nothing(
    passage: Passage, sanitized: DatabaseSanitized
) -> None:
    before = configuration(passage)

    passage.do("restore_endpoints", sanitized)

    assert configuration(passage) == before


def test_an_older_run_changes_no_configuration(
    passage: Passage, sanitized: DatabaseSanitized, cluster_url: str, at_production: None
) -> None:
    cluster, newer = passage.cluster, passage.epoch + 1
    cluster.write_config(NAMESPACE, "odoo-config", {"newer": "yes"}, epoch=newer)
    before = configuration(passage)

    with pytest.raises(StaleEpoch, match=f"belongs to epoch {newer}"):
        passage.do("remap_endpoints", sanitized)

    assert configuration(passage) == before
    forget_epoch(cluster_url, "ConfigMap", "odoo-config")


def test_a_missing_route_is_named(passage: Passage, sanitized: DatabaseSanitized) -> None:
    environments = [
        each.model_copy(update={"route": "no-such-route"})
        for each in passage.resources.estate.environments
    ]
    passage.use_estate(environments)

    with pytest.raises(ObjectMissing, match="IngressRoute acme-staging/no-such-route"):
        passage.do("remap_endpoints", sanitized)


def forget_epoch(cluster_url: str, kind: str, name: str) -> None:
    api = Api(cluster_url)
    found = api.read(kind, NAMESPACE, name)
    found["metadata"]["annotations"] = {}
    found["data"].pop("newer")
    api.replace(kind, NAMESPACE, found)
