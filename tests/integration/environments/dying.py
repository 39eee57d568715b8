"""Processes that do a step and are killed before they can say so."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import Any

from shared.blobs import AzureBlobs
from shared.bus import Envelope
from shared.estate import load_estate
from shared.ledger import Ledger
from tests.integration.environments.conftest import ACTIONS, ESTATE, Agent, Reachable, secrets_of

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Deaths:
    """Whatever is done for the first time is done by a process that dies behind its effects."""

    ledger: str
    server: str
    cluster_url: str
    account: str
    of: list[str] = field(default_factory=list)
    """The steps in which one has died."""

    def before(self, envelope: Envelope, time: datetime) -> None:
        if envelope.subject not in self.of:
            self.of.append(envelope.subject)
            process = FORKS.Process(target=self._die, args=(envelope, time))
            process.start()
            process.join(60)
            assert process.exitcode == -signal.SIGKILL, envelope.subject

    def _die(self, envelope: Envelope, time: datetime) -> None:
        blobs = AzureBlobs.connect(self.account)
        secrets, estate = secrets_of(self.server), load_estate(ESTATE)
        place = Reachable(self.cluster_url, blobs, secrets, estate)
        agent = Agent(Ledger.connect(self.ledger), place)
        agent.time = time
        agent.actions = {key: replace(a, handler=killed(a.handler)) for key, a in ACTIONS.items()}
        agent.bus.sent.append(envelope)
        agent.deliver()


def killed(handler: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(handler)
    def act(*given: Any, **resources: Any) -> None:
        handler(*given, **resources)
        os.kill(os.getpid(), signal.SIGKILL)

    return act
