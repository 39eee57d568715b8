"""Read a whole database once and find what was to be masked: in which row, never what."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Literal, LiteralString

from psycopg import sql

from shared.masking.catalogue import Column, Table
from shared.masking.maskers import IN_PLACE
from shared.masking.plan import ColumnPlan, MaskingPlan
from shared.masking.proof.inspection import ClonedFile, Inspection
from shared.masking.proof.kernel import Found, HitKind, Role, Searcher
from shared.masking.proof.stream import blocks
from shared.postgres.marker import Database

LeakKind = Literal[
    "original inside", "original as a whole", "original in a document", "not emptied"
]

_KINDS: dict[HitKind, LeakKind] = {
    HitKind.INSIDE: "original inside",
    HitKind.WHOLE: "original as a whole",
    HitKind.NOT_EMPTY: "not emptied",
}

_SHOWN = 5

_AHEAD = 3
"""Blocks that are read before the first of them has to be searched."""

_KEYS: LiteralString = """
select n.nspname, c.relname,
       array_agg(a.attname order by array_position(i.indkey::int2[], a.attnum))
from pg_index i
join pg_class c on c.oid = i.indrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
join pg_type t on t.oid = a.atttypid
where i.indisprimary
group by n.nspname, c.relname, i.indexrelid
having bool_and(t.typcategory = 'N' or t.typname = 'uuid')
"""


_STRINGS: LiteralString = """
{table}, jsonb_path_query({column}::jsonb, 'strict $.** ? (@.type() == "string")') as entry
"""


@dataclass(frozen=True)
class Leak:
    """Rows of one column that still hold what masking should have replaced."""

    table: str
    column: str
    kind: LeakKind
    rows: int
    """At least so many."""
    keys: tuple[str, ...]
    """Primary keys of a few of them (numbers and UUIDs only), else their places in the table."""

    @property
    def path(self) -> str:
        """``table.column``."""
        return f"{self.table}.{self.column}"

    def __str__(self) -> str:
        return f"{self.path}: {self.kind} in {self.rows} rows ({', '.join(self.keys)})"


@dataclass(frozen=True)
class Searched:
    """What searching one table, or a batch of files, gave."""

    rows: int
    bytes: int
    leaks: tuple[Leak, ...]
    read: Mapping[str, int] = field(default_factory=dict)
    """Documents whose text was read, by type."""
    unread: Mapping[str, int] = field(default_factory=dict)
    """Documents that were searched as bytes only, or not at all, by type and reason."""


@dataclass(frozen=True)
class Field:
    """A column of what is searched, what it is for, and how it is read."""

    name: str
    role: Role
    expression: sql.Composable


@dataclass
class _Tally:
    rows: int = 0
    bytes: int = 0
    counts: Counter[tuple[str, LeakKind]] = field(default_factory=Counter)
    keys: dict[tuple[str, LeakKind], list[str]] = field(default_factory=dict)

    def leaks(self, table: str) -> tuple[Leak, ...]:
        return tuple(
            Leak(table, column, kind, rows, tuple(self.keys[column, kind]))
            for (column, kind), rows in sorted(self.counts.items())
        )


class Search:
    """Searches tables of one database for one set of originals."""

    def __init__(self, connection: Database, plan: MaskingPlan, searcher: Searcher) -> None:
        self._connection = connection
        self._searcher = searcher
        self._keys = {
            (schema, name): columns for schema, name, columns in connection.execute(_KEYS)
        }
        self._planned = {
            planned.column.path: planned for table in plan.tables for planned in table.columns
        }
        self._dropped = plan.dropped

    def table(self, table: Table) -> Searched:
        """Read every value of a table that can hold text, once."""
        fields = tuple(self._fields(table))
        searched = self.query(table.path, fields, table.identifier)
        searched = replace(searched, leaks=(*searched.leaks, *self._strings(table)))
        inspected = [
            (column.name, self._inspected(table, column))
            for column in table.columns
            if column.kind == "binary" and table.path not in self._dropped
        ]
        return _joined(table.path, searched, inspected)

    def _strings(self, table: Table) -> Iterator[Leak]:
        """Leaks among the strings of JSON that masking changes: each is compared as a whole."""
        key = Field("", Role.KEY, self._key(table))
        for column in table.columns:
            planned = self._planned.get(column.path)
            if column.kind != "json" or planned is None or planned.masker in IN_PLACE:
                continue
            strings = sql.SQL(_STRINGS).format(
                table=table.identifier, column=sql.Identifier(column.name)
            )
            entry = Field(column.name, Role.COMPARED, sql.SQL("entry #>> '{{}}'").format())
            found = self.query(table.path, (key, entry), strings)
            yield from (leak for leak in found.leaks if leak.kind == "original as a whole")

    def files(self, files: Iterable[ClonedFile]) -> Searched:
        """Read files of the clone's filestore and search them."""
        inspection = Inspection(self._searcher)
        size = inspection.files(files)
        nothing = Searched(0, size, ())
        return _joined("ir_attachment", nothing, [("store_fname", inspection)])

    def _inspected(self, table: Table, column: Column) -> Inspection:
        inspection = Inspection(self._searcher)
        inspection.column(self._connection, table.identifier, self._key(table), column.name)
        return inspection

    def query(self, path: str, fields: tuple[Field, ...], table: sql.Composable) -> Searched:
        """Search these fields of a table, or of what stands for one."""
        if len(fields) == 1:
            return Searched(0, 0, ())
        tally = _Tally()
        expressions = sql.SQL(", ").join(each.expression for each in fields)
        query = sql.SQL("select {} from {}").format(expressions, table)
        with ThreadPoolExecutor(1) as pool:
            for found in self._results(pool, fields, query):
                _count(tally, fields, found)
        return Searched(tally.rows, tally.bytes, tally.leaks(path))

    def _fields(self, table: Table) -> Iterator[Field]:
        yield Field("", Role.KEY, self._key(table))
        if table.path in self._dropped:
            yield Field("*", Role.EMPTY, sql.SQL("'row'"))
            return
        for column in table.columns:
            found = _field(column, self._planned.get(column.path))
            if found is not None:
                yield found

    def _key(self, table: Table) -> sql.Composable:
        columns = self._keys.get((table.schema, table.name))
        if columns is None:
            return sql.SQL("ctid::text")
        return sql.SQL("concat_ws('/', {})").format(
            sql.SQL(", ").join(map(sql.Identifier, columns))
        )

    def _results(
        self, pool: ThreadPoolExecutor, fields: tuple[Field, ...], query: sql.Composed
    ) -> Iterator[Found]:
        """What each block has, searched while the next one is being read."""
        roles = bytes(each.role for each in fields)
        waiting: deque[Future[Found]] = deque()
        for block in blocks(self._connection, query):
            waiting.append(pool.submit(self._searcher.search, block, roles))
            if len(waiting) >= _AHEAD:
                yield waiting.popleft().result()
        for future in waiting:
            yield future.result()


def _joined(path: str, searched: Searched, inspected: Iterable[tuple[str, Inspection]]) -> Searched:
    """With what was found in documents."""
    leaks, read, unread = list(searched.leaks), Counter[str](), Counter[str]()
    for column, each in inspected:
        read += each.read
        unread += each.unread
        if each.found:
            keys = tuple(each.found[:_SHOWN])
            leaks.append(Leak(path, column, "original in a document", len(each.found), keys))
    return replace(searched, leaks=tuple(leaks), read=read, unread=unread)


def _field(column: Column, planned: ColumnPlan | None) -> Field | None:
    """How a column is read; None when it cannot hold text and nothing is expected of it."""
    name = sql.Identifier(column.name)
    if planned is not None and column.kind not in ("text", "json"):
        unwanted = "{0} <> date_trunc('year', {0})" if planned.masker else "{0} is not null"
        test = sql.SQL("case when {} then 'x' end").format(sql.SQL(unwanted).format(name))
        return Field(column.name, Role.EMPTY, test)
    if column.kind in ("date", "number", "closed"):
        return None
    in_place = planned is None or planned.masker in IN_PLACE
    role = Role.SEARCHED if in_place else Role.COMPARED
    as_is = column.kind in ("text", "json", "binary") or column.type == "xml"
    return Field(column.name, role, name if as_is else sql.SQL("{}::text").format(name))


def _count(tally: _Tally, fields: tuple[Field, ...], found: Found) -> None:
    tally.rows += found.rows
    tally.bytes += found.bytes
    for hit in found.hits:
        place = fields[hit.field].name, _KINDS[hit.kind]
        tally.counts[place] += 1
        keys = tally.keys.setdefault(place, [])
        if len(keys) < _SHOWN and hit.key is not None:
            keys.append(hit.key.decode())


def search_columns(search: Search, path: str, columns: Iterable[str]) -> Searched:
    """Search a table of our own, whose every field is compared as a whole, too."""
    schema, name = path.split(".")
    fields = [Field("", Role.KEY, sql.SQL("id::text"))]
    fields += [Field(each, Role.COMPARED, sql.Identifier(each)) for each in columns]
    return search.query(path, tuple(fields), sql.Identifier(schema, name))
