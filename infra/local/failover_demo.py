"""A disaster on this machine: customers order, production is killed, its standby takes over."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import psycopg

from infra.local.demo import Claim
from infra.local.orders import ORDER, Customers, Ordered
from infra.local.platform import ROOT, Platform
from infra.local.postgres import PostgresServer
from infra.local.sample import create_sample, import_dump
from shared.bus.servicebus import ServiceBus
from shared.estate import Environment
from shared.messages import CloudEvent, Event
from shared.messages.failover import (
    FailoverClosed,
    RecoveryConfirmed,
    RegionDegraded,
    RegionRecovered,
)
from shared.postgres.fencing import FenceProof, prove_fenced
from shared.postgres.reach import Unreachable, reach
from shared.postgres.replication import standby_view
from shared.runs.publishing import publish

FOLDER: Path = ROOT / ".local" / "failover"
PRODUCTION = "acme-prod"
T = TypeVar("T")
ORDERS_BEFORE = 200
"""How many orders customers must have been told of before the disaster."""

TAKEN = """
    select count(*) from sale_order where create_date > %s::timestamptz at time zone 'utc'
"""
MEASURED = "select from lag_samples where environment = %s and seconds is not null"
FENCED = "select executed_at from fence_orders where environment = %s and lifted_at is null"
LOADED = "select name from sale_order where name like 'LOAD/%'"


@dataclass(frozen=True)
class Outage:
    """The disaster as customers saw it."""

    killed_at: datetime
    taken_again_at: datetime
    told_before: int
    lost: tuple[Ordered, ...]
    """Orders that customers were told of and that the new primary does not have."""
    told_after: int
    missing_after: int
    """Of those told after the disaster."""

    @property
    def lasted(self) -> timedelta:
        return self.taken_again_at - self.killed_at


@dataclass(frozen=True)
class Return:
    """The old primary, started again while the new one serves."""

    shut_after: timedelta
    """From its first answer to the proof that it takes no writes."""
    proof: FenceProof
    only_there: frozenset[str]
    """Orders that it has and the new primary has not."""
    taken: int
    """Orders that it took since it was started again."""


class FailoverDemo:
    """The acts of the demo, on a platform that runs; each may be called once, in this order."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        estate = platform.estate
        standby = estate.standby_for(PRODUCTION)
        assert standby is not None, PRODUCTION
        self._production, self._standby = estate.environment(PRODUCTION), standby
        sides = (self._production, self._standby)
        host = self._production.endpoints[0].host
        self._customers = Customers(platform.kubernetes_url, sides, host)
        self._killed_at = datetime.min.replace(tzinfo=UTC)

    def close(self) -> None:
        self._customers.stop()

    def make_pair(
        self, partners: int, say: Callable[[str], None], *, dump: Path | None = None
    ) -> int:
        """A production, and a standby that streams from it; returns production's rows.

        Production is what a ``pg_dump -Fc`` holds, or else a sample of so many partners.
        """
        server = self._platform.server(self._production.database.server)
        server.create_database(
            self._production.database.name, owner=self._production.database.owner
        )
        rows = self._fill(partners, say, dump)
        say("standby")
        self._platform.start_standby(self._standby.database.server)
        _await("the standby to stream", self._streams)
        return sum(rows.values())

    def take_orders(self) -> int:
        """Let customers order until there are enough to lose, and both sides were measured."""
        self._customers.start()
        self._customers.await_more(ORDERS_BEFORE)
        _await("upkeep to measure both sides", self._measured)
        return len(self._customers.told)

    def kill_production(self) -> CloudEvent:
        """Kill every process of production's database server, and say that something is wrong."""
        self._killed_at = datetime.now(UTC)
        self._platform.kill(self._production.database.server)
        return self._publish(
            RegionDegraded(environment=PRODUCTION, reason="orders fail", since=self._killed_at)
        )

    def outage(self) -> Outage:
        """Let customers order some more, stop them, and compare their notes with the database."""
        self._customers.await_more(ORDERS_BEFORE)
        self._customers.stop()
        port = self._server(self._standby).port
        told = self._customers.told
        before = [order for order in told if order.port != port]
        after = [order for order in told if order.port == port]
        there = self._orders(self._standby)
        return Outage(
            killed_at=self._killed_at,
            taken_again_at=min(order.at for order in after),
            told_before=len(before),
            lost=tuple(order for order in before if order.name not in there),
            told_after=len(after),
            missing_after=sum(order.name not in there for order in after),
        )

    def start_old_primary(self) -> Return:
        """Start the killed server again, wait for its fence, and try to write to it as Odoo."""
        began = datetime.now(UTC)
        self._platform.restart(self._production.database.server)
        answered = datetime.now(UTC)
        shut_at = _await("the old primary to be shut", self._fenced_at)
        proof = prove_fenced(self._as_odoo(self._production))
        old, new = self._orders(self._production), self._orders(self._standby)
        with psycopg.connect(self._dsn(self._production)) as connection:
            [(taken,)] = connection.execute(TAKEN, [began]).fetchall()
        return Return(max(shut_at - answered, timedelta(0)), proof, old - new, int(taken))

    def let_it_rejoin(self) -> CloudEvent:
        """Say that the region is back; the old primary becomes a standby."""
        return self._publish(RegionRecovered(environment=PRODUCTION))

    def claims(
        self,
        closed: FailoverClosed,
        outage: Outage,
        returned: Return,
        confirmed: RecoveryConfirmed,
    ) -> list[Claim]:
        """What the summary claims, looked up again on both servers."""
        stated = timedelta(seconds=closed.lost_seconds or 0)
        listed = sum(each.rows for each in confirmed.lost if each.model == "sale.order")
        lost = {order.name for order in outage.lost}
        return [
            Claim(
                "every order that customers were told of since the disaster is there",
                outage.told_after > 0 and outage.missing_after == 0,
            ),
            Claim(
                f"every lost order is younger than the {stated.total_seconds():.1f} s that the run"
                " gave as the most",
                all(order.at >= outage.killed_at - stated for order in outage.lost),
            ),
            Claim(
                "recovery time and loss are within the objectives",
                closed.rto_met and closed.rpo_met is True,
            ),
            Claim(
                "the old primary, started again, refused what Odoo wrote",
                returned.proof.proven and returned.taken == 0,
            ),
            Claim(
                "every lost order was found on it, and is listed in the evidence",
                lost <= returned.only_there and listed == len(returned.only_there),
            ),
            Claim("it follows the new primary now, and has its orders", self._follows()),
        ]

    def _fill(
        self, partners: int, say: Callable[[str], None], dump: Path | None
    ) -> Mapping[str, int]:
        dsn = self._as_odoo(self._production)
        if dump is not None:
            say("restoring the backup")
            return import_dump(dump, None, dsn).rows
        base_url = self._production.endpoints[0].base_url
        return create_sample(dsn, partners=partners, base_url=base_url, progress=say).rows

    # -- places --------------------------------------------------------------------------

    def _server(self, side: Environment) -> PostgresServer:
        return self._platform.server(side.database.server)

    def _as_odoo(self, side: Environment) -> str:
        return self._server(side).dsn(side.database.name, user=side.database.owner)

    def _dsn(self, side: Environment) -> str:
        return self._server(side).dsn(side.database.name)

    def _orders(self, side: Environment) -> frozenset[str]:
        with psycopg.connect(self._dsn(side)) as connection:
            return frozenset(name for (name,) in connection.execute(LOADED).fetchall())

    def _streams(self) -> bool:
        try:
            with reach(self._dsn(self._standby)) as connection:
                return standby_view(connection).streaming
        except Unreachable:
            return False

    def _fenced_at(self) -> datetime | None:
        with psycopg.connect(self._platform.settings["SIGNALBOX_LEDGER_URL"]) as ledger:
            row = ledger.execute(FENCED, [PRODUCTION]).fetchone()
            return row[0] if row else None

    def _measured(self) -> bool:
        with psycopg.connect(self._platform.settings["SIGNALBOX_LEDGER_URL"]) as ledger:
            return ledger.execute(MEASURED, [PRODUCTION]).fetchone() is not None

    def _follows(self) -> bool:
        """Whether an order that is taken now arrives on the old primary, which is a standby."""
        with psycopg.connect(self._as_odoo(self._standby), autocommit=True) as new:
            new.execute(ORDER, ["LOAD/after"])
        try:
            _await("the old primary to have the newest order", self._has_newest)
        except TimeoutError:
            return False
        return prove_fenced(self._as_odoo(self._production)).how == "write-refused"

    def _has_newest(self) -> bool:
        return "LOAD/after" in self._orders(self._production)

    def _publish(self, event: Event) -> CloudEvent:
        now = datetime.now(UTC)
        said = CloudEvent.of(event, id=f"{event.type}-{now:%H%M%S}", source="/monitoring", time=now)
        bus = ServiceBus.connect(self._platform.settings["ServiceBus"])
        try:
            publish(bus, said)
        finally:
            bus.close()
        return said


def _await(what: str, look: Callable[[], T | None], *, seconds: float = 20) -> T:
    """What ``look`` returns once it is neither None nor False."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for {what}, in vain")
        time.sleep(0.01)
    return found
