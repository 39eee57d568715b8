"""Plays an outage, and says what it took."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from statistics import median, quantiles
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from benchmarks.outage.books import Books
from benchmarks.outage.fleet import Fleet
from benchmarks.outage.scenario import START, estate, in_some_order, leveled, simulated
from benchmarks.outage.timeline import Timeline
from functions.intake import SUBSCRIPTION, accept_event
from shared.bus import Envelope
from shared.messages import CloudEvent, Command
from shared.messages.failover import RegionDegraded
from shared.runs import Runner
from shared.runs.intake import Intake
from shared.runs.publishing import PLATFORM_EVENTS, publish
from shared.runs.reading import Received

WHEN = """
    select r.environment, extract(epoch from s.ended_at - %(start)s)::float as promoted,
           extract(epoch from r.ended_at - %(start)s)::float as ended
    from runs r join steps s on s.run_id = r.id and s.name = 'promote_standby'
    where r.status = 'succeeded'
"""


@dataclass(frozen=True)
class Spread:
    """Seconds since the outage."""

    median: float
    p95: float
    last: float

    @classmethod
    def of(cls, seconds: list[float]) -> "Spread":
        if len(seconds) < 2:
            return cls(*[round(seconds[0], 1)] * 3)
        p95 = quantiles(seconds, n=20, method="inclusive")[18]
        return cls(round(median(seconds), 1), round(p95, 1), round(max(seconds), 1))


@dataclass(frozen=True)
class Tier:
    """How those of one tier fared."""

    tier: int
    environments: int
    promoted: Spread
    """Until the standby is the primary."""
    ended: Spread
    """Until the failover is closed."""


@dataclass(frozen=True)
class Outage:
    """What one outage took."""

    environments: int
    express: bool
    ledger_limit: int
    """Transactions that the ledger takes in a second."""
    tiers: tuple[Tier, ...]
    drained: float
    """Seconds until the last run was over."""
    transactions: int
    transactions_peak: int
    """In the busiest second."""
    megabytes: float
    """By which the ledger grew."""
    messages: int
    operations: int
    """Sent and received."""
    operations_peak: int
    """In the busiest second."""
    instances_peak: int
    calls_peak: int
    waiting_peak: int
    """Messages that waited for an instance."""


class World:
    """The real engine between a simulated bus and simulated steps."""

    def __init__(
        self,
        pool: ConnectionPool[Connection],
        environments: int,
        *,
        per_second: float,
        express: bool = True,
    ) -> None:
        self.timeline = Timeline(START)
        self.fleet = Fleet(self.timeline)
        self.books = Books(pool, self.timeline, per_second)
        self.work = self.timeline
        self.estate = estate(environments)
        self._runbook = simulated()
        self._runner = Runner(
            self.books, self._post, self, beating=lambda _: nullcontext(), lease=timedelta(hours=1)
        )
        self._intake = Intake((self._runbook,), self.estate if express else leveled(self.estate))
        self._listen()

    def play(self) -> None:
        """Let every environment's event happen at once, and everything that follows."""
        for name in in_some_order(self.estate):
            event = RegionDegraded(environment=name, azure_says="down")
            publish(self.fleet, CloudEvent.of(event, id=name, source="/outage", time=START))
        self.timeline.run()
        self.books.forget_all()

    def _listen(self) -> None:
        self.fleet.listen(PLATFORM_EVENTS, RegionDegraded.type, self._accept)
        for action in self._runbook.actions():

            def deliver(envelope: Envelope, action: Any = action) -> None:
                self._runner.deliver(action, Command.model_validate_json(envelope.body))

            for topic in self._runbook.topics:
                self.fleet.listen(topic, action.subscription, deliver)

    def _accept(self, envelope: Envelope) -> None:
        received = Received(
            envelope.topic, SUBSCRIPTION, envelope.id, envelope.body.encode(), envelope.properties
        )
        accept_event(received, runner=self._runner, intake=self._intake, bus=self.fleet)

    def _post(self, envelopes: Any) -> None:
        self.fleet.send(envelopes)
        self.books.forget_later([envelope.id for envelope in envelopes])


def play(
    pool: ConnectionPool[Connection], environments: int, *, per_second: float, express: bool = True
) -> Outage:
    """Play an outage on an empty ledger."""
    before = _bytes(pool)
    world = World(pool, environments, per_second=per_second, express=express)
    world.play()
    tiers = _tiers(pool, world)
    return Outage(
        environments=environments,
        express=express,
        ledger_limit=round(per_second),
        tiers=tiers,
        drained=max(each.ended.last for each in tiers),
        transactions=world.books.transactions,
        transactions_peak=world.books.busiest_second,
        megabytes=round((_bytes(pool) - before) / 1e6, 1),
        messages=world.fleet.sent.total(),
        operations=world.fleet.operations,
        operations_peak=world.fleet.busiest_second,
        instances_peak=world.fleet.most_instances,
        calls_peak=world.fleet.most_calls,
        waiting_peak=world.fleet.messages_waiting,
    )


def _tiers(pool: ConnectionPool[Connection], world: World) -> tuple[Tier, ...]:
    with pool.connection() as conn:
        rows = conn.execute(WHEN, {"start": START}).fetchall()
    when = {name: (promoted, ended) for name, promoted, ended in rows}
    found = []
    for tier in (1, 2, 3):
        names = [e.name for e in world.estate.environments if e.tier == tier and not e.standby_of]
        if names:
            promoted, ended = zip(*(when[name] for name in names), strict=True)
            spread = Spread.of(list(promoted)), Spread.of(list(ended))
            found.append(Tier(tier, len(names), *spread))
    return tuple(found)


def _bytes(pool: ConnectionPool[Connection]) -> int:
    with pool.connection() as conn:
        row = conn.execute("select pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])
