"""A primary and its streaming standby for each test, copied from a pair that is made once."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from infra.local.postgres import PostgresServer
from infra.local.processes import wait_until
from infra.local.wire import Wire
from shared.postgres.reach import reach
from shared.postgres.replication import PrimaryView, StandbyView, primary_view, standby_view

DATABASE = "acme_prod"
_ENOUGH = 2 * 1024**3
_NUMBERS = count(1)


@dataclass(frozen=True)
class Pair:
    """Two servers, the network from the standby to the primary, and a database of Odoo's."""

    primary: PostgresServer
    standby: PostgresServer
    wire: Wire
    database: str = DATABASE

    def odoo(self, server: PostgresServer) -> str:
        """How Odoo connects."""
        return server.dsn(self.database, "odoo")

    def order(self, number: int, *, on: PostgresServer | None = None) -> None:
        """Commit an order as Odoo does."""
        with psycopg.connect(self.odoo(on or self.primary)) as connection:
            connection.execute("insert into orders values (%s)", (number,))

    def orders(self, on: PostgresServer) -> list[int]:
        """What orders a server has, asked as administrator, who reads behind a fence."""
        with psycopg.connect(on.dsn(self.database)) as connection:
            return [number for (number,) in connection.execute("select * from orders order by 1")]

    def primary_view(self) -> PrimaryView:
        with reach(self.primary.dsn()) as connection:
            return primary_view(connection)

    def standby_view(self) -> StandbyView:
        with reach(self.standby.dsn()) as connection:
            return standby_view(connection)

    def catch_up(self) -> None:
        """Wait until the standby has all that the primary has."""
        lsn = self.primary_view().lsn
        until(lambda: self.standby_view().replayed_lsn >= lsn, "the standby to catch up")


def until(ready: Callable[[], bool], waiting_for: str) -> None:
    wait_until(ready, seconds=20, waiting_for=waiting_for)


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """A folder in memory, where there is enough: a pair is some thousand files."""
    shared = Path("/dev/shm")
    enough = shared.is_dir() and shutil.disk_usage(shared).free > _ENOUGH
    with TemporaryDirectory(prefix="pairs-", dir=shared if enough else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def template(memory: Path) -> Path:
    """A stopped pair: a database that Odoo owns, with a table of orders."""
    folder = memory / "template"
    with PostgresServer(folder / "primary", fsync=False) as primary:
        primary.create_role("odoo")
        _furnish(primary, DATABASE)
        primary.standby(folder / "standby")
    return folder


@pytest.fixture
def pair(template: Path, memory: Path) -> Iterator[Pair]:
    """A streaming pair of the test's own: for whatever cannot be undone."""
    with _streaming(template, memory / f"pair-{next(_NUMBERS)}") as found:
        yield found


@pytest.fixture(scope="session")
def lasting(template: Path, memory: Path) -> Iterator[Pair]:
    """A streaming pair that no test may promote."""
    with _streaming(template, memory / "lasting") as found:
        yield found


@pytest.fixture
def standing(lasting: Pair) -> Iterator[Pair]:
    """The lasting pair, with a database of the test's own; whatever was broken is mended after."""
    name = f"acme_{next(_NUMBERS)}"
    _furnish(lasting.primary, name)
    standing = replace(lasting, database=name)
    standing.catch_up()
    yield standing
    lasting.wire.mend()
    for server in (lasting.primary, lasting.standby):
        server.resume()
        if not server.running:
            server.start()


@contextmanager
def _streaming(template: Path, folder: Path) -> Iterator[Pair]:
    primary = PostgresServer(folder / "primary", fsync=False)
    with ExitStack() as stack:
        shutil.copytree(template, folder)
        stack.callback(shutil.rmtree, folder)
        stack.callback(primary.kill)
        primary.start()
        wire = stack.enter_context(Wire(primary.port))
        standby = primary.standby(folder / "standby", through=wire.port)
        stack.callback(standby.kill)
        standby.start()
        found = Pair(primary, standby, wire)
        until(lambda: found.standby_view().streaming, "the standby to stream")
        yield found


def _furnish(server: PostgresServer, database: str) -> None:
    server.create_database(database, "odoo")
    with psycopg.connect(server.dsn(database, "odoo")) as connection:
        connection.execute("create table orders (number integer primary key)")
