"""The shipped policy decides on everything; a policy that cannot be understood is refused."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.masking.catalogue import Column, Kind, Table
from shared.masking.coverage import CoverageGap, Gap, refuse_gaps
from shared.masking.policy import PERSONAL_KINDS, MaskingPolicy, PolicyInvalid, load_policy

ODOO = Path(__file__).parents[4] / "shared" / "odoo"

KINDS: dict[str, Kind] = {
    "character varying": "text",
    "text": "text",
    "jsonb": "json",
    "bytea": "binary",
}
HARMLESS = ("boolean", "date", "double", "integer", "numeric", "timestamp")


def odoo_columns(version: int) -> Iterator[Column]:
    file = ODOO / f"columns_{version}.tsv"
    if not file.exists():
        pytest.skip(f"{file} is not here: the list of a real Odoo's columns")
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if not row["type"].startswith(HARMLESS):
                kind = KINDS.get(row["type"].partition("(")[0], "other")
                yield Column("public", row["table"], row["column"], row["type"], kind)


def text_column(path: str, **more: Any) -> Column:
    table, _, name = path.partition(".")
    return Column("public", table, name, "character varying", "text", **more)


@pytest.mark.parametrize("version", [17, 18])
def test_every_column_of_odoo_community_has_a_verdict_without_knowing_its_field(
    version: int,
) -> None:
    policy = load_policy()

    without = [
        column.path
        for column in odoo_columns(version)
        if not policy.drops(Table("public", column.table, 0, False, ()))
        and policy.rule_for(column) is None
    ]

    assert without == []


def test_a_column_that_nobody_thought_of_has_no_verdict() -> None:
    policy = load_policy()

    found = policy.rule_for(text_column("hospital_patient.diagnosis"))

    assert found is None


@pytest.mark.parametrize("table", ["res_partner", "sale_order", "account_move", "hr_employee"])
def test_an_unknown_column_of_a_known_table_has_no_verdict(table: str) -> None:
    policy = load_policy()

    found = policy.rule_for(text_column(f"{table}.medical_history"))

    assert found is None


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("res_partner.email", ("mask", "email")),
        ("res_partner.x_second_email", ("mask", "email")),
        ("ir_mail_server.smtp_pass", ("clear", None)),
        ("payment_provider.unheard_of_merchant_number", ("clear", None)),
        ("res_users.password", ("clear", None)),
        ("sale_order.name", ("keep", None)),
    ],
)
def test_well_known_columns_get_the_verdict_that_the_documentation_states(
    path: str, verdict: tuple[str, str | None]
) -> None:
    policy = load_policy()

    rule = policy.rule_for(text_column(path))

    assert rule is not None
    assert (rule.verdict, rule.masker) == verdict


def test_a_closed_list_is_kept_because_odoo_says_what_it_is() -> None:
    policy = load_policy()

    unknown = policy.rule_for(text_column("hospital_patient.ward"))
    declared = policy.rule_for(text_column("hospital_patient.ward", field="selection"))

    assert unknown is None
    assert declared is not None
    assert declared.verdict == "keep"


def test_the_hash_follows_the_content() -> None:
    policy = load_policy()
    shorter = policy.model_copy(update={"rules": policy.rules[1:]})

    assert policy.hash == load_policy().hash
    assert MaskingPolicy.model_validate(shorter.model_dump()).hash != policy.hash


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nrules: [{verdict: mask, columns: ['a.b'], why: because}]",
        "version: 1\nrules: [{verdict: keep, masker: email, columns: ['a.b'], why: because}]",
        "version: 1\nrules: [{verdict: keep, colums: ['a.b'], why: because}]",
        "version: 2\nrules: []",
        "version: [",
    ],
)
def test_a_policy_that_cannot_be_understood_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(PolicyInvalid, match=r"policy\.yaml"):
        load_policy(file)


def test_a_gap_is_reported_with_a_rule_to_propose() -> None:
    gaps = (
        Gap(text_column("clinic.patient_phone"), "no rule"),
        Gap(Column("public", "clinic", "scan", "bytea", "binary"), "no rule"),
    )

    with pytest.raises(CoverageGap) as refused:
        refuse_gaps(gaps)

    assert "clinic.patient_phone (character varying): no rule; proposed: mask: phone" in str(
        refused.value
    )
    assert "clinic.scan (bytea): no rule; proposed: clear" in str(refused.value)


def test_every_kind_that_can_hold_text_needs_a_verdict() -> None:
    assert set(PERSONAL_KINDS) == {"text", "json", "binary", "other"}
