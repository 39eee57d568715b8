"""A production whose standby can be kept behind, on real servers and a real Kubernetes API."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from functions.upkeep.standbys import watch_standbys
from infra.local.postgres import PostgresServer
from infra.local.processes import wait_until
from infra.local.wire import Wire
from shared.estate import Estate, Failover, LagLimits, Secrets, load_estate
from shared.lag import Replication
from shared.ledger import Ledger, Pair
from shared.ledger.lag import LagSample
from shared.postgres.pairs import Pairs
from shared.runs import Runner
from shared.runs.outbox import Outbox
from tests.keepingbus import KeepingBus

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
LIMITS = LagLimits(
    threshold=timedelta(milliseconds=300),
    recovered_below=timedelta(milliseconds=200),
    sustained=timedelta(milliseconds=200),
    patience=timedelta(minutes=15),
)
_numbers = count(1)


@dataclass
class Servers:
    """A primary, its streaming standby, and the wire between them."""

    primary: PostgresServer
    standby: PostgresServer
    wire: Wire

    def order(self) -> None:
        """Commit something worth not losing."""
        with psycopg.connect(self.primary.dsn()) as connection:
            connection.execute("insert into orders default values")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The standby receives and does not replay, and an order waits for it."""
        self._on_standby("select pg_wal_replay_pause()")
        try:
            self.order()
            yield
        finally:
            self._on_standby("select pg_wal_replay_resume()")

    @contextmanager
    def cut(self) -> Iterator[None]:
        """The standby hears nothing, and an order is on the primary alone."""
        self.wire.cut()
        try:
            self.order()
            yield
        finally:
            self.wire.mend()

    def _on_standby(self, statement: Any) -> None:
        with psycopg.connect(self.standby.dsn(), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("lag")
    with ExitStack() as stack:
        primary = stack.enter_context(PostgresServer(folder / "primary", fsync=False))
        wire = stack.enter_context(Wire(primary.port))
        standby = primary.standby(folder / "standby", through=wire.port)
        stack.enter_context(standby)
        with psycopg.connect(primary.dsn(), autocommit=True) as connection:
            connection.execute("create table orders (id int generated always as identity)")
        yield Servers(primary, standby, wire)
        wire.mend()


class Site:
    """Upkeep's watch over one pair."""

    def __init__(
        self,
        servers: Servers,
        ledger: Ledger,
        limits: LagLimits = LIMITS,
        rpo: timedelta = timedelta(minutes=15),
    ) -> None:
        self.bus = KeepingBus()
        self.ledger = ledger
        self.estate = estate(limits, rpo)
        self.resolve = Secrets(
            {
                "ERP_PROD_DATABASE_URL": servers.primary.dsn(),
                "ERP_STANDBY_DATABASE_URL": servers.standby.dsn(),
            }
        ).resolve
        self.replication = Replication(self.estate, ledger, Pairs(self.estate, self.resolve))
        self.post = Outbox(ledger, self.bus).post
        self.runner = Runner(ledger, self.post, self, beating=lambda _: nullcontext())

    @property
    def pair(self) -> Pair:
        return self.replication.pair("acme-prod")

    def watch(self) -> None:
        watch_standbys(self.replication, self.runner)

    def watch_until(self, ready: Callable[[], bool], waiting_for: str) -> None:
        def watched() -> bool:
            self.watch()
            return ready()

        wait_until(watched, seconds=20, waiting_for=waiting_for)

    def measured(self, ready: Callable[[LagSample], bool], waiting_for: str) -> LagSample:
        """Measure until a sample is as expected; return that."""
        found: list[LagSample] = []

        def measure() -> bool:
            found.append(self.replication.measure(self.pair))
            return ready(found[-1])

        wait_until(measure, seconds=20, waiting_for=waiting_for)
        return found[-1]

    def published(self) -> list[str]:
        return [envelope.subject for envelope in self.bus.sent]


def estate(limits: LagLimits, rpo: timedelta) -> Estate:
    """The demo's estate, whose production has these limits."""
    found = load_estate(ESTATE)
    new = {"lag": limits, "failover": Failover(rpo=rpo)}
    changed = [
        each.model_copy(update=new) if each.name == "acme-prod" else each
        for each in found.environments
    ]
    return found.model_copy(update={"environments": tuple(changed)})


@pytest.fixture
def ledger(empty_ledger: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(empty_ledger)
    yield ledger
    ledger.close()


@pytest.fixture
def site(servers: Servers, ledger: Ledger) -> Site:
    return Site(servers, ledger)
