"""What a refresh changes, and by which names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.estate import Environment, Estate
from shared.postgres.checkpoints import incoming_name, previous_name
from shared.runs import Again, Run

BUDGET = timedelta(seconds=5)
"""How long a step works before it hands back its thread; then it goes on from its checkpoint."""

_FIRST_LOOK, _GROWTH, _LONGEST = 0.3, 1.25, 10.0
_MOST_GROWTH = 20


@dataclass(frozen=True)
class Target:
    """The environment that is refreshed, and the databases that have a part in it."""

    environment: Environment
    server: str
    live: str
    """The environment's database."""
    incoming: str
    """The run's own, until it takes the place of the live one."""
    previous: str
    """What was live, once the incoming database has taken its place."""
    job: str
    """The Kubernetes Job that restores the rows."""
    index_job: str
    """The Kubernetes Job that builds indexes and constraints."""

    @property
    def namespace(self) -> str:
        """Where the environment's workloads and the Job are."""
        return self.environment.namespace


def target_of(run: Run, estate: Estate) -> Target:
    """The target of a run, by its environment's name."""
    environment = estate.environment(run.environment)
    live = environment.database.name
    return Target(
        environment=environment,
        server=environment.database.server,
        live=live,
        incoming=incoming_name(live, run.short),
        previous=previous_name(live, run.short),
        job=f"signalbox-restore-{run.short}",
        index_job=f"signalbox-indexes-{run.short}",
    )


def look_again(run: Run, **facts: object) -> Again:
    """Come back: soon at first, then every 10 s; ``facts`` join what the checkpoint knows.

    ``looks=0`` begins to count anew.
    """
    known: Mapping[str, Any] = {**run.checkpoint, **facts}
    looks: int = known.get("looks", 0)
    after = min(_FIRST_LOOK * _GROWTH ** min(looks, _MOST_GROWTH), _LONGEST)
    return Again(timedelta(seconds=after), {**known, "looks": looks + 1})


def go_on(run: Run, phase: str, done: int, of: int, **facts: object) -> Again:
    """Come back at once: the time budget is used, ``done`` of so many things are done."""
    progress = {"phase": phase, "done": done, "of": of}
    return Again(timedelta(0), {**run.checkpoint, **facts, "progress": progress})
