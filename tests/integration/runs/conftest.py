"""The engine on a real ledger, with a bus that only remembers."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest

from functions.intake import accept_event
from shared.bus import Envelope
from shared.estate import Estate
from shared.ledger import Ledger
from shared.messages import CloudEvent, Command, Event, Message
from shared.runs import Again, Priority, Run, Runbook, Runner, Step
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.reading import Received

EMPTY = Estate(regions=(), clusters=(), servers=(), environments=())
LEASE = timedelta(seconds=60)


class Arrived(Event):
    type: ClassVar[str] = "arrived"
    lorry: str = "1"


class Burning(Event):
    type: ClassVar[str] = "burning"


class Unloaded(Message):
    crates: int


class Shelved(Message):
    shelf: str


@dataclass
class Yard:
    """The one resource: says how steps behave, remembers what they did."""

    done: list[str] = field(default_factory=list)
    behave: Any = lambda _: None
    last: Run | None = None

    def do(self, run: Run, what: str) -> Any:
        self.last = run
        self.done.append(what)
        return self.behave(run)


def unload(event: Arrived, *, run: Run, yard: Yard) -> Unloaded | Again:
    return yard.do(run, "unload") or Unloaded(crates=3)


def load_back(event: Arrived, *, run: Run, yard: Yard) -> None:
    yard.do(run, "load_back")


def shelve(unloaded: Unloaded, *, run: Run, yard: Yard) -> Shelved | Again:
    return yard.do(run, f"shelve {unloaded.crates}") or Shelved(shelf="A1")


def unshelve(unloaded: Unloaded, *, run: Run, yard: Yard) -> None:
    yard.do(run, "unshelve")


def extinguish(event: Burning, *, run: Run, yard: Yard) -> Shelved:
    yard.do(run, "extinguish")
    return Shelved(shelf="none")


GOODS = Runbook(
    name="goods",
    on=Arrived,
    concerns=lambda event, _: () if event.environment == "nowhere" else (event.environment,),
    coalesce=lambda event: event.lorry,
    steps=(
        Step(unload, undo=load_back, max_attempts=3, time_limit=timedelta(minutes=10)),
        Step(shelve, undo=unshelve),
    ),
    overdue_after=timedelta(minutes=30),
)
FIRE = Runbook(
    name="fire",
    on=Burning,
    concerns=lambda event, _: (event.environment,),
    steps=(Step(extinguish),),
    priority=Priority.URGENT,
)
ACTIONS = {
    (topic, action.subscription): action
    for book in (GOODS, FIRE)
    for action in book.actions()
    for topic in book.topics
}


class Bus:
    """Keeps what was sent until a test delivers it."""

    def __init__(self) -> None:
        self.sent: list[Envelope] = []
        self.broken = False

    def send(self, envelopes: Iterable[Envelope]) -> None:
        if self.broken:
            raise ConnectionError("the bus is down")
        self.sent.extend(envelopes)

    def close(self) -> None: ...

    def take(self, topic: str) -> list[Envelope]:
        taken = [envelope for envelope in self.sent if envelope.topic == topic]
        self.sent = [envelope for envelope in self.sent if envelope.topic != topic]
        return taken


class Engine:
    """Everything around the steps, and a clock that tests move."""

    def __init__(self, url: str) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.bus = Bus()
        self.yard = Yard()
        self.ledger = Ledger.connect(url)
        self.ledger.clock = lambda: self.now
        self.outbox = Outbox(self.ledger, self.bus)
        self.runner = Runner(
            self.ledger, self.outbox.post, self, beating=lambda _: nullcontext(), lease=LEASE
        )
        self.intake = Intake((GOODS, FIRE), EMPTY)

    def know(self, *runbooks: Runbook) -> None:
        """Deploy other runbooks."""
        self.intake = Intake(runbooks, EMPTY)

    def pass_time(self, **time: float) -> None:
        self.now += timedelta(**time)

    def receive(self, body: bytes, message_id: str = "m-1") -> None:
        received = Received("platform-events", "accept-event", message_id, body, {})
        accept_event(received, runner=self.runner, intake=self.intake, bus=self.bus)

    def happen(self, event: Event, id: str = "e-1") -> UUID | None:
        """Let intake have an event; the run that it started, if any."""
        said = CloudEvent.of(event, id=id, source="/test", time=self.now)
        self.receive(said.model_dump_json().encode(), message_id=id)
        runs = self.ledger.runs_of_event("/test", id)
        return runs[0] if runs else None

    def deliver(self, envelope: Envelope) -> None:
        action = ACTIONS[envelope.topic, envelope.subject]
        self.runner.deliver(action, Command.model_validate_json(envelope.body))

    def deliver_all(self, topic: str = "goods") -> None:
        """Deliver commands, and the commands that follow, moving the clock to scheduled ones."""
        while envelopes := self.bus.take(topic):
            for envelope in envelopes:
                self.now = max(self.now, envelope.scheduled_for or self.now)
                self.deliver(envelope)

    def status(self, run: UUID | None) -> str:
        assert run is not None
        record = self.ledger.run_record(run)
        assert record is not None
        return str(record["run"]["status"])

    def announced(self) -> list[str]:
        return [envelope.subject for envelope in self.bus.sent if envelope.topic == "run-events"]


@pytest.fixture
def engine(empty_ledger: str) -> Iterator[Engine]:
    engine = Engine(empty_ledger)
    yield engine
    engine.ledger.close()


def fails_once(error: Exception) -> Any:
    errors = [error]

    def behave(_: Run) -> None:
        if errors:
            raise errors.pop()

    return behave
