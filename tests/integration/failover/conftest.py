"""A real pair, a cluster, a ledger, and a run that fails production over from one to the other."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local.furnish import furnish
from infra.local.kubernetes import KubernetesEmulator
from infra.local.postgres import PostgresServer
from shared.blobs import MemoryBlobs
from shared.cluster import Cluster
from shared.estate import Estate, Secrets, load_estate
from shared.lag import Replication
from shared.ledger import Ledger, Placements
from shared.postgres import Databases
from shared.postgres.pairs import Pairs
from shared.resources import Resources
from shared.runs.approvals import Approvals
from tests.integration.failover.pair import World

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"


@pytest.fixture(scope="session")
def estate() -> Estate:
    return load_estate(ESTATE)


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(database, connections=3)
    yield ledger
    ledger.close()


@pytest.fixture
def primary(tmp_path: Path) -> Iterator[PostgresServer]:
    """The server of acme-prod, with an Odoo of a few tables."""
    with PostgresServer(tmp_path / "primary", fsync=False) as server:
        server.create_role("odoo")
        server.create_database("acme_prod", owner="odoo")
        with psycopg.connect(server.dsn("acme_prod", user="odoo")) as odoo:
            odoo.execute(ODOO.encode())
        yield server


@pytest.fixture
def standby(primary: PostgresServer, tmp_path: Path) -> Iterator[PostgresServer]:
    with primary.standby(tmp_path / "standby") as server:
        yield server


@pytest.fixture
def world(
    primary: PostgresServer,
    standby: PostgresServer,
    ledger: Ledger,
    estate: Estate,
) -> Iterator[World]:
    secrets = Secrets(
        {
            "ERP_PROD_DATABASE_URL": primary.url(),
            "ERP_STANDBY_DATABASE_URL": primary.url(port=standby.port),
        }
    )
    with KubernetesEmulator(None, delay=0.02) as emulator:
        furnish(
            emulator.url,
            estate,
            lambda e: primary.url(
                e.database.name,
                e.database.owner,
                port=standby.port if e.standby_of else primary.port,
            ),
        )
        resources = Resources(
            estate=estate,
            secrets=secrets,
            blobs=MemoryBlobs(),
            cluster=Cluster.connect(emulator.url),
            databases=Databases(estate, secrets.resolve),
            placements=Placements(ledger),
            approvals=Approvals(ledger, lambda _: None),
            replication=Replication(estate, ledger, Pairs(estate, secrets.resolve)),
        )
        yield World(resources, ledger, primary, standby)


ODOO = """
create table ir_module_module (name text, state text);
insert into ir_module_module
    select unnest(array['base', 'sale', 'mail']), 'installed';
create table ir_attachment (id serial primary key, store_fname text, create_date timestamp);
create table mail_mail (id serial primary key, state text, create_date timestamp);
create table mail_message (id serial primary key, create_date timestamp);
create table stock_picking (id serial primary key, name text, create_date timestamp);
create table account_move (id serial primary key, name text, create_date timestamp);
create table purchase_order (id serial primary key, name text, create_date timestamp);
create table sale_order (id serial primary key, name text, warehouse_id int default 1,
    create_date timestamp default (now() at time zone 'utc'));
insert into sale_order (name) select 'S' || n from generate_series(1, 10) n;
"""
