"""The shipped policy decides on everything; a policy that cannot be understood is refused."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from shared.masking.catalogue import Column, Kind, Table
from shared.masking.coverage import CoverageGap, Gap, refuse_gaps
from shared.masking.policy import PERSONAL_KINDS, MaskingPolicy, PolicyInvalid, load_policy

ROOT = Path(__file__).parents[3]
ODOO = Path(__file__).parents[4] / "shared" / "odoo"

KINDS: dict[str, Kind] = {
    "character varying": "text",
    "text": "text",
    "jsonb": "json",
    "bytea": "binary",
    "boolean": "closed",
    "date": "date",
    "timestamp without time zone": "date",
    **dict.fromkeys(("integer", "bigint", "numeric", "double precision"), "number"),
}
PROVIDERS = {"aps", "asiapay", "authorize", "buckaroo", "flutterwave", "mercado_pago", "mollie"} | {
    *("nuvei", "razorpay", "razorpay_oauth", "worldline")
}
ONLY_17 = {f"payment_{name}" for name in ("alipay", "ogone", "payulatam", "payumoney", "sips")}


def odoo_columns(version: int) -> Iterator[Column]:
    file = ODOO / f"columns_{version}.tsv"
    if not file.exists():
        pytest.skip(f"{file} is not here: the list of a real Odoo's columns")
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
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


@pytest.mark.parametrize(
    ("path", "kind", "verdict"),
    [
        ("clinic.patient_id", "number", "keep"),
        ("clinic.beds", "number", "keep"),
        ("clinic.is_open", "closed", "keep"),
        ("clinic.opened_on", "date", "keep"),
        ("clinic.date_of_birth", "date", None),
        ("clinic.mobile_digits", "number", None),
        ("clinic.salary", "number", None),
        ("hr_contract.wage", "number", "clear"),
    ],
)
def test_a_number_or_a_date_is_kept_unless_its_name_sounds_personal(
    path: str, kind: Kind, verdict: str | None
) -> None:
    table, _, name = path.partition(".")

    rule = load_policy().rule_for(Column("public", table, name, kind, kind))

    assert (rule and rule.verdict) == verdict


def test_a_policy_without_defaults_has_to_say_everything() -> None:
    strict = load_policy().model_copy(update={"defaults": ()})

    assert strict.rule_for(Column("public", "clinic", "id", "integer", "number")) is None


def test_every_kind_that_can_hold_text_needs_a_verdict() -> None:
    assert set(PERSONAL_KINDS) == {"text", "json", "binary", "other"}


def modules(version: int) -> list[str]:
    file = ODOO / f"modules_{version}.txt"
    if not file.exists():
        pytest.skip(f"{file} is not here: the list of a real Odoo's modules")
    return [line.split()[0] for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("version", [17, 18])
def test_every_module_of_odoo_community_has_a_verdict(version: int) -> None:
    policy = load_policy()

    assert [name for name in modules(version) if policy.verdict_on(name) is None] == []


@pytest.mark.parametrize("version", [17, 18])
def test_every_rule_on_a_module_finds_what_it_changes_in_this_version(version: int) -> None:
    policy = load_policy()
    tables: dict[str, set[str]] = {}
    for column in odoo_columns(version):
        tables.setdefault(column.table, set()).add(column.name)

    rules = {name: policy.verdict_on(name) for name in modules(version)}

    assert [n for n, rule in rules.items() if not (rule and rule.finds_something(tables))] == []


def test_every_module_that_odoo_neutralizes_is_neutralized_here() -> None:
    file = ODOO / "neutralize.md"
    if not file.exists():
        pytest.skip(f"{file} is not here: what Odoo's own neutralization changes")
    policy = load_policy()

    theirs = neutralized_by_odoo(file.read_text(encoding="utf-8"))
    ours = {name: policy.verdict_on(name) for name in theirs}

    assert len(theirs) > 50
    assert [n for n, rule in ours.items() if not (rule and rule.verdict == "neutralized")] == []


def neutralized_by_odoo(text: str) -> set[str]:
    """The modules in the first column of its table, and those that only 17.0 has."""
    cells = re.findall(r"^\| ([a-z0-9_/, ]+?) \| ", text.partition("## 17.0")[0], re.MULTILINE)
    names = {name for cell in cells for name in re.split(r"[ ,/]+", cell)} - {"module", "table"}
    return {f"payment_{name}" if name in PROVIDERS else name for name in names} | ONLY_17


def test_a_module_that_nobody_thought_of_has_no_verdict() -> None:
    assert load_policy().verdict_on("sale_acme_connector") is None


def test_a_policy_that_extends_the_shipped_one_goes_first_and_takes_nothing_back(
    tmp_path: Path,
) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(
        "version: 1\nextends: odoo\n"
        "rules: [{verdict: keep, columns: [res_partner.email], why: for a test}]\n"
        "modules: [{modules: [mail, acme], verdict: quiet, why: for a test}]\n"
    )
    shipped = load_policy()

    policy = load_policy(file)

    refined = policy.rule_for(text_column("res_partner.email"))
    assert refined is not None
    assert refined.verdict == "keep"
    assert policy.rule_for(text_column("res_users.password")) is not None
    assert policy.verdict_on("acme") == policy.modules[0] == policy.verdict_on("mail")
    assert policy.modules[1:] == shipped.modules
    assert policy.hash != shipped.hash


@pytest.mark.parametrize(
    "rule",
    [
        "{modules: [a], verdict: neutralized, why: changes nothing}",
        "{modules: [a], verdict: quiet, empty: [b], why: changes something}",
        "{modules: [a], verdict: quiet}",
        "{modules: [a], verdict: harmless, why: there is no such verdict}",
    ],
)
def test_a_verdict_on_a_module_that_says_two_things_is_refused(tmp_path: Path, rule: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(f"version: 1\nmodules: [{rule}]", encoding="utf-8")

    with pytest.raises(PolicyInvalid, match="modules"):
        load_policy(file)


def test_the_shipped_policy_fits_the_published_schema() -> None:
    schema = json.loads((ROOT / "schemas" / "MaskingPolicy.json").read_text(encoding="utf-8"))
    shipped = ROOT / "shared" / "masking" / "policies" / "odoo.yaml"

    jsonschema.validate(yaml.safe_load(shipped.read_text(encoding="utf-8")), schema)


def test_every_example_of_the_documentation_is_a_policy() -> None:
    page = (ROOT / "docs" / "masking.md").read_text(encoding="utf-8")

    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    assert len(examples) >= 4
    for example in examples:
        MaskingPolicy.model_validate({"version": 1} | yaml.safe_load(example))
