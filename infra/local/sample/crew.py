"""SQL statements that do not depend on each other, on connections side by side."""

from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

# Commits may be lost in a crash: then the half-made database is made again.
SESSION = """
    set synchronous_commit = off; set jit = off; set work_mem = '64MB';
    set maintenance_work_mem = '128MB'; set max_parallel_maintenance_workers = 0;
"""


class Crew:
    """Connections that work through one queue; leaving the block waits and raises what failed."""

    def __init__(self, dsn: str, connections: int = 2) -> None:
        self._dsn = dsn
        self._connections = connections
        self._statements: SimpleQueue[sql.Composed | None] = SimpleQueue()
        self._pool = ThreadPoolExecutor(connections)
        self._workers: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._workers = [self._pool.submit(self._work) for _ in range(self._connections)]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for _ in self._workers:
            self._statements.put(None)
        self._pool.shutdown()
        if error is None:
            for worker in self._workers:
                worker.result()

    def put(self, statement: sql.Composed) -> None:
        """Have the statement, or several in one transaction, executed by whoever is free."""
        self._statements.put(statement)

    def _work(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(SESSION)
            for statement in iter(self._statements.get, None):
                connection.execute(statement)
