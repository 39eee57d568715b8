"""Drives the failover runbook through the real engine, on a real pair, without a bus or a host."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from threading import Event as Flag
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg

from functions.failover import RUNBOOK
from functions.intake import accept_event
from functions.upkeep.fence_orders import execute_fence_orders
from infra.local.postgres import PostgresServer
from shared.bus import Envelope
from shared.estate import Failover
from shared.ledger import Ledger
from shared.messages import CloudEvent, Command, Event
from shared.messages.failover import RegionDegraded
from shared.resources import Resources
from shared.runs import Runbook, Runner
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.reading import Received

PRODUCTION, STANDBY = "acme-prod", "acme-standby"
OVER = ("succeeded", "failed", "superseded")

_numbers = count(1)


class Bus:
    """Keeps what was sent until the world delivers it."""

    def __init__(self) -> None:
        self.sent: list[Envelope] = []

    def send(self, envelopes: Iterable[Envelope]) -> None:
        self.sent.extend(envelopes)

    def close(self) -> None: ...


@dataclass
class World:
    """A pair, everything that steps ask for, and the engine around them."""

    resources: Resources
    ledger: Ledger
    primary: PostgresServer
    standby: PostgresServer
    runbooks: tuple[Runbook, ...] = (RUNBOOK,)
    bus: Bus = field(default_factory=Bus)

    def policy(self, **stated: Any) -> None:
        """Go on with another failover policy of production; what connects stays."""
        estate = self.resources.estate
        everything = [
            each
            if each.name != PRODUCTION
            else each.model_copy(
                update={"failover": Failover.model_validate(dict(each.failover) | stated)}
            )
            for each in estate.environments
        ]
        object.__setattr__(
            self.resources, "estate", estate.model_copy(update={"environments": tuple(everything)})
        )

    def measure(self) -> None:
        """What upkeep does every few seconds: remember how far both sides are."""
        replication = self.resources.replication
        replication.measure(replication.pair(PRODUCTION))

    def upkeep(self) -> None:
        """What upkeep does every second."""
        found = self.resources
        execute_fence_orders(found.placements, found.estate, found.cluster, found.databases)

    # -- the engine ------------------------------------------------------------------------

    def happen(self, event: Event | None = None) -> UUID | None:
        """Let intake have an event; the run that it started, if any."""
        id = f"e-{next(_numbers)}"
        said = CloudEvent.of(
            event or RegionDegraded(environment=PRODUCTION),
            id=id,
            source="/tests",
            time=datetime.now(UTC),
        )
        received = Received(
            "platform-events", "accept-event", id, said.model_dump_json().encode(), {}
        )
        accept_event(
            received,
            runner=self.runner,
            intake=Intake(self.runbooks, self.resources.estate),
            bus=self.bus,
        )
        runs = self.ledger.runs_of_event("/tests", id)
        return runs[0] if runs else None

    def fail_over(self) -> UUID:
        """A run from its event to its end, or until it waits for people."""
        run = self.happen()
        assert run is not None
        self.work(run)
        return run

    def work(self, run: UUID, *, before: str | None = None, seconds: float = 30) -> str:
        """Deliver commands until the run is over, waits for people, or is about to do a step."""
        actions = {(a.topic, a.subscription): a for b in self.runbooks for a in b.actions()}
        deadline = monotonic() + seconds
        while self.status(run) not in OVER:
            assert monotonic() < deadline, self.steps(run)
            envelope = self._next()
            if envelope is None:
                return self.status(run)
            action = actions[envelope.topic, envelope.subject]
            if action.name == before:
                return self.status(run)
            self.bus.sent.remove(envelope)
            self._await(envelope)
            self.runner.deliver(action, Command.model_validate_json(envelope.body))
        return self.status(run)

    @property
    def runner(self) -> Runner:
        return Runner(
            self.ledger,
            Outbox(self.ledger, self.bus).post,
            self.resources,
            beating=lambda _: nullcontext(),
        )

    def _next(self) -> Envelope | None:
        """The next command that is due within seconds; a wait for people is longer."""
        topics = {book.name for book in self.runbooks}
        soon = [
            each
            for each in self.bus.sent
            if each.topic in topics
            and (
                each.scheduled_for is None
                or (each.scheduled_for - datetime.now(UTC)).total_seconds() < 20
            )
        ]
        return min(
            soon,
            key=lambda each: each.scheduled_for or datetime.min.replace(tzinfo=UTC),
            default=None,
        )

    def _await(self, envelope: Envelope) -> None:
        if envelope.scheduled_for is not None:
            Flag().wait(max(0.0, (envelope.scheduled_for - datetime.now(UTC)).total_seconds()))

    # -- what there is afterwards ----------------------------------------------------------

    def status(self, run: UUID) -> str:
        return str(self.record(run)["run"]["status"])

    def reason(self, run: UUID) -> str:
        return str(self.record(run)["run"]["reason"])

    def record(self, run: UUID) -> dict[str, Any]:
        found = self.ledger.run_record(run)
        assert found is not None
        return found

    def steps(self, run: UUID) -> list[tuple[str, str, str | None]]:
        return [(step.name, step.status, step.error) for step in self.ledger.progress(run)]

    def facts(self, run: UUID, step: str) -> dict[str, Any]:
        """What a step handed on."""
        [found] = [each for each in self.ledger.progress(run) if each.name == step]
        return found.output or {}

    def orders(self, server: PostgresServer) -> int:
        with psycopg.connect(server.dsn("acme_prod")) as connection:
            row = connection.execute("select count(*) from sale_order").fetchone()
            return int(row[0]) if row else 0

    def order(self, server: PostgresServer, name: str) -> None:
        """Write as Odoo does; raises psycopg's error where it may not."""
        with psycopg.connect(server.dsn("acme_prod", user="odoo"), connect_timeout=2) as connection:
            connection.execute("insert into sale_order (name) values (%s)", [name])


def wait_until(look: Callable[[], object], what: str, *, seconds: float = 20) -> None:
    """Return when ``look`` finds something."""
    deadline = monotonic() + seconds
    while not look():
        assert monotonic() < deadline, f"waited {seconds:g} s for {what}, in vain"
        Flag().wait(0.02)
