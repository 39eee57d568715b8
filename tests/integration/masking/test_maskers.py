"""What each masker promises, on single values."""

import re
from collections.abc import Callable, Iterator
from typing import get_args

import psycopg
import pytest
from psycopg import sql
from stdnum import iban
from stdnum.eu import vat

from infra.local.postgres import PostgresServer
from shared.masking.maskers import MaskerName, masker_functions
from shared.postgres.marker import Database

Mask = Callable[[str, str], str]

KEYED = set(get_args(MaskerName)) - {"html", "prose", "rewrite", "text", "year"}


@pytest.fixture(scope="module")
def functions(postgres: PostgresServer) -> Iterator[Database]:
    """A database with the maskers and nothing to mask."""
    postgres.create_database("maskers")
    with psycopg.connect(postgres.dsn("maskers"), autocommit=True) as connection:
        connection.execute(masker_functions())
        yield connection
    postgres.drop_database("maskers")


@pytest.fixture
def mask(functions: Database) -> Mask:
    """Call a masker by name on one value, under a key."""
    set_key(functions, "a" * 64)

    def call(masker: str, value: str) -> str:
        function = sql.Identifier("signalbox_maskers", f"mask_{masker}")
        row = functions.execute(sql.SQL("select {}(%s)").format(function), (value,)).fetchone()
        assert row is not None
        return str(row[0])

    return call


def set_key(connection: Database, key: str) -> None:
    connection.execute("select set_config('signalbox.masking_key', %s, false)", (key,))


@pytest.mark.parametrize(
    "spelling",
    [
        "Ada.Holm@acme.example",
        "  ada.holm@acme.example ",
        '"Holm, Ada" <ada.holm@acme.example>',
        "mailto:ada.holm@acme.example",
        "ADA.HOLM@ACME.EXAMPLE",
    ],
)
def test_one_address_has_one_mask_in_every_spelling(mask: Mask, spelling: str) -> None:
    plain = mask("email", "ada.holm@acme.example")

    assert mask("email", spelling) == plain
    assert re.fullmatch(r"user\.[0-9a-f]{16}@masked\.invalid", plain)


@pytest.mark.parametrize("separator", [",", ";", ", "])
def test_a_list_of_addresses_stays_a_list(mask: Mask, separator: str) -> None:
    masked = mask("email", f"a@acme.example{separator}b@acme.example")

    assert masked == f"{mask('email', 'a@acme.example')}, {mask('email', 'b@acme.example')}"


def test_an_expression_in_a_template_survives_and_an_address_does_not(mask: Mask) -> None:
    expression = "{{ object.partner_id.email }}"

    assert mask("template_email", expression) == expression
    assert "acme" not in mask("template_email", "sales@acme.example")


def test_a_login_that_is_an_address_is_masked_like_the_address(mask: Mask) -> None:
    assert mask("login", "ada@acme.example") == mask("email", "ada@acme.example")
    assert mask("login", "admin") == "admin"
    assert "jsmith" not in mask("login", "jsmith")


@pytest.mark.parametrize("spelling", ["+33 1 40 10 60 28", "+33 (0)1 40 10 60 28", "+33140106028"])
def test_a_number_and_its_sanitized_form_become_one_number_kept_free_for_films(
    mask: Mask, spelling: str
) -> None:
    masked = mask("phone", spelling)

    assert masked == mask("phone", "+33140106028")
    assert re.fullmatch(r"\+3319900[0-9]{4}", masked)


@pytest.mark.parametrize("spelling", ["01 40 10 60 28", "0140106028", "01.40.10.60.28"])
def test_a_number_without_its_country_ends_like_the_one_with_it_and_cannot_exist(
    mask: Mask, spelling: str
) -> None:
    masked = mask("phone", spelling)

    assert re.fullmatch(r"0100[0-9]{6}", masked)
    assert masked[-4:] == mask("phone", "+33140106028")[-4:]


def test_the_name_of_a_contact_consists_of_the_names_of_its_parts(mask: Mask) -> None:
    company, person = mask("name", "Vogel Maschinen GmbH"), mask("name", "Ada Holm")

    assert mask("name", "Vogel Maschinen GmbH, Ada Holm") == f"{company}, {person}"
    assert "Vogel" not in company
    assert person != "Ada Holm"


@pytest.mark.parametrize("original", ["DE89 3704 0044 0532 0130 00", "NL91ABNA0417164300"])
def test_an_account_keeps_its_country_and_has_true_check_digits(mask: Mask, original: str) -> None:
    compact = original.replace(" ", "")

    masked = mask("iban", original)

    assert masked == mask("iban", compact)
    assert masked[:2] == compact[:2]
    assert masked != compact
    assert len(masked) == len(compact)
    assert int("".join(str(int(c, 36)) for c in masked[4:] + masked[:4])) % 97 == 1


def test_a_tax_number_keeps_its_country_and_length(mask: Mask) -> None:
    masked = mask("vat", "FR83404833048")

    assert re.fullmatch(r"FR[0-9]{11}", masked)
    assert masked != "FR83404833048"


def test_a_file_keeps_its_ending_only(mask: Mask) -> None:
    assert re.fullmatch(r"file-[0-9a-f]{16}\.pdf", mask("file_name", "CV Ada Holm.PDF"))
    assert re.fullmatch(r"file-[0-9a-f]{16}", mask("file_name", "CV of Ada Holm"))


@pytest.mark.parametrize("masker", sorted(KEYED))
def test_another_key_gives_another_mask(functions: Database, mask: Mask, masker: str) -> None:
    values = [f"Value {number} of 4711082815{number}@acme.example" for number in range(8)]
    before = [mask(masker, value) for value in values]

    set_key(functions, "b" * 64)

    assert [mask(masker, value) for value in values] != before


@pytest.mark.parametrize("country", ["BE", "DE", "ES", "FR", "IT", "LU"])
def test_a_tax_number_passes_its_countrys_own_test(mask: Mask, country: str) -> None:
    numbers = [mask("vat", f"{country}8340483304{number}") for number in range(50)]

    assert [number for number in numbers if not vat.is_valid(number)] == []
    assert all(number.startswith(country) for number in numbers)
    assert len(set(numbers)) == 50


@pytest.mark.parametrize(
    "original",
    ["DE89370400440532013000", "FR1420041010050500013M02606", "NL91ABNA0417164300"],
)
def test_an_account_passes_the_test_of_every_bank(mask: Mask, original: str) -> None:
    numbers = [mask("iban", f"{original[:-2]}{number}") for number in range(10, 50)]

    wrong = [each for each in numbers if not iban.is_valid(each, check_country=False)]
    assert wrong == []
    assert len(set(numbers)) == 40
