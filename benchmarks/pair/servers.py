"""The pair: a primary and its streaming standby, with a table that somebody writes to."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from infra.local.postgres import PostgresServer
from infra.local.processes import wait_until
from shared.postgres.reach import reach
from shared.postgres.replication import standby_view

DATABASE = "acme_prod"
SIDES = ("acme-prod", "acme-standby")


@dataclass(frozen=True)
class Pair:
    """Two servers of which the second follows the first."""

    primary: PostgresServer
    standby: PostgresServer

    def write(self, server: PostgresServer, number: int) -> None:
        """Commit an order as the application does, in a connection of its own."""
        with psycopg.connect(server.dsn(DATABASE, "odoo"), connect_timeout=2) as connection:
            connection.execute("insert into orders values (%s)", (number,))

    def write_until_it_works(self, server: PostgresServer) -> None:
        """What the application does while its database changes hands."""
        while True:
            try:
                return self.write(server, 1_000_000)
            except psycopg.Error:
                time.sleep(0.001)


def make_template(folder: Path) -> None:
    """A stopped pair with durable settings."""
    with PostgresServer(folder / "primary") as primary:
        primary.create_role("odoo")
        primary.create_database(DATABASE, "odoo")
        with psycopg.connect(primary.dsn(DATABASE, "odoo")) as connection:
            connection.execute("create table orders (number integer primary key)")
        primary.standby(folder / "standby")


@contextmanager
def streaming(template: Path, folder: Path) -> Iterator[Pair]:
    """A copy of the template at work, with some orders in it."""
    shutil.copytree(template, folder)
    primary = PostgresServer(folder / "primary")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(primary.kill)
        primary.start()
        standby = primary.standby(folder / "standby")
        stack.callback(standby.kill)
        standby.start()
        pair = Pair(primary, standby)
        wait_until(lambda: _streams(standby), seconds=30, waiting_for="the standby to stream")
        for number in range(20):
            pair.write(primary, number)
        yield pair


def _streams(standby: PostgresServer) -> bool:
    with reach(standby.dsn()) as connection:
        return standby_view(connection).streaming
