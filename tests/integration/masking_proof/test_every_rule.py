"""The proof misses no rule of the shipped policy: what a rule leaves as it was, it finds.

All rules are switched off at once, in a database with one filled column for each of them.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from shared.masking import MaskingPlan, load_policy, plan_masking
from shared.masking.catalogue import Column, Table
from shared.masking.maskers import IN_PLACE
from shared.masking.policy import DropRows, Rule
from shared.masking.proof import LeaksFound, prove, remember
from shared.postgres.marker import CloneMarker, Database, write_marker

from .conftest import EPOCH, KEY, LONG, RUN

COLUMNS = Path(__file__).parents[4] / "shared" / "odoo" / "columns_18.tsv"

pytestmark = pytest.mark.skipif(
    not COLUMNS.exists(), reason="the list of Odoo's columns is not here"
)

POLICY = load_policy()

VALUES = {
    "jsonb": """{{"en_US": "Something of {n} by Ada Holm 4{n}"}}""",
    "bytea": "a picture",
    "boolean": "true",
    "date": "1987-06-05",
    "timestamp without time zone": "1987-06-05",
    "email": "ada.holm.{n}@acme{n}.example",
    "login": "ada.holm.{n}@acme{n}.example",
    "template_email": "ada.holm.{n}@acme{n}.example",
    "name": "Adalind Holmgren the {n}th",
    "street": "{n}, boulevard de Remy",
    "phone": "+33 1 40 10 {n}",
    "iban": "FR76300060000112345678{n}",
    "vat": "FRZ8556{n}",
    "url": "https://www.adalind-{n}.example",
    "host": "adalind-{n}.example",
    "ip": "203.117.44.{n}",
    "message_id": "<ab12cd34.{n}@mail.acme.example>",
}
OTHER = "Sm7pFAKEpassw0rd{n}"


Deciding = Rule | DropRows


@pytest.fixture
def odoo(database: str) -> Iterator[Database]:
    """A clone with every table of Odoo, without rows."""
    with psycopg.connect(database, autocommit=True) as connection:
        write_marker(connection, CloneMarker.new(RUN, "7000000000000000001", "acme_prod", EPOCH))
        with COLUMNS.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        tables: dict[str, list[str]] = {}
        for row in rows:
            tables.setdefault(row["table"], []).append(f'"{row["column"]}" {row["type"]}')
        statements = [f'create table "{name}" ({", ".join(of)})' for name, of in tables.items()]
        connection.execute("; ".join(statements))  # type: ignore[arg-type]
        fields = [
            (row["table"], row["column"], kind.split("/")[0], "translate" in kind)
            for row in rows
            if (kind := row["odoo_field_type"])
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into ir_model_fields (model, name, ttype, translate, store)"
                " values (%s, %s, %s, %s, true)",
                fields,
            )
        yield connection


def cases(plan: MaskingPlan) -> dict[str, tuple[Deciding, Table, Column]]:
    """For each rule the first column that it decides on, by the place that the proof names."""
    found: dict[int, tuple[str, tuple[Deciding, Table, Column]]] = {}
    for planned in plan.tables:
        table = planned.table
        if planned.drop_rows:
            drop = next(rule for rule in POLICY.drop_rows if rule.applies_to(table))
            found.setdefault(id(drop), (f"{table.path}.*", (drop, table, table.columns[0])))
        for each in planned.columns:
            rule = POLICY.rule_for(each.column)
            if rule is not None and rule.masker not in IN_PLACE and "(" not in each.column.type:
                found.setdefault(id(rule), (each.column.path, (rule, table, each.column)))
    return dict(found.values())


def value(rule: Deciding, column: Column, number: int) -> str:
    masker = rule.masker if isinstance(rule, Rule) else None
    if column.kind == "number":
        return str(number)
    form = VALUES.get(column.type) or VALUES.get(masker or "", OTHER)
    return form.format(n=10_000 + number)


def test_a_column_that_any_rule_of_the_policy_leaves_as_it_was_is_found(odoo: Database) -> None:
    plan = plan_masking(odoo, POLICY)
    expected = cases(plan)
    for number, (rule, table, column) in enumerate(expected.values()):
        insert = sql.SQL("insert into {} ({}) values ({})").format(
            table.identifier,
            sql.Identifier(column.name),
            sql.Literal(value(rule, column, number)),
        )
        odoo.execute(insert)
    remember(odoo, plan, KEY, run_id=RUN, epoch=EPOCH)

    with pytest.raises(LeaksFound):
        prove(odoo, plan, KEY, run_id=RUN, epoch=EPOCH, budget=LONG)

    found = odoo.execute(
        "select concat(leak->>'table', '.', leak->>'column')"
        " from signalbox.searched, jsonb_array_elements(leaks) as leak"
    )
    assert len(expected) > 25
    assert set(expected) - {path for (path,) in found} == set()
