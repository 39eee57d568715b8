"""What a masking policy says of Odoo's modules, and what it changes so that they reach nobody."""

import fnmatch
from collections.abc import Collection, Iterable, Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.masking.catalogue import Table

Value = str | bool | int | None

ModuleVerdict = Literal["neutralized", "quiet"]


class PolicyPart(BaseModel):
    """Immutable; an unknown field is an error, because it would silently do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Change(PolicyPart):
    """Columns of tables that are set to a value when a clone is neutralized.

    Tables and columns differ between versions: what is not there is left out.
    """

    tables: tuple[str, ...] = Field(min_length=1)
    """Names of tables of the schema ``public``."""
    values: dict[str, Value] = Field(min_length=1)
    """Values by column. Where NULL is not allowed it means empty text. A name may be a pattern
    (shell wildcards), which with NULL applies to text, JSON and bytes only, never to keys."""
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Only rows with one of these values in the column."""
    unless: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Not rows with one of these values in the column."""
    secret: bool = False
    """Whether the columns hold credentials, of which not even dead rows may stay in the file."""

    def columns_of(self, columns: Collection[str]) -> frozenset[str]:
        """Those of a table's columns that change; none if one that limits the rows is missing."""
        if not {*self.where, *self.unless} <= set(columns):
            return frozenset()
        return frozenset(
            name for pattern in self.values for name in fnmatch.filter(columns, pattern)
        )


class ModuleRule(PolicyPart):
    """The verdict on modules: that they are quiet, or what makes them so."""

    modules: tuple[str, ...] = Field(min_length=1)
    """Patterns of technical names (shell wildcards)."""
    verdict: ModuleVerdict
    """quiet: reaches nobody by itself, lets nobody in. neutralized: would, without the changes."""
    changes: tuple[Change, ...] = ()
    """Columns to set; only with the verdict neutralized."""
    parameters: dict[str, str | None] = Field(default_factory=dict)
    """System parameters to set; null removes them. Only with the verdict neutralized."""
    empty: tuple[str, ...] = ()
    """Tables to empty; only with the verdict neutralized."""
    why: str = Field(min_length=1)
    """The reason, for whoever audits the policy."""

    @model_validator(mode="after")
    def _changes_go_with_neutralized(self) -> Self:
        changes = bool(self.changes or self.parameters or self.empty)
        if changes != (self.verdict == "neutralized"):
            raise ValueError(
                "changes, parameters or empty go with the verdict neutralized, and only with it"
            )
        return self

    def applies_to(self, module: str) -> bool:
        """Whether this rule decides on the module, if no earlier one has."""
        return any(fnmatch.fnmatchcase(module, pattern) for pattern in self.modules)

    def finds_something(self, tables: Mapping[str, Collection[str]]) -> bool:
        """Whether the rule can act on a database with these columns by table of ``public``.

        One that neutralizes and finds nothing was written for another version of the module.
        """
        if self.verdict == "quiet" or self.parameters:
            return True
        return any(table in tables for table in self.empty) or any(
            change.columns_of(tables.get(table, ()))
            for change in self.changes
            for table in change.tables
        )


def columns_by_table(tables: Iterable[Table]) -> dict[str, frozenset[str]]:
    """Names of the columns by table, of the schema ``public``."""
    return {
        table.name: frozenset(column.name for column in table.columns)
        for table in tables
        if table.schema == "public"
    }
