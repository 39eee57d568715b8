"""``signalbox mask propose`` covers every gap, says why, and repeats no value."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from typer.testing import CliRunner

from infra.local.postgres import PostgresServer
from shared.masking import load_policy, plan_masking
from signalbox.mask import app

CLINIC = """
create table clinic (id serial primary key, contact text, code text, ward text, note text,
    hook text, remark text, copied text, scan bytea, mode text);
comment on column clinic.code is 'Phone of the patient';
insert into clinic (contact, code, ward, note, hook, remark, mode, copied)
select 'ada' || n || '@acme.example', n::text, 'west', 'write to ada' || n || '@acme.example',
    'https://hooks.example/?sig=' || md5(n::text), '<p>call +33 1 99 00 47 1' || n % 10 || '</p>',
    'plain words ' || n, 'x' || n
from generate_series(1, 60) n;
create table doctor (id serial primary key, clinic_id integer, vat text);
"""

ODOO = """
create table ir_model_fields (id serial primary key, model text, name text, ttype text,
    relation text, related text, field_description jsonb, help jsonb, store boolean,
    translate boolean);
insert into ir_model_fields (model, name, ttype, relation, related, field_description, store) values
    ('clinic', 'copied', 'char', null, 'doctor_id.vat', '{"en_US": "Copied"}', true),
    ('clinic', 'doctor_id', 'many2one', 'doctor', null, '{"en_US": "Doctor"}', false),
    ('acme.line', 'api_key', 'char', null, null, '{"en_US": "Key"}', true),
    ('acme.line', 'is_production', 'boolean', null, null, '{"en_US": "Live"}', true);
create table acme_line (id serial primary key, api_key text, is_production boolean);
create table ir_model_data (id serial primary key, model text, module text, name text, res_id int);
insert into ir_model_data (model, module, name, res_id)
select 'ir.model.fields', 'acme', name, id from ir_model_fields where model = 'acme.line'
union all select 'ir.cron', 'acme', 'sync', 1;
create table ir_module_module (id serial primary key, name text, state text, latest_version text);
insert into ir_module_module (name, state) values ('acme', 'installed'), ('acme_view', 'installed');
"""


@pytest.fixture(scope="module")
def clinic(postgres: PostgresServer) -> Iterator[str]:
    """The DSN of a database that the shipped policy does not know."""
    postgres.create_database("clinic")
    with psycopg.connect(postgres.dsn("clinic"), autocommit=True) as connection:
        connection.execute(CLINIC)
        connection.execute(ODOO)
    yield postgres.dsn("clinic")
    postgres.drop_database("clinic")


@pytest.fixture(scope="module")
def proposal(clinic: str) -> str:
    """What is proposed for it."""
    return propose(clinic)


def propose(dsn: str, *more: str) -> str:
    done = CliRunner().invoke(app, ["propose", "--dsn", dsn, *more])
    assert done.exit_code == 0, done.output
    return done.stdout


def rules(text: str) -> dict[str, dict[str, Any]]:
    return {rule["columns"][0]: rule for rule in yaml.safe_load(text)["rules"]}


@pytest.mark.parametrize(
    ("column", "verdict", "evidence"),
    [
        ("contact", ("mask", "email"), "60 of 60 values in the sample look like an e-mail address"),
        ("code", ("mask", "phone"), "its comment says so"),
        ("ward", ("keep", None), "60 values in the sample are 1 different words"),
        (
            "note",
            ("mask", "text"),
            "60 of 60 values in the sample look like an e-mail address inside",
        ),
        ("hook", ("clear", None), "60 of 60 values in the sample look like an address with cred"),
        ("remark", ("mask", "html"), "look like a phone number inside"),
        ("mode", ("mask", "text"), "nothing says what it holds"),
        ("copied", ("mask", "vat"), "Odoo copies it from doctor.vat"),
        ("scan", ("clear", None), "no masker has a form for bytea"),
    ],
)
def test_a_proposal_says_what_it_rests_on(
    proposal: str, column: str, verdict: tuple[str, str | None], evidence: str
) -> None:
    rule = rules(proposal)[f"clinic.{column}"]

    assert (rule["verdict"], rule.get("masker")) == verdict
    assert evidence in rule["why"]


def test_a_proposal_is_a_policy_that_covers_everything(clinic: str, tmp_path: Path) -> None:
    file = tmp_path / "clinic.yaml"
    with psycopg.connect(clinic) as connection:
        before = plan_masking(connection, load_policy()).gaps

        said = propose(clinic, "--output", str(file))

        after = plan_masking(connection, load_policy(file)).gaps
    assert len(before) > 10
    assert after == ()
    assert f"{len(before)} proposals" in said


def test_a_proposal_keeps_the_policy_that_it_completes(clinic: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    own = {"verdict": "keep", "columns": ["clinic.mode"], "why": "Judged."}
    first.write_text(yaml.safe_dump({"version": 1, "extends": "odoo", "rules": [own]}))

    propose(clinic, "--policy", str(first), "--output", str(second))

    with psycopg.connect(clinic) as connection:
        assert plan_masking(connection, load_policy(second)).gaps == ()
    assert yaml.safe_load(second.read_text())["rules"][-1] == own


def test_a_module_with_keys_is_proposed_with_what_neutralizes_it(proposal: str) -> None:
    acme, view = yaml.safe_load(proposal)["modules"]

    assert acme["verdict"] == "neutralized"
    assert acme["changes"] == [
        {"tables": ["acme_line"], "values": {"api_key": None}, "secret": True},
        {"tables": ["acme_line"], "values": {"is_production": False}},
    ]
    assert "1 scheduled actions" in acme["why"]
    assert (view["modules"], view["verdict"]) == (["acme_view"], "quiet")


def test_a_proposal_repeats_no_value_and_changes_nothing(clinic: str, proposal: str) -> None:
    values = ("ada1", "acme.example", "+33", "west", "plain")
    assert not [value for value in values if value in proposal]
    with psycopg.connect(clinic) as connection:
        assert connection.execute("select count(*) from clinic").fetchone() == (60,)
        assert connection.execute("select to_regnamespace('signalbox')").fetchone() == (None,)
