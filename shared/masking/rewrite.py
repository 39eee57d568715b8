"""Masking itself: one rewrite per table, each its own transaction, resumable after any crash."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from time import monotonic
from typing import LiteralString

from psycopg import errors, sql

from shared.errors import PermanentError
from shared.masking.blockers import blockers_lifted, sources_of_generated, triggers_silenced
from shared.masking.catalogue import Table
from shared.masking.coverage import refuse_gaps
from shared.masking.maskers import IN_PLACE, maskers_ready
from shared.masking.plan import ColumnPlan, MaskingPlan, TablePlan
from shared.masking.proof.originals import load_originals, remember_originals
from shared.masking.proof.seal import Seal
from shared.masking.proof.spelling import Spelling
from shared.masking.prose import Rewriter
from shared.postgres.asking import value
from shared.postgres.marker import Database, require_clone

_RECORDS: LiteralString = """
create table if not exists signalbox.masked_tables (
    table_path text primary key,
    rows bigint not null,
    seconds double precision not null,
    policy_hash text not null,
    masked_at timestamptz not null default now()
);
comment on table signalbox.masked_tables is 'Tables that masking has finished: never masked again.';
"""

_CLAIM: LiteralString = """
insert into signalbox.masked_tables (table_path, rows, seconds, policy_hash) values (%s, 0, 0, %s)
on conflict do nothing
"""

_RECORD: LiteralString = """
update signalbox.masked_tables set rows = %s, seconds = %s where table_path = %s
"""

_FIRST = 1000

_TUNE: LiteralString = """
set local synchronous_commit = off;
set local maintenance_work_mem = '256MB';
set local statement_timeout = 0;
set local lock_timeout = '30s'
"""


class PolicyChanged(PermanentError):
    """The clone is partly masked by another policy; the two do not mix."""


class CannotRewrite(PermanentError):
    """PostgreSQL refuses to rewrite a column that something depends on."""


@dataclass(frozen=True)
class MaskingProgress:
    """How far masking has come in this database: tables done and remaining, rows of those done.

    ``seconds_left`` follows from the bytes that this call has masked; None before the first table.
    """

    done: int
    remaining: int
    rows: int
    seconds_left: float | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing remains."""
        return self.remaining == 0


def mask_tables(
    connection: Database,
    plan: MaskingPlan,
    key: bytes,
    *,
    run_id: str,
    epoch: int,
    budget: timedelta,
    on_progress: Callable[[MaskingProgress], None] | None = None,
    helpers: Sequence[Database] = (),
) -> MaskingProgress:
    """Mask table by table until the budget is used; call again until ``finished``.

    The connection is in autocommit and to a clone of this run. ``helpers`` are more of its kind:
    each masks a table at the same time, the largest first. A table is one transaction, so a call
    can last as long as the largest table takes beyond its budget, and needs room on the disk for
    a second copy of the tables in hand. The same key and policy give the same masked values on
    every run. A table is never masked twice.

    Raises CoverageGap, NotAClone, StaleEpoch, WeakMaskingKey, PolicyChanged, CannotRewrite.
    """
    deadline = monotonic() + budget.total_seconds()
    refuse_gaps(plan.gaps)
    require_clone(connection, run_id=run_id, epoch=epoch)
    connection.execute(_RECORDS)
    progress, waiting = _where_we_are(connection, plan)
    connections = (connection, *helpers)
    with maskers_ready(connections, key), ThreadPoolExecutor(len(connections)) as pool:
        rewriter = _rewriter(connection, plan, Seal(key, run_id))
        work = _Work(
            plan.policy_hash, run_id, epoch, deadline, on_progress, rewriter, waiting, progress
        )
        for done in [pool.submit(work.go_on, each) for each in connections]:
            done.result()
    if work.progress.finished:
        connection.execute("drop schema signalbox_maskers cascade")
    return work.progress


@dataclass
class _Work:
    """What the connections share while they mask."""

    policy_hash: str
    run_id: str
    epoch: int
    deadline: float
    on_progress: Callable[[MaskingProgress], None] | None
    rewriter: Rewriter | None
    waiting: list[TablePlan]
    progress: MaskingProgress
    lock: Lock = field(default_factory=Lock)
    started: float = field(default_factory=monotonic)
    bytes_done: int = 0

    def __post_init__(self) -> None:
        self.bytes = sum(table.table.bytes for table in self.waiting)

    def go_on(self, connection: Database) -> None:
        """Mask one table after the other until none waits, time is up or something went wrong."""
        try:
            while monotonic() < self.deadline and (table := self._next()):
                with connection.transaction():
                    require_clone(connection, run_id=self.run_id, epoch=self.epoch)
                    rows = _mask_once(connection, table, self.policy_hash, self.rewriter)
                self._report(table, rows)
        finally:
            self.waiting.clear()  # time is up for all, or one has failed: nobody begins another

    def _next(self) -> TablePlan | None:
        with self.lock:
            return self.waiting.pop(0) if self.waiting else None

    def _report(self, table: TablePlan, rows: int) -> None:
        with self.lock:
            before = self.progress
            self.bytes_done += table.table.bytes
            self.progress = MaskingProgress(
                before.done + 1, before.remaining - 1, before.rows + rows, self._seconds_left()
            )
            if self.on_progress is not None:
                self.on_progress(self.progress)

    def _seconds_left(self) -> float | None:
        if not self.bytes_done:
            return None
        left = self.bytes - self.bytes_done
        return round((monotonic() - self.started) * left / self.bytes_done, 1)


def _where_we_are(
    connection: Database, plan: MaskingPlan
) -> tuple[MaskingProgress, list[TablePlan]]:
    records = connection.execute(
        "select table_path, rows, policy_hash from signalbox.masked_tables"
    ).fetchall()
    if any(policy_hash != plan.policy_hash for _, _, policy_hash in records):
        raise PolicyChanged(
            f"{len(records)} tables of {connection.info.dbname} were masked with another policy; "
            "restore the backup again, then mask it with the new one"
        )
    done = {path for path, _, _ in records}
    waiting = sorted(
        (table for table in plan.tables if table.table.path not in done),
        key=lambda table: -table.table.bytes,
    )
    return MaskingProgress(len(done), len(waiting), sum(rows for _, rows, _ in records)), waiting


def _rewriter(connection: Database, plan: MaskingPlan, seal: Seal) -> Rewriter | None:
    """What rewrites texts in place, with all that it looks for; None when no column wants it."""
    if not any(each.masker in IN_PLACE for table in plan.tables for each in table.columns):
        return None
    spelling = Spelling.of(seal.spelling_key)
    remember_originals(connection, plan, spelling, seal)
    return Rewriter(load_originals(connection, spelling, seal))


def _mask_once(
    connection: Database, plan: TablePlan, policy_hash: str, rewriter: Rewriter | None
) -> int:
    """Mask one table in the caller's transaction, unless it is done; return its rows."""
    started = monotonic()
    path = plan.table.path
    connection.execute(_TUNE)
    if connection.execute(_CLAIM, (path, policy_hash)).rowcount == 0:
        return 0
    rows = _count(connection, plan.table)
    if rows:
        if plan.drop_rows:
            _drop_rows(connection, plan.table)
        else:
            _rewrite(connection, plan, rewriter)
        connection.execute(sql.SQL("analyze {}").format(plan.table.identifier))
    connection.execute(_RECORD, (rows, monotonic() - started, path))
    return rows


def _count(connection: Database, table: Table) -> int:
    query = sql.SQL("select count(*) from {}").format(table.identifier)
    return int(value(connection, query))


def _drop_rows(connection: Database, table: Table) -> None:
    """Empty the table, its data file and the planner's statistics of it.

    Deleted rows would stay readable in the file.
    """
    verb = "delete from {}" if table.referenced else "truncate {}"
    connection.execute(sql.SQL(verb).format(table.identifier))
    forget_statistics(connection, table)


def forget_statistics(connection: Database, table: Table) -> None:
    """Drop the planner's statistics of an empty table's texts: they hold the commonest values.

    ``analyze`` does not; a change of type does, even to the same one.
    """
    described = {
        column.name: (column.type, sql.SQL("nullif({0}, {0})").format(sql.Identifier(column.name)))
        for column in table.columns
        if column.kind in ("text", "json") and not column.generated
    }
    if described:
        with connection.transaction():
            _alter(connection, table, described)


def _rewrite(connection: Database, plan: TablePlan, rewriter: Rewriter | None) -> None:
    """Rewrite the columns that hold anything; a table in which none does is left as it is."""
    occupied = _occupied(connection, plan)
    in_place = [(each.column, each.masker) for each in occupied if each.masker in IN_PLACE]
    found = rewriter.rewrite(connection, plan.table, in_place) if rewriter and in_place else set()
    changes = {
        planned.column.name: (planned.column.type, planned.expression)
        for planned in occupied
        if planned.masker not in IN_PLACE or planned.column.name in found
    }
    if changes:
        _alter(connection, plan.table, changes)


def _occupied(connection: Database, plan: TablePlan) -> list[ColumnPlan]:
    """The columns that hold anything; most show it in the first rows, the others are read whole."""
    first = sql.SQL("(select * from {} limit {}) as first").format(plan.table.identifier, _FIRST)
    seen = _holding(connection, plan.columns, first)
    unseen = [planned for planned in plan.columns if planned not in seen]
    seen += _holding(connection, unseen, plan.table.identifier) if unseen else []
    return [planned for planned in plan.columns if planned in seen]


def _holding(
    connection: Database, columns: Sequence[ColumnPlan], source: sql.Composable
) -> list[ColumnPlan]:
    holds = (
        sql.SQL("bool_or({}::text <> '')").format(sql.Identifier(planned.column.name))
        for planned in columns
    )
    query = sql.SQL("select {} from {}").format(sql.SQL(", ").join(holds), source)
    row = connection.execute(query).fetchone() or ()
    return [planned for planned, held in zip(columns, row, strict=True) if held]


def _same(table: Table, sources: frozenset[str]) -> dict[str, tuple[str, sql.Composed]]:
    """A column that stays as it is, but makes PostgreSQL write every row anew: text if there is."""
    free = (each for each in table.columns if not each.generated and each.name not in sources)
    column = min(free, key=lambda each: each.kind != "text", default=None)
    if column is None:
        raise CannotRewrite(
            f"table {table.path} cannot be masked: generated columns are computed from every other "
            "one; drop one of them from the backup's copy"
        )
    return {
        column.name: (column.type, sql.SQL("nullif({}, null)").format(sql.Identifier(column.name)))
    }


def _update(
    connection: Database, table: Table, changes: dict[str, tuple[str, sql.Composed]]
) -> None:
    columns = (
        sql.SQL("{} = {}").format(sql.Identifier(name), expression)
        for name, (_, expression) in changes.items()
    )
    with triggers_silenced(connection, table):
        connection.execute("set local row_security = off")
        connection.execute(
            sql.SQL("update {} set {}").format(table.identifier, sql.SQL(", ").join(columns))
        )


def _alter(
    connection: Database, table: Table, changes: dict[str, tuple[str, sql.Composed]]
) -> None:
    """Change all columns in one statement: one pass over the table, indexes built once.

    Columns that generated ones are computed from can only be updated; the pass that follows leaves
    the dead rows of that behind.
    """
    sources = sources_of_generated(connection, table)
    updated = {name: change for name, change in changes.items() if name in sources}
    altered = {name: change for name, change in changes.items() if name not in sources}
    altered = altered or _same(table, sources)
    columns = (
        sql.SQL("alter column {} type {} using {}").format(
            sql.Identifier(name), sql.SQL(type_name), expression
        )
        for name, (type_name, expression) in altered.items()
    )
    statement = sql.SQL("alter table {} {}").format(table.identifier, sql.SQL(", ").join(columns))
    with blockers_lifted(connection, table, tuple(changes | altered)):
        try:
            if updated:
                _update(connection, table, updated)
            connection.execute(statement)
        except (errors.FeatureNotSupported, errors.ObjectNotInPrerequisiteState) as error:
            raise CannotRewrite(
                f"table {table.path} cannot be masked: {error.diag.message_primary} "
                f"({error.diag.message_detail}); drop what depends on the column from the backup's "
                "copy, or keep the column out of the policy"
            ) from error
