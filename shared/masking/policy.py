"""The masking policy: which column gets which verdict. Read from YAML, checked, hashed."""

import fnmatch
import hashlib
import re
from functools import cache, cached_property
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from shared.errors import PermanentError
from shared.masking.catalogue import Column, Kind, Table
from shared.masking.maskers import MaskerName
from shared.masking.modules import ModuleRule, PolicyPart

PERSONAL_KINDS: tuple[Kind, ...] = ("text", "json", "binary", "other")
"""Kinds of column that can hold anything: what a rule is about unless it says otherwise."""

Verdict = Literal["mask", "clear", "keep"]


class PolicyInvalid(PermanentError):
    """The masking policy cannot be read."""


class Rule(PolicyPart):
    """What happens to the columns that the patterns name."""

    verdict: Verdict
    """mask: by the masker. clear: NULL, or empty where NULL is not allowed. keep: as is."""
    masker: MaskerName | None = None
    """How a masked value is made; only with the verdict mask."""
    columns: tuple[str, ...] = Field(default=("*",), min_length=1)
    """Patterns of ``table.column`` (shell wildcards), with the schema in front unless public."""
    fields: tuple[str, ...] = ()
    """Odoo field types (patterns) that the rule is limited to; empty: any, also unknown."""
    unless: tuple[str, ...] = ()
    """Patterns of columns that the rule leaves to those after it."""
    kinds: tuple[Kind, ...] = PERSONAL_KINDS
    """Kinds of database column that the rule is limited to."""
    why: str = Field(min_length=1)
    """The reason, for whoever audits the policy."""

    @model_validator(mode="after")
    def _masker_goes_with_mask(self) -> Self:
        if (self.masker is None) == (self.verdict == "mask"):
            raise ValueError("a masker goes with the verdict mask, and only with it")
        return self

    def applies_to(self, column: Column) -> bool:
        """Whether this rule decides on the column, if no earlier one has."""
        return (
            column.kind in self.kinds
            and bool(self._pattern.match(column.path))
            and not (self.unless and self._spared.match(column.path))
            and (not self.fields or _any_match(column.field, self.fields))
        )

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _compile(self.columns)

    @cached_property
    def _spared(self) -> re.Pattern[str]:
        return _compile(self.unless)


class DropRows(PolicyPart):
    """Tables whose rows a clone has no use for."""

    tables: tuple[str, ...] = Field(min_length=1)
    """Patterns of table names (shell wildcards)."""
    why: str = Field(min_length=1)
    """The reason, for whoever audits the policy."""

    def applies_to(self, table: Table) -> bool:
        """Whether the rows of this table go."""
        return bool(self._pattern.match(table.path))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _compile(self.tables)


class AttachmentRule(PolicyPart):
    """What happens to the attachments that all of the patterns (shell wildcards) apply to."""

    verdict: Literal["keep", "replace"]
    """keep: as is. replace: by an empty document of the same type."""
    models: tuple[str, ...] = Field(default=("*",), min_length=1)
    """Models that the attachments belong to, with dots; empty text: none."""
    fields: tuple[str, ...] = Field(default=("*",), min_length=1)
    """Fields of the model that the attachments are the content of; empty text: none."""
    mimetypes: tuple[str, ...] = Field(default=("*",), min_length=1)
    """MIME types."""
    names: tuple[str, ...] = Field(default=("*",), min_length=1)
    """File names as masked: of most, only the ending is left."""
    urls: tuple[str, ...] = Field(default=("*",), min_length=1)
    """Addresses in Odoo that the attachments are served under; empty text: none."""
    why: str = Field(min_length=1)
    """The reason, for whoever audits the policy."""


@cache
def default_rules() -> tuple[Rule, ...]:
    """The rules on columns that cannot hold anything personal, by their type and their name."""
    source = files("shared.masking").joinpath("policies", "defaults.yaml")
    rules = _parse(source.read_text(encoding="utf-8"))
    return tuple(Rule.model_validate(rule) for rule in rules)


class MaskingPolicy(PolicyPart):
    """Rules in order: the first that applies decides; a column or module without one is a gap."""

    version: Literal[1]
    """Version of this format."""
    extends: Literal["odoo"] | None = None
    """The policy that comes with Signalbox, whose rules follow the ones given here."""
    drop_rows: tuple[DropRows, ...] = ()
    """Tables that are emptied, before any other rule."""
    rules: tuple[Rule, ...] = ()
    """Verdicts on columns, first match wins."""
    defaults: tuple[Rule, ...] = Field(default_factory=default_rules)
    """Verdicts on columns for which there is no rule; empty: none. What is left out here are keys,
    numbers, truth values and dates that cannot be personal (``policies/defaults.yaml``)."""
    attachments: tuple[AttachmentRule, ...] = ()
    """Verdicts on attachments, first match wins; without one the document is replaced."""
    modules: tuple[ModuleRule, ...] = ()
    """Verdicts on Odoo's modules, first match wins. What they change is changed by all
    rules, in order: a policy that is extended has the last word."""

    @cached_property
    def hash(self) -> str:
        """Identifies the policy's content, whatever its layout."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def rule_for(self, column: Column) -> Rule | None:
        """The rule that decides on this column."""
        rules = chain(self.rules, self.defaults)
        return next((rule for rule in rules if rule.applies_to(column)), None)

    def drops(self, table: Table) -> bool:
        """Whether the rows of this table go."""
        return any(rule.applies_to(table) for rule in self.drop_rows)

    def verdict_on(self, module: str) -> ModuleRule | None:
        """The rule that decides on this module."""
        return next((rule for rule in self.modules if rule.applies_to(module)), None)

    def followed_by(self, other: Self) -> Self:
        """Both policies: these rules first, so that they refine the other's."""
        return self.model_copy(
            update={
                "drop_rows": self.drop_rows + other.drop_rows,
                "rules": self.rules + other.rules,
                "attachments": self.attachments + other.attachments,
                "modules": self.modules + other.modules,
            }
        )


def load_policy(path: str | Path | None = None) -> MaskingPolicy:
    """The policy in a file, or the one for Odoo that comes with Signalbox.

    One that ``extends: odoo`` is followed by that one. Raises PolicyInvalid with the place and the
    reason.
    """
    source = Path(path) if path else files("shared.masking").joinpath("policies", "odoo.yaml")
    try:
        policy = MaskingPolicy.model_validate(_parse(source.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise PolicyInvalid(f"masking policy {source}: {error}") from error
    return policy.followed_by(load_policy()) if policy.extends else policy


def _parse(text: str) -> Any:
    """Eight times as fast with libyaml, which PyYAML's wheels bring along."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _compile(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns))


def _any_match(value: str | None, patterns: tuple[str, ...]) -> bool:
    return value is not None and any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)
