"""Rules for what a policy does not cover, from names, Odoo's own description, and a sample.

What a proposal rests on is said in words; no value of a row is ever repeated.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import yaml
from psycopg import sql

from shared.masking import Gap, MaskingPlan, MaskingPolicy, ModuleGap
from shared.masking.catalogue import Column, Table, read_tables
from shared.masking.coverage import proposal_for
from shared.masking.policy import Rule
from shared.postgres.marker import Database
from signalbox.recognition import CREDENTIALS, INSIDE, look_at

SAMPLE = 500
"""Values that are looked at, of one column."""

_SAMPLED_BYTES = 8_000_000
_FEW, _MANY = 12, 50

_COMMENTS: LiteralString = """
select a.attrelid::regclass::text || '.' || a.attname, col_description(a.attrelid, a.attnum)
from pg_attribute a where a.attnum > 0 and col_description(a.attrelid, a.attnum) <> ''
"""

_FIELDS: LiteralString = """
select model, name, ttype, relation, related, field_description::text, coalesce(help::text, '')
from ir_model_fields
"""

_MODULE_FIELDS: LiteralString = """
select distinct replace(f.model, '.', '_'), f.name
from ir_model_data d join ir_model_fields f on f.id = d.res_id
where d.model = 'ir.model.fields' and d.module = %s and f.store
"""

_MODULE_CRONS: LiteralString = """
select count(*) from ir_model_data where model = 'ir.cron' and module = %s
"""

_EXTENDED: dict[str, Any] = {"version": 1, "extends": "odoo"}
_HEADING = "# Proposed: judge each rule, and say in its reason why it is right.\n"

_CREDENTIAL = re.compile(r"token|secret|password|passwd|(api|private|access)_?key|credential")
_ADDRESS = re.compile(r"url|endpoint|host|webhook")
_PRODUCTION = re.compile(r"prod(uction)?(_|$)")


@dataclass(frozen=True)
class _Field:
    ttype: str
    relation: str | None
    related: str | None
    words: str


@dataclass(frozen=True)
class _Known:
    """What the database says about itself."""

    policy: MaskingPolicy
    tables: Mapping[str, Table]
    comments: Mapping[str, str]
    fields: Mapping[tuple[str, str], _Field]

    @classmethod
    def read(cls, connection: Database, policy: MaskingPolicy) -> "_Known":
        tables = {table.path: table for table in read_tables(connection)}
        comments: dict[str, str] = dict(connection.execute(_COMMENTS).fetchall())
        fields = {}
        if "ir_model_fields" in tables:
            for model, name, ttype, relation, related, label, help_ in connection.execute(_FIELDS):
                words = f"{label} {help_}".lower()
                fields[model.replace(".", "_"), name] = _Field(ttype, relation, related, words)
        return cls(policy, tables, comments, fields)

    def source_of(self, column: Column) -> Column | None:
        """The column that Odoo copies this one from, if it is a related field."""
        table, field = column.table, self.fields.get((column.table, column.name))
        *way, last = (field.related if field and field.related else "").split(".")
        for step in way:
            link = self.fields.get((table, step))
            if link is None or link.relation is None:
                return None
            table = link.relation.replace(".", "_")
        columns = self.tables[table].columns if table in self.tables else ()
        return next((each for each in columns if each.name == last), None)


def propose_rules(
    connection: Database, plan: MaskingPlan, policy: MaskingPolicy
) -> dict[str, list[dict[str, Any]]]:
    """Rules for every gap of the plan, in the form of a policy file. Reads a sample of each column.

    A person decides: each rule's ``why`` says what it rests on.
    """
    known = _Known.read(connection, policy)
    columns = [gap.column for gap in plan.gaps if isinstance(gap, Gap)]
    modules = [gap.module for gap in plan.gaps if isinstance(gap, ModuleGap)]
    found = {
        "rules": [_column_rule(connection, column, known) for column in columns],
        "modules": [_module_rule(connection, module, known) for module in modules],
    }
    return {name: rules for name, rules in found.items() if rules}


def proposed_policy(rules: Mapping[str, list[dict[str, Any]]], base: Path | None) -> str:
    """A policy file with the rules in front of those of ``base``, or of the shipped policy."""
    policy = yaml.safe_load(base.read_text(encoding="utf-8")) if base else _EXTENDED
    merged = policy | {name: found + policy.get(name, []) for name, found in rules.items()}
    return _HEADING + yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=100)


def _column_rule(connection: Database, column: Column, known: _Known) -> dict[str, Any]:
    sample = _sample(connection, known.tables[_table_of(column)], column)
    verdict, evidence = next(_opinions(column, known, sample))
    kind, _, masker = verdict.partition(": ")
    rule: dict[str, Any] = {"verdict": kind} | ({"masker": masker} if masker else {})
    why = f"Proposed: {evidence}."
    return rule | {"columns": [column.path], "kinds": [column.kind], "why": why}


def _opinions(column: Column, known: _Known, sample: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Verdicts with what each rests on, the strongest first; the last one always has one."""
    if column.kind in ("number", "date"):
        yield Gap(column, "").proposal, "its name says that it is personal"
    if column.kind not in ("text", "json"):
        yield "clear", f"no masker has a form for {column.type}"
    yield from _of_contents(column, sample)
    yield from _of_source(column, known)
    field = known.fields.get((column.table, column.name))
    comment = known.comments.get(column.path, "").lower()
    for words, said in (
        (column.name, "name"),
        (comment, "comment"),
        (field.words if field else "", "label in Odoo"),
    ):
        if verdict := proposal_for(words):
            yield verdict, f"its {said} says so"
    if field is not None and field.ttype == "html":
        yield "mask: html", "Odoo says that it is rich text"
    if _is_closed(sample):
        yield "keep", f"{len(sample)} values in the sample are {len(set(sample))} different words"
    yield "mask: text", "nothing says what it holds"


def _of_contents(column: Column, sample: Sequence[str]) -> Iterator[tuple[str, str]]:
    seen = look_at(sample)
    of = f"of {len(sample)} values in the sample"
    for look in CREDENTIALS:
        if look in seen:
            yield "clear", f"{seen[look]} {of} look like {look.what}"
    whole = [(count, look) for look, count in seen.items() if look not in (*CREDENTIALS, *INSIDE)]
    for count, look in sorted(whole, key=lambda each: -each[0]):
        if 2 * count > len(sample):
            yield f"mask: {look.masker}", f"{count} {of} look like {look.what}"
    personal = [(look, count) for look, count in seen.items() if look not in CREDENTIALS]
    if personal:
        look, count = max(personal, key=lambda each: each[1])
        html = any("</" in text for text in sample)
        masker = "html" if html and column.kind == "text" else "text"
        yield f"mask: {masker}", f"{count} {of} look like {look.what}"


def _of_source(column: Column, known: _Known) -> Iterator[tuple[str, str]]:
    source = known.source_of(column)
    rule = known.policy.rule_for(source) if source else None
    if source and rule:
        yield _verdict(rule), f"Odoo copies it from {source.path}"


def _verdict(rule: Rule) -> str:
    return f"{rule.verdict}: {rule.masker}" if rule.masker else rule.verdict


def _is_closed(sample: Sequence[str]) -> bool:
    return (
        len(sample) >= _MANY
        and len(set(sample)) <= _FEW
        and all(re.fullmatch(r"[A-Za-z0-9_.-]{1,20}", text) for text in sample)
    )


def _sample(connection: Database, table: Table, column: Column) -> list[str]:
    """Some values, from all over the table."""
    name = sql.Identifier(column.name)
    share = min(100.0, 100.0 * _SAMPLED_BYTES / max(table.bytes, 1))
    query = sql.SQL(
        "select left({0}::text, 2000) from {1} tablesample system ({2})"
        " where {0}::text <> '' limit {3}"
    ).format(name, table.identifier, sql.Literal(share), sql.Literal(SAMPLE))
    return [value for (value,) in connection.execute(query)]


def _table_of(column: Column) -> str:
    return column.path.removesuffix(f".{column.name}")


def _module_rule(connection: Database, module: str, known: _Known) -> dict[str, Any]:
    """Neutralized, if its tables have credentials or speak of production; else quiet."""
    columns = list(_columns_of_module(connection, module, known))
    changes = list(_module_changes(columns))
    doubtful = sum(len(change["values"]) for change in changes)
    addresses = sum(_ADDRESS.search(column.name) is not None for column in columns)
    row = connection.execute(_MODULE_CRONS, (module,)).fetchone()
    why = (
        f"Proposed: of its {len(columns)} columns {doubtful} look like credentials or speak of "
        f"production, {addresses} like addresses; {row[0] if row else 0} scheduled actions, which "
        "neutralization switches off."
    )
    verdict = {"verdict": "neutralized", "changes": changes} if changes else {"verdict": "quiet"}
    return {"modules": [module]} | verdict | {"why": why}


def _columns_of_module(connection: Database, module: str, known: _Known) -> Iterator[Column]:
    own = set(connection.execute(_MODULE_FIELDS, (module,)))
    for table in known.tables.values():
        yield from (column for column in table.columns if (table.path, column.name) in own)


def _module_changes(columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    for table in sorted({column.table for column in columns}):
        ours = [column for column in columns if column.table == table]
        secrets = {c.name: None for c in ours if c.kind == "text" and _CREDENTIAL.search(c.name)}
        modes = {c.name: False for c in ours if c.kind == "closed" and _PRODUCTION.search(c.name)}
        if secrets:
            yield {"tables": [table], "values": secrets, "secret": True}
        if modes:
            yield {"tables": [table], "values": modes}
