"""One simulated estate: the engine, its ledger, a hostile bus, and things that runs change."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool

from functions.intake import accept_event
from functions.upkeep import announce_overdue_runs, redrive_stuck_steps, send_left_behind
from shared.errors import PermanentError, TemporaryError
from shared.estate import Estate
from shared.ledger import Ledger, Transaction
from shared.messages import CloudEvent, Command, Event, Message
from shared.runs import Again, Priority, Run, Runbook, Runner, Step
from shared.runs.attempts import UnknownStep
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.publishing import publish
from shared.runs.reading import Received
from tests.simulation.bus import Copy, HostileBus
from tests.simulation.scheduler import Crash, Scheduler

GRACE = timedelta(seconds=30)
LEASE = timedelta(seconds=60)
START = datetime(2026, 1, 1, tzinfo=UTC)


class Shunted(Event):
    """A wagon was shunted: routine work."""

    type: ClassVar[str] = "shunted"
    mood: str = "fine"
    """How the run's steps behave: fine, shaky (temporary errors), doomed (one fails for good)."""


class Collided(Event):
    """A collision: urgent work."""

    type: ClassVar[str] = "collided"
    mood: str = "fine"


class Facts(Message):
    mood: str
    effects: tuple[str, ...] = ()


class StaleEpoch(PermanentError):
    """A newer run has been at the target."""


class Undone(PermanentError):
    """The run that wants this has turned back."""


@dataclass
class Target:
    """What runs change: refuses older epochs, what is there already, and what was undone."""

    point: Any
    present: dict[str, list[str]] = field(default_factory=dict)
    applied: Counter[str] = field(default_factory=Counter)
    epochs: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def apply(self, run: Run, effect: str) -> None:
        key = f"{run.short}/{effect}"
        self.point(f"before effect {key}")
        if run.epoch < self.epochs.get(run.environment, 0):
            raise StaleEpoch(key)
        self.epochs[run.environment] = run.epoch
        if key in self.gone:
            raise Undone(key)
        if key not in self.present.setdefault(run.environment, []):
            self.present[run.environment].append(key)
            self.applied[key] += 1
        self.point(f"after effect {key}")

    def undo(self, run: Run, effect: str) -> None:
        key = f"{run.short}/{effect}"
        self.point(f"before undoing {key}")
        if run.epoch < self.epochs.get(run.environment, 0):
            raise StaleEpoch(key)
        self.epochs[run.environment] = run.epoch
        self.gone.add(key)
        if key in self.present.get(run.environment, []):
            self.present[run.environment].remove(key)
        self.point(f"after undoing {key}")


def _act(facts: Facts, effect: str, run: Run, target: Target, chance: Random) -> Facts:
    if not run.still_mine():
        raise TemporaryError("the lease is lost")
    if facts.mood == "shaky" and chance.random() < 0.3:
        raise TemporaryError("signal at danger", delay=timedelta(seconds=3))
    if facts.mood == "shaky" and chance.random() < 0.1:
        raise ZeroDivisionError("a bug")
    target.apply(run, effect)
    if facts.mood == "doomed" and effect == "close":
        raise PermanentError("the points are broken")
    return Facts(mood=facts.mood, effects=(*facts.effects, effect))


def set_points(event: Shunted, *, run: Run, target: Target, chance: Random) -> Facts | Again:
    return _act(Facts(mood=event.mood), "set", run, target, chance)


def unset_points(event: Shunted, *, run: Run, target: Target) -> None:
    target.undo(run, "set")


def clear_track(facts: Facts, *, run: Run, target: Target, chance: Random) -> Facts | Again:
    looks = run.checkpoint.get("looks", 0)
    if looks < 2:
        return Again(timedelta(seconds=10), {"looks": looks + 1})
    return _act(facts, "clear", run, target, chance)


def restore_track(facts: Facts, *, run: Run, target: Target) -> None:
    target.undo(run, "clear")


def close_gate(facts: Facts, *, run: Run, target: Target, chance: Random) -> Facts:
    return _act(facts, "close", run, target, chance)


def open_gate(facts: Facts, *, run: Run, target: Target) -> None:
    target.undo(run, "close")


def stop_trains(event: Collided, *, run: Run, target: Target, chance: Random) -> Facts:
    return _act(Facts(mood=event.mood), "stop", run, target, chance)


def start_trains(event: Collided, *, run: Run, target: Target) -> None:
    target.undo(run, "stop")


SHUNTING = Runbook(
    name="shunting",
    on=Shunted,
    concerns=lambda event, _: (event.environment,),
    coalesce=lambda event: event.mood,
    steps=(
        Step(set_points, undo=unset_points, max_attempts=20),
        Step(clear_track, undo=restore_track, max_attempts=20),
        Step(close_gate, undo=open_gate, max_attempts=20),
    ),
)
RESCUE = Runbook(
    name="rescue",
    on=Collided,
    concerns=lambda event, _: (event.environment,),
    steps=(Step(stop_trains, undo=start_trains, max_attempts=20),),
    priority=Priority.URGENT,
)
RUNBOOKS = (SHUNTING, RESCUE)
ACTIONS = {(a.topic, a.subscription): a for book in RUNBOOKS for a in book.actions()}
EMPTY = Estate(regions=(), clusters=(), servers=(), environments=())


@dataclass
class Equipment:
    """The resources of the simulated steps."""

    target: Target
    chance: Random


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
        self.runner = Runner(
            self.ledger,
            self._post,
            Equipment(self.target, self.random),
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
        publish(self.bus, CloudEvent.of(event, id=id, source="/simulation", time=self.now))

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

    def _upkeep(self) -> None:
        try:
            send_left_behind(self.outbox, timedelta(seconds=10))
            redrive_stuck_steps(self.ledger, self.runner, GRACE)
            announce_overdue_runs(self.runner)
        except (Crash, OperationalError):
            self.scheduler.trace.append("      upkeep interrupted")

    # -- promises ------------------------------------------------------------------------

    def broken_promises(self, published: dict[str, str]) -> list[str]:
        """What does not hold after the world has come to rest; empty when all is well."""
        with self.books.transaction() as tx:
            runs = tx._conn.execute(  # noqa: SLF001
                "select id, environment, status, runbook, event_id, epoch from runs"
            ).fetchall()
            events = dict(
                tx._conn.execute("select id, disposition from events").fetchall()  # noqa: SLF001
            )
            unsealed = tx._conn.execute(  # noqa: SLF001
                "select count(*) from runs left join evidence e on e.run_id = runs.id"
                " where e.run_id is null"
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
                (open_steps or (0,), "steps left open"),
                (held or (0,), "interlocks still held"),
                (many or (0,), "steps with too many attempts"),
                (twice or (0,), "steps that ended twice"),
            )
            if count
        ]
        announced = Counter(json.loads(e.body)["id"] for e in self.bus.announced)
        for id, environment, status, runbook, event_id, epoch in runs:
            found += self._run_promises(id, environment, status, runbook, published[event_id])
            if not announced[f"{id}:run-{status}"]:
                found.append(f"the end of run {id} was not announced")
            if epoch is None:
                found.append(f"run {id} never had the interlock")
        found += [f"{key} was applied {n} times" for key, n in self.target.applied.items() if n > 1]
        return found

    def _run_promises(
        self, id: UUID, environment: str, status: str, runbook: str, mood: str
    ) -> list[str]:
        if status not in ("succeeded", "failed", "superseded"):
            return [f"run {id} is {status}"]
        left = [e for e in self.target.present.get(environment, []) if e.startswith(id.hex[:8])]
        names = {"shunting": ["set", "clear", "close"], "rescue": ["stop"]}[runbook]
        expected = [f"{id.hex[:8]}/{name}" for name in names] if status == "succeeded" else []
        found = [] if left == expected else [f"{status} run {id} left {left}"]
        if mood == "fine" and status == "failed" and self.hostility < 0.2:
            found.append(f"run {id} failed although nothing was wrong with it")
        if mood == "doomed" and runbook == "shunting" and status == "succeeded":
            found.append(f"run {id} succeeded although its last step fails for good")
        return found
