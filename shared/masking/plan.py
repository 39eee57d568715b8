"""The masking plan: the policy applied to the tables of one database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from psycopg import sql

from shared.masking.catalogue import Column, Table, read_modules, read_tables
from shared.masking.coverage import Gap, ModuleGap
from shared.masking.maskers import IN_PLACE, MaskerName, can_mask, cleared, masked
from shared.masking.modules import ModuleRule, ModuleVerdict, columns_by_table
from shared.masking.policy import AttachmentRule, MaskingPolicy, Rule
from shared.postgres.marker import Database


@dataclass(frozen=True)
class ColumnPlan:
    """One column that changes; without a masker it is cleared."""

    column: Column
    masker: MaskerName | None

    @property
    def expression(self) -> sql.Composed:
        """The column's new value, of the column's type."""
        return masked(self.column, self.masker) if self.masker else cleared(self.column)


@dataclass(frozen=True)
class TablePlan:
    """One table that changes: its rows go, or these columns are rewritten."""

    table: Table
    drop_rows: bool
    columns: tuple[ColumnPlan, ...] = ()

    @property
    def room(self) -> int:
        """Bytes on the disk, about, that masking takes until the table's transaction ends.

        A second copy of rows and indexes; texts that are rewritten in place are copied once more.
        """
        if self.drop_rows:
            return 0
        in_place = any(planned.masker in IN_PLACE for planned in self.columns)
        return self.table.bytes * (2 if in_place else 1) + self.table.index_bytes


@dataclass(frozen=True)
class MaskingPlan:
    """What sanitizing will do to one database. ``rows`` is an estimate.

    ``verdicts`` are those on the modules that are installed, ``neutralization`` is what makes the
    modules quiet.
    """

    tables: tuple[TablePlan, ...]
    gaps: tuple[Gap | ModuleGap, ...]
    policy_hash: str
    attachments: tuple[AttachmentRule, ...] = ()
    verdicts: Mapping[str, ModuleVerdict] = field(default_factory=dict)
    neutralization: tuple[ModuleRule, ...] = ()

    @property
    def rows(self) -> int:
        """Estimated rows of the tables that change."""
        return sum(table.table.rows for table in self.tables)

    @property
    def largest(self) -> TablePlan | None:
        """The table that takes the most room on the disk while it is masked."""
        return max(self.tables, key=lambda table: table.room, default=None)

    @property
    def rewrites(self) -> "MaskingPlan":
        """The plan without the tables whose rows go."""
        tables = tuple(table for table in self.tables if not table.drop_rows)
        return replace(self, tables=tables)

    def masked_by(self, masker: MaskerName) -> tuple[Column, ...]:
        """The columns that this masker rewrites."""
        return tuple(
            planned.column
            for table in self.tables
            for planned in table.columns
            if planned.masker == masker
        )

    @property
    def emptied(self) -> tuple[str, ...]:
        """Tables of ``public`` that neutralization empties, if they exist."""
        return tuple(sorted({table for rule in self.neutralization for table in rule.empty}))

    @property
    def dropped(self) -> frozenset[str]:
        """Paths of the tables whose rows go."""
        return frozenset(table.table.path for table in self.tables if table.drop_rows)


def plan_masking(connection: Database, policy: MaskingPolicy) -> MaskingPlan:
    """Decide on every column and module of the connected database; reads the catalogue only."""
    tables = read_tables(connection)
    installed = {name: policy.verdict_on(name) for name in read_modules(connection)}
    decided = {
        table.path: [(column, policy.rule_for(column)) for column in table.columns]
        for table in tables
        if not policy.drops(table)
    }
    plans = (_plan_table(table, decided.get(table.path)) for table in tables)
    gaps = (
        gap
        for decisions in decided.values()
        for column, rule in decisions
        if (gap := _gap(column, rule)) is not None
    )
    return MaskingPlan(
        tables=tuple(plan for plan in plans if plan.drop_rows or plan.columns),
        gaps=(*_module_gaps(installed, tables), *gaps),
        policy_hash=policy.hash,
        attachments=policy.attachments,
        verdicts={name: rule.verdict for name, rule in installed.items() if rule is not None},
        neutralization=policy.modules,
    )


def _plan_table(table: Table, decisions: list[tuple[Column, Rule | None]] | None) -> TablePlan:
    """What happens to a table; no decisions: its rows go."""
    if decisions is None:
        return TablePlan(table, drop_rows=True)
    changes = (
        ColumnPlan(column, rule.masker)
        for column, rule in decisions
        if rule is not None
        and rule.verdict != "keep"
        and _gap(column, rule) is None
        and not column.generated
    )
    return TablePlan(table, drop_rows=False, columns=tuple(changes))


def _module_gaps(
    installed: Mapping[str, ModuleRule | None], tables: tuple[Table, ...]
) -> Iterator[ModuleGap]:
    columns = columns_by_table(tables)
    for name, rule in installed.items():
        if rule is None:
            yield ModuleGap(name, "no verdict")
        elif not rule.finds_something(columns):
            yield ModuleGap(name, "its rule finds none of the tables and columns that it changes")


def _gap(column: Column, rule: Rule | None) -> Gap | None:
    if rule is None:
        return None if column.generated else Gap(column, "no rule")
    if rule.masker is not None and not can_mask(rule.masker, column):
        return Gap(column, f"the masker {rule.masker} has no form for this type")
    return None
