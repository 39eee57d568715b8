"""What is known of environments at work: pods as upkeep last saw them, checks as last asked."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.ledger.ledger import Ledger

State = Literal["ready", "starting", "stopped", "eased", "asleep", "unknown"]


@dataclass(frozen=True, slots=True)
class WorkloadSeen:
    environment: str
    kind: str
    name: str
    state: State
    reason: str | None = None
    """Why it is not known."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a run that verified an environment found."""

    environment: str
    run: UUID
    at: datetime
    findings: list[dict[str, Any]]
    """Checks that were named one by one; without any, all had to hold for the run to go on."""


class Workloads:
    """Short reads, and one write for all that was seen."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def record(self, seen: Iterable[WorkloadSeen]) -> None:
        rows = Jsonb([asdict(each) for each in seen])
        self._ledger.do("record_workloads", seen=rows)

    def states(self, *, seen_within: timedelta) -> list[WorkloadSeen]:
        with self._ledger.transaction() as tx:
            return tx.rows(WorkloadSeen, "workload_states", since=tx.now - seen_within)

    def verifications(self, environments: Sequence[str]) -> dict[str, Verification]:
        names = list(environments)
        found = self._ledger.rows(Verification, "last_verifications", environments=names)
        return {each.environment: each for each in found}

    def parked(self) -> dict[str, int]:
        """How many parked events each environment has."""
        with self._ledger.transaction() as tx:
            return {str(name): int(number) for name, number in tx.all_of("parked_by_environment")}
