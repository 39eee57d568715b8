"""One simulated estate: the engine, its ledger, a hostile bus, and things that runs change."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool

from functions.intake import accept_event
from functions.upkeep import (
    announce_overdue_runs,
    close_approvals,
    redrive_stuck_steps,
    send_left_behind,
)
from shared.estate import Estate
from shared.ledger import Ledger, Transaction
from shared.messages import CloudEvent, Command, Event
from shared.runs import Runner
from shared.runs.approvals import Approvals
from shared.runs.attempts import UnknownStep
from shared.runs.deciding import MANUAL, DecisionRefused
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.publishing import publish
from shared.runs.reading import Received
from tests.simulation.bus import Copy, HostileBus
from tests.simulation.people import broken_approvals, decide
from tests.simulation.scheduler import Crash, Scheduler
from tests.simulation.track import ACTIONS, CLAIMANT, EFFECTS, RUNBOOKS, Claimed, Target

GRACE = timedelta(seconds=30)
LEASE = timedelta(seconds=60)
START = datetime(2026, 1, 1, tzinfo=UTC)


EMPTY = Estate(regions=(), clusters=(), servers=(), environments=())


@dataclass
class Equipment:
    """The resources of the simulated steps."""

    target: Target
    chance: Random
    approvals: Approvals


class CrashingLedger(Ledger):
    """The real ledger, whose commits are points; a connection may also break just after one."""

    world: "World"

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as tx:
            yield tx
            self.world.scheduler.point("before commit", switch=False)
        self.world.scheduler.point("after commit")
        if self.world.chance() < self.world.hostility / 10:
            raise OperationalError("the connection broke at commit")


class World:
    """Everything of one seed."""

    def __init__(
        self,
        pool: ConnectionPool[Connection],
        seed: int,
        *,
        hostility: float = 0.15,
        crash_at: int | None = None,
        crashes: float = 0.02,
    ) -> None:
        self.random = Random(seed)
        self.hostility = hostility
        self.now = START
        crash = (lambda n: n == crash_at) if crash_at else (lambda _: self.chance() < crashes)
        self.scheduler = Scheduler(self.random, crash)
        point = self.scheduler.point
        self.bus = HostileBus(self.random, self.clock, point, hostility)
        self.ledger = CrashingLedger(pool, clock=self.clock, sleep=lambda _: None)
        self.ledger.world = self
        self.books = Ledger(pool, clock=self.clock)
        """The same ledger, read by nobody who could crash."""
        self.target = Target(point)
        self.outbox = Outbox(self.ledger, self.bus)
        self.approvals = Approvals(self.ledger, self._post)
        self.people_decide = False
        self.runner = Runner(
            self.ledger,
            self._post,
            Equipment(self.target, self.random, self.approvals),
            beating=lambda _: nullcontext(),
            lease=LEASE,
            new_lease=lambda: UUID(int=self.random.getrandbits(128), version=4),
        )
        self.intake = Intake(RUNBOOKS, EMPTY)
        self.upkeep_at = START

    def clock(self) -> datetime:
        return self.now

    def chance(self) -> float:
        return self.random.random()

    def _post(self, envelopes: Any) -> None:
        try:
            self.outbox.post(envelopes)
        except OperationalError:
            self.scheduler.trace.append("      outbox left behind")

    def publish(self, event: Event, id: str) -> None:
        claimed = isinstance(event, Claimed)
        self.people_decide |= claimed
        source = f"{MANUAL}{CLAIMANT}" if claimed else "/simulation"
        publish(self.bus, CloudEvent.of(event, id=id, source=source, time=self.now))

    # -- moving --------------------------------------------------------------------------

    def run(self, *, moves: int = 8_000) -> None:
        """Move until nothing is left to do; raises when that does not come to an end."""
        for _ in range(moves):
            if not self._move():
                return
        raise AssertionError("the world does not come to rest")

    def _move(self) -> bool:
        if self.chance() < self.hostility / 40:
            self.scheduler.trace.append("      the bus is rebuilt from nothing")
            self.bus.rebuild()
        if self.people_decide and self.chance() < 0.06:
            self.scheduler.start("person", self._decide)
        busy = len(self.scheduler.processes)
        if busy and (busy >= 4 or self.chance() < 0.7):
            self.scheduler.step()
            return True
        if copy := self.bus.receive():
            self.scheduler.start(copy.envelope.id, lambda: self._deliver(copy))
            return True
        if busy:
            self._pass_time(timedelta(seconds=self.random.choice((0, 1, 20, 70))))
            self.scheduler.step()
            return True
        if self.now >= self.upkeep_at:
            self.upkeep_at = self.now + timedelta(seconds=5)
            self.scheduler.start("upkeep", self._upkeep)
            return True
        due = self.bus.next_due()
        if due is None and self._at_rest():
            return False
        self._pass_time(max(timedelta(0), min(due or self.upkeep_at, self.upkeep_at) - self.now))
        return True

    def _pass_time(self, time: timedelta) -> None:
        self.now += time

    def _at_rest(self) -> bool:
        counts = self.books.counts()
        return counts.active_runs == 0 and counts.unsent == 0

    def _deliver(self, copy: Copy) -> None:
        try:
            self._handle(copy)
        except (Crash, OperationalError):
            self.bus.settle(copy, completed=False)
        else:
            self.bus.settle(copy, completed=True)

    def _handle(self, copy: Copy) -> None:
        envelope = copy.envelope
        if envelope.topic == "platform-events":
            received = Received(
                envelope.topic,
                "accept-event",
                envelope.id,
                envelope.body.encode(),
                envelope.properties,
            )
            accept_event(received, runner=self.runner, intake=self.intake, bus=self.bus)
            return
        action = ACTIONS[envelope.topic, envelope.subject]
        try:
            self.runner.deliver(action, Command.model_validate_json(envelope.body))
        except UnknownStep as error:
            raise AssertionError(f"a command without a step: {envelope}") from error

    def _decide(self) -> None:
        try:
            decide(self.approvals, self.random)
        except (Crash, OperationalError, DecisionRefused) as refused:
            self.scheduler.trace.append(f"      no decision: {refused!r}")

    def _upkeep(self) -> None:
        try:
            send_left_behind(self.outbox, timedelta(seconds=10))
            redrive_stuck_steps(self.ledger, self.runner, GRACE)
            announce_overdue_runs(self.runner)
            close_approvals(self.ledger, self.runner)
        except (Crash, OperationalError):
            self.scheduler.trace.append("      upkeep interrupted")

    # -- promises ------------------------------------------------------------------------

    def broken_promises(self, published: dict[str, str]) -> list[str]:
        """What does not hold after the world has come to rest; empty when all is well."""
        with self.books.transaction() as tx:
            runs = tx._conn.execute(  # noqa: SLF001
                "select id, environment, status, runbook, event_id, epoch, reason from runs"
            ).fetchall()
            events = dict(
                tx._conn.execute("select id, disposition from events").fetchall()  # noqa: SLF001
            )
            unsealed = tx._conn.execute(  # noqa: SLF001
                "select count(*) from runs left join evidence e on e.run_id = runs.id"
                " where e.run_id is null"
            ).fetchone()
            unlinked = tx._conn.execute(  # noqa: SLF001
                "select count(*) from evidence e left join evidence p"
                " on p.environment = e.environment and p.number = e.number - 1"
                " where e.body #>> '{chain,previous}' is distinct from p.sha256"
                " or (e.number > 1) <> (p.number is not null)"
            ).fetchone()
            open_steps = tx._conn.execute(  # noqa: SLF001
                "select count(*) from steps where status in ('pending', 'ready')"
            ).fetchone()
            held = tx._conn.execute(  # noqa: SLF001
                "select count(*) from interlocks where run_id is not null"
            ).fetchone()
            many = tx._conn.execute(  # noqa: SLF001
                "select count(*) from steps where attempt > max_attempts"
            ).fetchone()
            twice = tx._conn.execute(  # noqa: SLF001
                "select count(*) from (select from audit where what in ('step_succeeded',"
                " 'step_failed') group by run_id, facts ->> 'step' having count(*) > 1) again"
            ).fetchone()
        found = [
            f"event {id} was lost"
            for id in published
            if events.get(id) not in ("started", "coalesced")
        ]
        found += [
            f"{count} {what}"
            for (count,), what in (
                (unsealed or (0,), "runs without evidence"),
                (unlinked or (0,), "evidence without the one before it"),
                (open_steps or (0,), "steps left open"),
                (held or (0,), "interlocks still held"),
                (many or (0,), "steps with too many attempts"),
                (twice or (0,), "steps that ended twice"),
            )
            if count
        ]
        announced = Counter(json.loads(e.body)["id"] for e in self.bus.announced)
        for id, environment, status, runbook, event_id, epoch, reason in runs:
            mood = published[event_id] if "Approval" not in (reason or "") else "refused"
            found += self._run_promises(id, environment, status, runbook, mood)
            if not announced[f"{id}:run-{status}"]:
                found.append(f"the end of run {id} was not announced")
            if epoch is None:
                found.append(f"run {id} never had the interlock")
        found += [f"{key} was applied {n} times" for key, n in self.target.applied.items() if n > 1]
        found += broken_approvals(self.books, self.target.applied)
        return found

    def _run_promises(
        self, id: UUID, environment: str, status: str, runbook: str, mood: str
    ) -> list[str]:
        if status not in ("succeeded", "failed", "superseded"):
            return [f"run {id} is {status}"]
        left = [e for e in self.target.present.get(environment, []) if e.startswith(id.hex[:8])]
        names = EFFECTS[runbook]
        expected = [f"{id.hex[:8]}/{name}" for name in names] if status == "succeeded" else []
        found = [] if left == expected else [f"{status} run {id} left {left}"]
        if mood == "fine" and status == "failed" and self.hostility < 0.2:
            found.append(f"run {id} failed although nothing was wrong with it")
        if mood == "doomed" and runbook == "shunting" and status == "succeeded":
            found.append(f"run {id} succeeded although its last step fails for good")
        return found
