"""What maskers promise for every value, tried on many: each example is one query."""

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from string import ascii_lowercase, digits

import phonenumbers
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql
from stdnum import get_cc_module, iban
from stdnum.ch import vat as swiss_vat
from stdnum.eu import vat as european_vat
from stdnum.gb import vat as british_vat

from infra.local.postgres import PostgresServer
from shared.masking.catalogue import Column
from shared.masking.maskers import MaskerName, masked, masker_functions
from shared.postgres.marker import Database

MANY = settings(max_examples=20, deadline=None)
KEYS = "a" * 32, "b" * 32
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
TEXTS = st.lists(ANY_TEXT, min_size=1, max_size=30)
WORDS = st.text(ascii_lowercase, min_size=1, max_size=12)
ADDRESSES = st.builds("{}.{}@{}.example".format, WORDS, st.integers(0, 99), WORDS)
NUMBERS = st.text(digits, min_size=9, max_size=12)
SINGLE_VALUED: tuple[MaskerName, ...] = (
    "city", "email", "file_name", "host", "html", "iban", "identifier", "ip", "label", "login",
    "message_id", "name", "phone", "street", "template_email", "text", "token", "url", "vat",
)  # fmt: skip
AS_GOOD_AS_UNIQUE = ("email", "file_name", "host", "label", "message_id", "token", "url")
ACCOUNTS = {"BE": 12, "DE": 18, "ES": 20, "FR": 23, "IT": 23, "LU": 16, "NL": 14, "PT": 21}
TAX_NUMBERS = (
    "AT", "BE", "DE", "DK", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "PL", "PT", "SE",
)  # fmt: skip


@pytest.fixture(scope="module")
def maskers(postgres: PostgresServer) -> Iterator[Database]:
    """A connection to a database with the masker functions, under the first key."""
    postgres.create_database("properties")
    with psycopg.connect(postgres.dsn("properties"), autocommit=True) as connection:
        connection.execute(masker_functions())
        set_key(connection, KEYS[0])
        yield connection
    postgres.drop_database("properties")


def set_key(connection: Database, key: str) -> None:
    connection.execute("select set_config('signalbox.masking_key', %s, false)", (key,))


def mask(connection: Database, masker: str, values: Iterable[str]) -> list[str]:
    """What a masker makes of each value."""
    query = sql.SQL("select {}(given) from unnest(%s::text[]) with ordinality as l (given, n)")
    function = sql.Identifier("signalbox_maskers", f"mask_{masker}")
    rows = connection.execute(query.format(function), (list(values),))
    return [value for (value,) in rows]


def in_column(
    connection: Database, masker: MaskerName, values: Iterable[str | None], size: int | None
) -> list[str | None]:
    """What becomes of a column of these values, of at most so many characters."""
    kind = f"varchar({size})" if size else "text"
    column = Column("public", "t", "given", kind, "text", max_length=size)
    query = sql.SQL("select {} from unnest(%s::text[]) with ordinality as t (given, n) order by n")
    return [
        value for (value,) in connection.execute(query.format(masked(column, masker)), (values,))
    ]


@MANY
@given(TEXTS)
def test_one_key_gives_one_result_and_another_key_another(
    maskers: Database, values: list[str]
) -> None:
    filled = [value.strip() + "x" for value in values]
    first = {masker: mask(maskers, masker, filled) for masker in SINGLE_VALUED}
    again = {masker: mask(maskers, masker, filled) for masker in SINGLE_VALUED}
    set_key(maskers, KEYS[1])
    other = {masker: mask(maskers, masker, filled) for masker in AS_GOOD_AS_UNIQUE}
    set_key(maskers, KEYS[0])

    assert first == again
    for masker in AS_GOOD_AS_UNIQUE:
        assert not {*first[masker]} & {*other[masker]}


@MANY
@given(TEXTS, st.sampled_from(SINGLE_VALUED), st.sampled_from([None, 5, 12, 40]))
def test_nothing_stays_nothing_and_everything_fits(
    maskers: Database, values: list[str], masker: MaskerName, size: int | None
) -> None:
    fitting = [value[:size] for value in values]

    first, second, *rest = in_column(maskers, masker, [None, "", *fitting], size)

    assert (first, second) == (None, "")
    for before, after in zip_longest(fitting, rest):
        assert after is not None
        assert (after == "") == (before == "") or masker in ("identifier", "iban", "vat", "phone")
        assert size is None or len(after) <= size


@MANY
@given(st.lists(ADDRESSES, min_size=2, max_size=30, unique=True))
def test_addresses_stay_different_valid_and_undeliverable_in_every_spelling(
    maskers: Database, addresses: list[str]
) -> None:
    plain = mask(maskers, "email", addresses)

    spellings = ("  {} ", '"Holm, Ada" <{}>', "mailto:{}", "<{}>")
    for spelling in spellings:
        spelled = [spelling.format(address.upper()) for address in addresses]
        assert mask(maskers, "email", spelled) == plain
    assert mask(maskers, "login", addresses) == plain
    assert len({*plain}) == len(addresses)
    assert all(re.fullmatch(r"user\.[0-9a-f]{16}@masked\.invalid", each) for each in plain)


@MANY
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=30))
def test_a_person_stays_a_person_and_a_company_keeps_its_form(
    maskers: Database, names: list[tuple[str, str]]
) -> None:
    people = [f"{first.title()} {last.title()}x" for first, last in names]
    companies = [f"{first.title()} {last} GmbH" for first, last in names]

    invented = mask(maskers, "name", people)
    renamed = mask(maskers, "name", companies)

    assert mask(maskers, "name", [name.upper() for name in people]) == invented
    assert all(re.fullmatch(r"[^\W\d]+ [^\W\d]+", name) for name in invented)
    assert all(re.fullmatch(r"\w+ \w+ [0-9A-F]{4} GmbH", name) for name in renamed)
    pairs = [", ".join(pair) for pair in zip(companies, people, strict=True)]
    expected = [", ".join(pair) for pair in zip(renamed, invented, strict=True)]
    assert mask(maskers, "name", pairs) == expected


@pytest.mark.parametrize(
    ("original", "surname"),
    [
        ("Jürgen Krause", "de"),
        ("Hans Meier", "de"),
        ("Hélène Dupont", "fr"),
        ("Pierre Dupont", "fr"),
        ("Giovanni Rossi", "it"),
        ("José Peña", "es"),
        ("Juan Garcia", "es"),
        ("Jeroen Visser", "nl"),
        ("Anna van Dijk", "nl"),
        ("John Smith", "en"),
    ],
)
def test_an_invented_name_speaks_the_language_of_the_original(
    maskers: Database, original: str, surname: str
) -> None:
    query = "select signalbox_maskers.surnames(%s)"
    ((surnames,),) = maskers.execute(query, (surname,)).fetchall()

    assert mask(maskers, "name", [original])[0].split(" ")[1] in surnames


def test_a_number_of_every_country_stays_one_that_its_plan_allows(maskers: Database) -> None:
    examples = [
        found
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
        if (found := phonenumbers.example_number_for_type(region, kind))
    ]
    written = phonenumbers.PhoneNumberFormat
    raw = mask(maskers, "phone", (phonenumbers.format_number(n, written.E164) for n in examples))
    spelled = (phonenumbers.format_number(n, written.INTERNATIONAL) for n in examples)

    assert mask(maskers, "phone", spelled) == raw
    numbers = [phonenumbers.parse(each) for each in raw]
    assert [n.country_code for n in numbers] == [n.country_code for n in examples]
    assert [n for n in numbers if not phonenumbers.is_possible_number(n)] == []
    assert not {*raw} & {phonenumbers.format_number(n, written.E164) for n in examples}


@MANY
@given(st.lists(NUMBERS, min_size=1, max_size=20), st.sampled_from(TAX_NUMBERS))
def test_tax_numbers_pass_their_countrys_test_however_they_are_written(
    maskers: Database, numbers: list[str], country: str
) -> None:
    originals = [f"{country}{number}" for number in numbers]

    invented = mask(maskers, "vat", originals)

    assert [number for number in invented if not european_vat.is_valid(number)] == []
    spelled = [f"{country.lower()} {number[:3]}.{number[3:]}" for number in numbers]
    assert mask(maskers, "vat", spelled) == invented


@MANY
@given(st.lists(st.text(digits, min_size=9, max_size=9), min_size=1, max_size=20))
def test_british_and_swiss_tax_numbers_pass_their_tests(
    maskers: Database, numbers: list[str]
) -> None:
    british = mask(maskers, "vat", [f"GB{number}" for number in numbers])
    swiss = mask(maskers, "vat", [f"CHE-{number} MWST" for number in numbers])

    assert [number for number in british if not british_vat.is_valid(number)] == []
    assert [number for number in swiss if not swiss_vat.is_valid(number)] == []


@MANY
@given(
    st.sampled_from(sorted(ACCOUNTS)),
    st.lists(st.text(digits, min_size=30, max_size=30), max_size=20),
)
def test_accounts_pass_their_countrys_test_however_they_are_written(
    maskers: Database, country: str, accounts: list[str]
) -> None:
    bank = "ABNA" if country == "NL" else ""
    originals = [f"{country}00{(bank + account)[: ACCOUNTS[country]]}" for account in accounts]

    invented = mask(maskers, "iban", originals)

    is_known = get_cc_module(country.lower(), "iban") is not None
    wrong = [each for each in invented if not iban.is_valid(each, check_country=is_known)]
    assert wrong == []
    assert [len(each) for each in invented] == [len(each) for each in originals]
    assert all(national_digits_are_right(each) for each in invented)
    spelled = [iban.format(each).lower() for each in originals]
    assert mask(maskers, "iban", spelled) == invented


def national_digits_are_right(account: str) -> bool:
    """The check digits of French (RIB) and Italian (CIN) accounts, which stdnum does not test."""
    rest = account[4:]
    if account[:2] == "FR":
        return (89 * int(rest[:5]) + 15 * int(rest[5:10]) + 3 * int(rest[10:21])) % 97 == (
            97 - int(rest[21:])
        ) % 97
    if account[:2] == "IT":
        odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
        numbers = [int(digit) for digit in rest[1:]]
        total = sum(map(odd.__getitem__, numbers[::2])) + sum(numbers[1::2])
        return rest[0] == chr(65 + total % 26)
    return True
