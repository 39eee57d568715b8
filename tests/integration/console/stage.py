"""The console at a desk of its own: a real ledger, the demo's estate, runs that tests move on."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import uvicorn

from functions.console import Desk, build_console
from functions.intake import accept_event
from shared.errors import PermanentError
from shared.estate import Certificate, load_estate
from shared.estate.rotations import Rotation
from shared.identity import Caller, Role
from shared.ledger import Ledger
from shared.ledger.certificates import record_certificate
from shared.ledger.environments import EnvironmentsOnRequest, OnRequest
from shared.ledger.logins import Logins
from shared.ledger.overview import Overview
from shared.limits import RateLimit
from shared.messages import CloudEvent, Command, Event, Message
from shared.messages.refresh import BackupCompleted
from shared.runs import Again, Run, Runbook, Runner, Step
from shared.runs.approvals import ApprovalPlan, Approvals, wait_for
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox
from shared.runs.reading import Received
from tests.keepingbus import KeepingBus

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
ANN = Caller("ann@acme.example", frozenset(Role))
MANIFEST = "backups/acme-prod/20261122T020000Z/manifest.json"

_numbers = count(1)


class Checked(Message):
    archive_size: int


class Copied(Checked):
    rows: int


class Published(Copied):
    previous: str


class Degraded(Event):
    type: ClassVar[str] = "degraded"


class Promoted(Message):
    loss: str


def check_archive(event: BackupCompleted, *, run: Run) -> Checked:
    if "broken" in event.manifest:
        raise PermanentError(f"the archive of {event.environment} is <b>broken</b>")
    return Checked(archive_size=21_700_000)


def copy_rows(checked: Checked, *, run: Run) -> Copied | Again:
    if not run.checkpoint:
        going = {"phase": "copy", "done": 3, "of": 12}
        return Again(timedelta(seconds=1), {"progress": going})
    return Copied(archive_size=checked.archive_size, rows=450_278)


def publish_environment(copied: Copied, *, run: Run) -> Published:
    return Published(**dict(copied), previous=f"before_{run.short}")


def promote_standby(event: Degraded, *, run: Run, approvals: Approvals) -> Promoted | Again:
    plan = ApprovalPlan(
        action="Promote acme-standby to production",
        steps=("fence acme-prod", "promote acme-standby", "lead users there"),
        affected=("everyone at erp.acme.example",),
        risks=("<script>alert(1)</script>",),
        facts={"lag": "0.4 s", "expected loss": "12 transactions"},
    )
    asked = approvals.ask(run, lambda: plan, tier=3, expires_after=timedelta(minutes=30))
    return Promoted(loss="12 transactions") if asked.is_granted else wait_for(asked)


REFRESH = Runbook(
    name="refresh",
    on=BackupCompleted,
    concerns=lambda _event, _estate: ("acme-staging",),
    coalesce=lambda event: event.manifest,
    steps=(Step(check_archive), Step(copy_rows), Step(publish_environment)),
)
FAILOVER = Runbook(
    name="failover",
    on=Degraded,
    concerns=lambda event, _: (event.environment,),
    steps=(Step(promote_standby),),
)
RUNBOOKS = (REFRESH, FAILOVER)
ACTIONS = {
    (topic, action.subscription): action
    for book in RUNBOOKS
    for action in book.actions()
    for topic in book.topics
}


class Stage:
    """Events happen, steps are done one at a time, the console shows it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bus = KeepingBus()
        self.ledger = Ledger.connect(url)
        self.earliest = datetime.now(UTC)
        self.ledger.clock = lambda: max(self.earliest, datetime.now(UTC))
        outbox = Outbox(self.ledger, self.bus)
        self.approvals = Approvals(self.ledger, outbox.post)
        self.runner = Runner(self.ledger, outbox.post, self, beating=lambda _: nullcontext())
        self.caller: Caller | None = ANN
        """Who asks; None is nobody."""
        self.estate = load_estate(ESTATE)
        self.intake = Intake(RUNBOOKS, self.estate)
        self.desk = Desk(
            ledger=self.ledger,
            overview=Overview(self.ledger),
            bus=self.bus,
            post=outbox.post,
            estate=self.estate,
            intake=self.intake,
            approvals=self.approvals,
            identify=lambda _: self.caller,
            limit=RateLimit(100_000, timedelta(minutes=1)),
            forms_key=b"a key of tests",
        )
        self.app = build_console(self.desk)

    def receive(self, body: bytes) -> None:
        message = Received("platform-events", "accept-event", f"m-{next(_numbers)}", body, {})
        accept_event(message, runner=self.runner, intake=self.intake, bus=self.bus)

    def happen(self, event: Event) -> UUID:
        """An event that starts a run."""
        said = CloudEvent.of(
            event, id=f"e-{next(_numbers)}", source="/test", time=datetime.now(UTC)
        )
        self.receive(said.model_dump_json().encode())
        return self.ledger.runs_of_event("/test", said.id)[0]

    def backup(self, manifest: str = MANIFEST) -> UUID:
        return self.happen(BackupCompleted(environment="acme-prod", manifest=manifest))

    def work(self, times: int = 1) -> None:
        """Deliver so many commands, the ones that are due later as well."""
        for _ in range(times):
            [first, *_] = [e for e in self.bus.sent if (e.topic, e.subject) in ACTIONS]
            self.bus.sent.remove(first)
            action = ACTIONS[first.topic, first.subject]
            self.earliest = max(self.earliest, first.scheduled_for or self.earliest)
            self.runner.deliver(action, Command.model_validate_json(first.body))

    def reserve(self, name: str) -> OnRequest:
        """An environment on request that is open."""
        [offer] = self.estate.offers
        place = offer.environment(name, self.estate.environment(offer.source))
        on_request, lives = EnvironmentsOnRequest(self.ledger), timedelta(days=1)
        found = on_request.reserve(uuid4(), place, offer, requested_by="ana", lives=lives)
        on_request.opened(found.id)
        return found

    def keep_up(self, name: str, *, until: datetime) -> None:
        """Say of an environment that its login was exchanged, and its certificate seen."""
        kept = {"rotation": Rotation(), "certificate": Certificate(keyvault="acme/erp")}
        environments = tuple(
            each.model_copy(update=kept) if each.name == name else each
            for each in self.estate.environments
        )
        estate = self.estate.model_copy(update={"environments": environments})
        self.app.state.desk = replace(self.desk, estate=estate)
        day = timedelta(days=1)
        Logins(self.ledger).rotated(name, "login_a", previous="owner", grace=day, epoch=1)
        self.ledger.persist(lambda tx: record_certificate(tx, name, until, None))

    def park(self, body: bytes) -> None:
        """A message that nobody understands."""
        self.receive(body)

    def allow(self, limit: RateLimit) -> None:
        """Let callers ask only so often."""
        self.app.state.desk = replace(self.desk, limit=limit)

    def close(self) -> None:
        self.ledger.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application on a port of its own, for a browser."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
