"""The policy's changes for modules, as far as the tables and columns of this database go."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from shared.masking.catalogue import Column
from shared.masking.modules import Change, ModuleRule, Value
from shared.odoo.clone import Schema


@dataclass(frozen=True)
class Difference:
    """Rows of one table that are not what a rule wants: none of them, once it was applied.

    ``wanted`` assigns what they become; without it they go.
    """

    table: str
    where: sql.Composable
    wanted: sql.Composed | None = None

    @property
    def mend(self) -> sql.Composed:
        """The statement that changes these rows, and no other."""
        table = sql.Identifier(self.table)
        if self.wanted is None:
            return sql.SQL("delete from {}").format(table)
        return sql.SQL("update {} set {} where {}").format(table, self.wanted, self.where)

    @property
    def count(self) -> sql.Composed:
        """The query for the number of these rows."""
        table = sql.Identifier(self.table)
        return sql.SQL("select count(*) from {} where {}").format(table, self.where)


def differences(schema: Schema, rules: Sequence[ModuleRule]) -> Iterator[Difference]:
    """All that the rules would change here, in their order."""
    for rule in rules:
        for change in rule.changes:
            for table in change.tables:
                yield from _difference(table, schema.get(table, {}), change)
        for table in rule.empty:
            if table in schema:
                yield Difference(table, sql.SQL("true"))


def _difference(table: str, columns: Mapping[str, Column], change: Change) -> Iterator[Difference]:
    values = dict(_values(columns, change))
    if not values or not {*change.where, *change.unless} <= set(columns):
        return
    wanted = (
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in values.items()
    )
    yield Difference(table, _where(change, values), sql.SQL(", ").join(wanted))


def _values(columns: Mapping[str, Column], change: Change) -> Iterator[tuple[str, Value]]:
    """The columns that the names and patterns stand for; a pattern clears text only, never keys."""
    for pattern, value in change.values.items():
        for name in fnmatch.filter(columns, pattern):
            column = columns[name]
            if name == pattern or value is not None or column.kind in ("text", "json", "binary"):
                yield name, _empty(column) if value is None and not column.nullable else value


def _empty(column: Column) -> str:
    return "{}" if column.kind == "json" else ""


def _where(change: Change, values: Mapping[str, Value]) -> sql.Composed:
    differs = (
        sql.SQL("{} is distinct from {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in values.items()
    )
    limits = [sql.SQL("({})").format(sql.SQL(" or ").join(differs))]
    limits += [_any(column, allowed) for column, allowed in change.where.items()]
    limits += [
        sql.SQL("{} is not true").format(_any(column, spared))
        for column, spared in change.unless.items()
    ]
    return sql.SQL(" and ").join(limits)


def _any(column: str, values: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("({} = any ({}))").format(sql.Identifier(column), sql.Literal(list(values)))
