"""Who is asked whether production's region works, and what their words are worth together."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Literal, LiteralString

from functions.failover.sides import administrators_dsn
from shared.cluster import Clusters
from shared.errors import StepError, TemporaryError
from shared.ledger import Pair
from shared.messages.failover import RegionDegraded, Says, Testimony
from shared.odoo.health import ask_health
from shared.postgres.databases import Databases
from shared.postgres.fencing import administration
from shared.postgres.reach import Silence, Unreachable, reach
from shared.postgres.replication import NotAPrimary, primary_view

FEWEST = 3
"""Witnesses that must have something to say before their majority counts."""

SILENT_SECONDS = 3.0
"""A stream that has brought nothing for so long says nothing of the primary: PostgreSQL itself
notices a primary that hangs after a minute."""

PATIENCE = timedelta(seconds=2)

WITNESSES = ("database", "stream", "application", "kubernetes", "azure")

Verdict = Literal["confirmed", "not-confirmed", "split", "planned"]

_STREAM: LiteralString = """
select pg_is_in_recovery(), status,
    extract(epoch from clock_timestamp() - last_msg_receipt_time)::float8
from (select) as one left join pg_stat_wal_receiver on true
"""


@dataclass(frozen=True)
class Witnesses:
    """Everyone who is asked; each in a thread of its own, none for longer than its patience."""

    pair: Pair
    databases: Databases
    clusters: Clusters
    event: RegionDegraded

    def ask(self) -> tuple[Testimony, ...]:
        """All testimonies at once."""
        asked: tuple[Callable[[], Testimony], ...] = (
            partial(ask_database, self.pair, self.databases),
            self._stream,
            self._application,
            self._kubernetes,
            self._azure,
        )
        pool = ThreadPoolExecutor(len(asked))
        try:
            answers = [pool.submit(ask) for ask in asked]
            wait(answers, timeout=PATIENCE.total_seconds() + 1)
            return tuple(map(_answer, WITNESSES, answers))
        finally:
            pool.shutdown(wait=False)

    def _stream(self) -> Testimony:
        """The standby's own view: whether anything still comes from the primary."""
        try:
            dsn = administration(administrators_dsn(self.databases, self.pair.standby))
            with reach(dsn, patience=PATIENCE) as connection:
                row = connection.execute(_STREAM).fetchone()
        except Unreachable as error:
            return _says("stream", "unknown", f"the standby does not answer: {error}")
        assert row is not None
        return _stream_says(*row)

    def _application(self) -> Testimony:
        """The health page of Odoo, its database included."""
        url = self.pair.production.failover.health_url
        if url is None:
            return _says("application", "unknown", "the estate names no health_url")
        healthy, said = ask_health(url, PATIENCE)
        return _says("application", "healthy" if healthy else "down", said)

    def _kubernetes(self) -> Testimony:
        """The Kubernetes API of the active side's region: it answers, and pods are ready."""
        side = self.pair.active
        cluster = self.clusters.of(side)
        try:
            cluster.greet()
            idle = [
                workload.name
                for workload in side.workloads
                if not cluster.is_ready(side.namespace, workload)
                or cluster.is_stopped(side.namespace, workload)
            ]
        except TemporaryError as error:
            return _says("kubernetes", "down", str(error))
        if idle:
            return _says("kubernetes", "down", f"not ready: {', '.join(idle)}")
        return _says("kubernetes", "healthy", f"{len(side.workloads)} workloads are ready")

    def _azure(self) -> Testimony:
        said = self.event.azure_says
        why = "what the event says" if said != "unknown" else "the event does not say"
        return _says("azure", said, why)


def ask_database(pair: Pair, databases: Databases) -> Testimony:
    """SQL to the database of the active side."""
    try:
        with reach(administrators_dsn(databases, pair.active), patience=PATIENCE) as connection:
            view = primary_view(connection)
    except Unreachable as error:
        down = error.silence is not Silence.REJECTED
        return _says("database", "down" if down else "unknown", str(error))
    except NotAPrimary as error:
        return _says("database", "down", str(error))
    if not view.writable:
        return _says("database", "unknown", "it answers, and takes no writes")
    return _says("database", "healthy", f"a writable primary on timeline {view.timeline}")


def verdict(testimonies: Sequence[Testimony]) -> tuple[Verdict, str]:
    """What the testimonies come to, and why in words.

    A database that takes writes is never failed over. One that does not is confirmed to be down
    only by a majority of at least three who could say something, the stream not against it.
    """
    said = {each.witness: each.says for each in testimonies}
    down = [name for name, says in said.items() if says == "down"]
    healthy = [name for name, says in said.items() if says == "healthy"]
    if said["database"] == "healthy":
        return "not-confirmed", "the database takes writes"
    if said["database"] == "unknown":
        return "split", "whether the database takes writes could not be found out"
    if said["stream"] == "healthy":
        return "split", "we cannot reach the database, but its standby still hears from it"
    if len(down) + len(healthy) < FEWEST:
        return "split", f"only {_names(down + healthy)} could say anything"
    if len(down) <= len(healthy):
        return "split", f"{_names(down)} say down, but {_names(healthy)} say healthy"
    return "confirmed", f"{_names(down)} say down"


def database_answered(testimonies: Sequence[Testimony]) -> bool:
    """Whether the database said something, be it that it takes no writes."""
    return any(each.witness == "database" and each.says != "down" for each in testimonies)


def planned(testimonies: Sequence[Testimony]) -> tuple[Verdict, str]:
    """Whether a switchover can begin: both sides must be well."""
    ill = [
        f"{each.witness}: {each.why}"
        for each in testimonies
        if each.witness in ("database", "stream") and each.says != "healthy"
    ]
    if ill:
        return "not-confirmed", f"a planned switchover needs both sides well ({'; '.join(ill)})"
    return "planned", "both sides are well"


def _answer(witness: str, answer: Future[Testimony]) -> Testimony:
    """Who could not be asked, for want of a right or of an address, says nothing."""
    if not answer.done():
        return _says(witness, "unknown", f"nothing was heard within {PATIENCE.total_seconds():g} s")
    try:
        return answer.result()
    except StepError as error:
        return _says(witness, "unknown", str(error))


def _stream_says(in_recovery: bool, status: str | None, silent: float | None) -> Testimony:
    if not in_recovery:
        return _says("stream", "unknown", "the standby is a primary already")
    if status != "streaming":
        return _says("stream", "down", "the standby has lost the primary")
    if silent is None or silent > SILENT_SECONDS:
        return _says("stream", "unknown", "connected, but nothing has come for some time")
    return _says("stream", "healthy", f"the primary was heard {silent:.1f} s ago")


def _says(witness: str, says: Says, why: str) -> Testimony:
    return Testimony(witness=witness, says=says, why=why)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "nobody"
