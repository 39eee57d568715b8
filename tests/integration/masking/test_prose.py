"""Texts rewritten in place: originals become their masks, and everything else stays."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from infra.local.postgres import PostgresServer
from shared.masking import MaskingPolicy, mask_tables, plan_masking
from shared.masking.proof import LeaksFound, SignedCertificate, prove
from shared.postgres.marker import CloneMarker, Database, write_marker

from .conftest import EPOCH, RUN

KEY = b"a masking key of thirty-two byte"
LONG = timedelta(minutes=1)

KINDS = ("name", "email", "phone", "iban", "street")
POLICY = MaskingPolicy.model_validate(
    {
        "version": 1,
        "rules": [
            *(
                {"verdict": "mask", "masker": kind, "columns": [f"partner.{kind}"], "why": kind}
                for kind in KINDS
            ),
            {"verdict": "mask", "masker": "rewrite", "columns": ["*.body"], "why": "texts"},
            {"verdict": "mask", "masker": "prose", "columns": ["*.letter"], "why": "letters"},
            {"verdict": "clear", "columns": ["*.password"], "why": "secret"},
            {"verdict": "keep", "columns": ["*"], "why": "the rest"},
        ],
    }
)

TABLES = """
create table partner (id serial primary key, name text, email text, phone text, iban text,
    street text, password text);
insert into partner (name, email, phone, iban, street, password) values
    ('Adalind Holmgren', 'Ada.Holm@acme.example', '+33 1 40 10 60 28',
     'FR76 3000 6000 0112 3456 7890 189', '64, boulevard de Remy', 'Sm7pFAKEpassw0rd0101'),
    ('My Company (Chicago)', null, null, null, null, null);
create table message (id serial primary key, place text unique, body text, letter text);
create table template (id serial primary key, body jsonb);
create table tag (id serial primary key, body varchar(24) unique);
insert into tag (body) values ('Adalind Holmgren'), ('ADALIND HOLMGREN'), ('x');
create table entry (id int, body text) partition by range (id);
create table early partition of entry for values from (0) to (500);
create table late partition of entry for values from (500) to (9999);
insert into entry select n, 'Mr ' || n || ' Adalind Holmgren' from generate_series(1, 1000) n;
"""

ORIGINALS = {
    "<p>Dear ADALIND HOLMGREN,</p>": ("name", "<p>Dear {},</p>"),
    "<b>Adalind</b> <i>Holmgren</i>!": ("name", "<b>{}</b> <i></i>!"),
    '<img alt="Adalind&nbsp;Holmgren"/>': ("name", '<img alt="{}"/>'),
    '<a href="mailto:ada.holm@acme.example">x</a>': ("email", '<a href="mailto:{}">x</a>'),
    "&lt;ADA.HOLM@ACME.EXAMPLE&gt;": ("email", "&lt;{}&gt;"),
    "to FR7630006000011234567890189.": ("iban", "to {}."),
    "She lives at 64, Boulevard de Remy.": ("street", "She lives at {}."),
    "it is Sm7pFAKEpassw0rd0101, ok?": (None, "it is removed, ok?"),
}
HARMLESS = "Order S00042 of 2024-05-01 10:22 (01/02/2024): 1 234 567.00 EUR, d='M10 20 30 40 50'"
STRANGERS = (
    "Ask zoe@else.example, +49 30 1234567, (030) 123 45 67, (555)867-5309x42, 001-646-272-3850, "
    "9425784836, DE89 3704 0044 0532 0130 00 or Ada.Holm@acme.example"
)
TEXTS = {
    **{text: text for text in ORIGINALS},
    "numbers": "call +33 (1) 40-10-60-28 or 01.40.10.60.28",
    "bracket": "My Company (Chicago): receive in 1 step (stock)",
    "harmless": HARMLESS,
    "strangers": STRANGERS,
    "empty": "",
}
JSON = {"en_US": '<a title="x">Adalind Holmgren</a>', "fr": ["Adalind", "Holmgren", "é\n"]}


@pytest.fixture(scope="module")
def clone(postgres: PostgresServer) -> Iterator[Database]:
    """An autocommit connection to a masked clone."""
    postgres.create_database("prose")
    with psycopg.connect(postgres.dsn("prose"), autocommit=True) as connection:
        write_marker(connection, CloneMarker.new(RUN, "7000000000000000001", "acme_prod", EPOCH))
        connection.execute(TABLES)
        insert = "insert into message (place, body, letter) values (md5(%s), %s, %s)"
        for place, text in TEXTS.items():
            connection.execute(insert, (place, text, text))
        connection.execute("insert into message (place) values (md5('nothing'))")
        connection.execute("insert into template (body) values (%s)", (Jsonb(JSON),))
        plan = plan_masking(connection, POLICY)
        mask_tables(connection, plan, KEY, run_id=RUN, epoch=EPOCH, budget=LONG)
        yield connection
    postgres.drop_database("prose")


def new(clone: Database, place: str, column: str = "body") -> str:
    """What has become of a text."""
    query = sql.SQL("select {} from message where place = md5(%s)").format(sql.Identifier(column))
    row = clone.execute(query, (place,)).fetchone()
    assert row is not None
    return str(row[0])


def twin(clone: Database, column: str, number: int = 1) -> str:
    """What has become of a partner's value."""
    query = sql.SQL("select {} from partner where id = %s").format(sql.Identifier(column))
    row = clone.execute(query, (number,)).fetchone()
    assert row is not None
    return str(row[0])


def proven(clone: Database) -> object:
    plan = plan_masking(clone, POLICY)
    return prove(clone, plan, KEY, run_id=RUN, epoch=EPOCH, budget=LONG)


def test_a_text_that_is_not_rewritten_fails_the_proof_and_one_that_is_passes(
    clone: Database,
) -> None:
    clone.execute("create table remark as select 'Dear Adalind Holmgren' as remark")

    with pytest.raises(LeaksFound, match=r"remark.remark: original inside in 1 rows"):
        proven(clone)
    clone.execute("drop table remark")

    assert isinstance(proven(clone), SignedCertificate)


@pytest.mark.parametrize("column", ["body", "letter"])
@pytest.mark.parametrize("text", ORIGINALS)
def test_an_original_in_a_text_becomes_what_its_column_got(
    clone: Database, text: str, column: str
) -> None:
    origin, expected = ORIGINALS[text]

    assert new(clone, text, column) == expected.format(twin(clone, origin) if origin else "")


@pytest.mark.parametrize("column", ["body", "letter"])
def test_a_number_in_a_text_ends_like_its_column_and_stays_in_its_place(
    clone: Database, column: str
) -> None:
    text = new(clone, "numbers", column)

    number = twin(clone, "phone")
    assert text.startswith(f"call {number} or 0")
    assert text.endswith(number[-4:])


def test_a_bracket_belongs_to_the_name_that_opens_it(clone: Database) -> None:
    name = twin(clone, "name", 2)

    assert new(clone, "bracket") == f"{name}: receive in 1 step (stock)"


@pytest.mark.parametrize("column", ["body", "letter"])
def test_a_text_without_originals_stays_as_it_is(clone: Database, column: str) -> None:
    assert new(clone, "harmless", column) == HARMLESS
    assert new(clone, "empty", column) == ""
    assert new(clone, "nothing", column) == "None"


def test_strangers_go_from_prose_and_stay_in_what_is_only_rewritten(clone: Database) -> None:
    letter, body = new(clone, "strangers", "letter"), new(clone, "strangers")

    strangers = ("zoe", "1234567", "123 45 67", "5309", "3850", "4836", "0532")
    assert [part for part in strangers if part in letter] == []
    assert letter.count("@masked.invalid") == 2
    assert letter.endswith(twin(clone, "email"))
    assert body == STRANGERS.replace("Ada.Holm@acme.example", twin(clone, "email"))


def test_texts_inside_json_stay_json(clone: Database) -> None:
    row = clone.execute("select body from template").fetchone()

    name = twin(clone, "name")
    assert row == ({"en_US": f'<a title="x">{name}</a>', "fr": [name, "", "é\n"]},)


def test_unique_texts_stay_unique_and_fit_their_column(clone: Database) -> None:
    bodies = [body for (body,) in clone.execute("select body from tag order by id")]

    assert len({*bodies}) == 3
    assert max(map(len, bodies)) <= 24
    assert bodies[2] == "x"
    assert "Adalind" not in bodies[0]


def test_every_part_of_a_partitioned_table_is_rewritten(clone: Database) -> None:
    bodies = {body for (body,) in clone.execute("select body from entry")}

    assert bodies == {f"Mr {n} {twin(clone, 'name')}" for n in range(1, 1001)}
