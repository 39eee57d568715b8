"""The ledger in PostgreSQL: how it is reached, and what is read or done in one transaction."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from azure.identity import DefaultAzureCredential
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool, PoolTimeout
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from shared.bus import Envelope
from shared.ledger.migrate import migrate
from shared.ledger.records import (
    Counts,
    Evidence,
    ParkedMessage,
    Progress,
    ReceivedEvent,
    RunSummary,
)
from shared.ledger.transaction import Transaction
from shared.postgres.entra import EntraSignIn

PATIENCE = timedelta(seconds=60)
"""How long the ledger's server may be out of reach before a step is handed back to the bus."""

R = TypeVar("R")
T = TypeVar("T")


def utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """A pool of connections to the ledger's database, and the clock that stamps every row."""

    def __init__(
        self,
        pool: ConnectionPool[Connection],
        *,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pool = pool
        self.clock = clock
        self._sleep = sleep
        self._migrated = False

    @classmethod
    def connect(
        cls, url: str, *, connections: int = 8, sign_in: EntraSignIn | None = None
    ) -> "Ledger":
        """Connects and migrates at first use; to at most ``connections`` sessions.

        A URL of Azure's PostgreSQL without a password is signed in to, for each session anew.

        During an outage the pool gives up as soon as who waits for it: whoever asks next makes it
        try anew. By default it would pause for minutes, and be late when the server is back.
        """
        sign_in = sign_in or EntraSignIn(DefaultAzureCredential())
        pool: ConnectionPool[Connection] = ConnectionPool(
            partial(sign_in.complete, url),
            min_size=1,
            max_size=connections,
            open=False,
            timeout=10,
            reconnect_timeout=10,
        )
        return cls(pool)

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """Commits when the block ends, rolls back when it raises.

        Statements wait for no answer until one is asked for (pipeline mode), so a transaction costs
        a round trip for each time that it reads and one more. What a statement violates may
        therefore be raised by a later one, or at commit.
        """
        self._pool.open()
        with self._pool.connection() as conn:
            if not self._migrated:
                migrate(conn)
                self._migrated = True
            with conn.pipeline():
                transaction = Transaction(conn, self.clock())
                yield transaction
                transaction.write_outbox()
                conn.commit()

    def persist(self, work: Callable[["Transaction"], T]) -> T:
        """Run ``work`` in a transaction, again and again while the server cannot be reached.

        ``work`` must be safe to repeat: a connection that breaks at commit leaves it unknown
        whether the transaction happened. Gives up after ``PATIENCE`` with psycopg's error.
        """
        try:
            return self._once(work)
        except (OperationalError, PoolTimeout):
            again = Retrying(
                retry=retry_if_exception_type((OperationalError, PoolTimeout)),
                wait=wait_exponential_jitter(multiplier=0.05, max=2, jitter=0.1),
                stop=stop_after_delay(PATIENCE),
                sleep=self._sleep,
                reraise=True,
            )
            result: T = again(self._once, work)
            return result

    def _once(self, work: Callable[["Transaction"], T]) -> T:
        with self.transaction() as transaction:
            return work(transaction)

    def rows(self, record: type[R], query: str, **values: Any) -> list[R]:
        with self.transaction() as tx:
            return tx.rows(record, query, **values)

    def row(self, record: type[R], query: str, **values: Any) -> R | None:
        with self.transaction() as tx:
            return tx.row(record, query, **values)

    def do(self, query: str, **values: Any) -> None:
        """One statement that is safe to repeat; see ``persist``."""
        self.persist(lambda tx: tx.do(query, **values))

    # -- single statements ---------------------------------------------------------------

    def extend_leases(self, leases: Iterable[UUID], length: timedelta) -> set[UUID]:
        """Extend those of the leases that still run; return them."""
        with self.transaction() as tx:
            rows = tx.all_of("extend_leases", leases=list(leases), until=tx.now + length)
            return {lease for (lease,) in rows}

    def holds_lease(self, run: UUID, lease: UUID) -> bool:
        with self.transaction() as tx:
            [(held,)] = tx.all_of("holds_lease", run=run, lease=lease)
            return bool(held)

    def forget_sent(self, ids: Sequence[str]) -> None:
        """Delete sent messages. Not durable: a row that comes back is sent again, harmlessly."""
        with self.transaction() as tx:
            tx.execute_literal("set local synchronous_commit = off")
            tx.do("forget_sent", ids=list(ids))

    def unsent(self, *, older_than: timedelta) -> list[Envelope]:
        """The oldest of them, as many as are sent at once."""
        with self.transaction() as tx:
            return tx.rows(Envelope, "unsent", before=tx.now - older_than, limit=500)

    # -- reading -------------------------------------------------------------------------

    def recent_runs(
        self,
        *,
        environment: str | None = None,
        status: str | None = None,
        runbook: str | None = None,
        behind: UUID | None = None,
        limit: int = 20,
    ) -> list[RunSummary]:
        """Newest first; ``behind`` is the last one of the page before."""
        return self.rows(
            RunSummary,
            "recent_runs",
            environment=environment,
            status=status,
            runbook=runbook,
            behind=behind,
            limit=limit,
        )

    def active_runs(self, *, limit: int = 50) -> list[RunSummary]:
        """Those that are not over, newest first."""
        return self.rows(RunSummary, "active_runs", limit=limit)

    def run_record(self, run: UUID) -> dict[str, Any] | None:
        """Everything about a run: run, event, steps, attempts, audit, approvals."""
        with self.transaction() as tx:
            return tx.run_record(run)

    def progress(self, run: UUID) -> list[Progress]:
        return self.rows(Progress, "run_progress", run=run)

    def event(self, source: str, id: str) -> ReceivedEvent | None:
        return self.row(ReceivedEvent, "event", source=source, id=id)

    def event_by_number(self, number: int) -> ReceivedEvent | None:
        return self.row(ReceivedEvent, "event_by_number", number=number)

    def event_body(self, number: int) -> dict[str, Any]:
        """The event as it was understood: a CloudEvent; empty for a message that was none."""
        with self.transaction() as tx:
            found = tx.all_of("event_body", number=number)
            return dict(found[0][0]) if found else {}

    def recent_events(
        self,
        *,
        environment: str | None = None,
        disposition: str | None = None,
        type: str | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> list[ReceivedEvent]:
        """Newest first; those numbered below ``before``."""
        return self.rows(
            ReceivedEvent,
            "recent_events",
            environment=environment,
            disposition=disposition,
            type=type,
            before=before,
            limit=limit,
        )

    def runs_of_event(self, source: str, id: str) -> list[UUID]:
        with self.transaction() as tx:
            return [run for (run,) in tx.all_of("runs_of_event", source=source, id=id)]

    def evidence(self, run: UUID) -> Evidence | None:
        return self.row(Evidence, "evidence", run=run)

    def parked_messages(self, *, resolved: bool = False, limit: int = 100) -> list[ParkedMessage]:
        return self.rows(ParkedMessage, "parked_messages", resolved=resolved, limit=limit)

    def counts(self) -> Counts:
        with self.transaction() as tx:
            return tx.needed(Counts, "counts")
