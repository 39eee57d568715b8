"""Every way to write a value is found under one key; other values, keys and places are not."""

import base64
import hashlib
import quopri
from importlib.resources import files

import pytest

from shared.masking.proof.kernel import (
    Collector,
    Hit,
    HitKind,
    Original,
    Role,
    Searcher,
    source_of_kernel,
)
from shared.masking.proof.spelling import Spelling

SPELLING = Spelling.of(b"a key of the tests")
EMAIL, NAME, IBAN = "ada.holm@acme.example", "Zoé Müller", "FR7630006000011234567890189"


def block(*fields: str | bytes | None) -> bytes:
    """One row as a binary COPY has it."""
    row = len(fields).to_bytes(2)
    for field in fields:
        raw = field.encode() if isinstance(field, str) else field
        row += b"\xff\xff\xff\xff" if raw is None else len(raw).to_bytes(4) + raw
    return row


def searcher(*values: str, original: Original = Original.IDENTIFYING) -> Searcher:
    """What looks for these."""
    collector = Collector(SPELLING)
    for value in values:
        collector.take(block(value), original)
    parts = list(collector.hand_out())
    found = Searcher(SPELLING, len(values))
    for part in parts:
        found.expect(part)
    return found


def found(value: str, written: str | bytes, original: Original = Original.IDENTIFYING) -> bool:
    roles = bytes([Role.SEARCHED])
    return bool(searcher(value, original=original).search(block(written), roles).hits)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (EMAIL, "ADA.HOLM@acme.example"),
        (EMAIL, "<a href='mailto:ada.holm%40acme.example'>"),
        (EMAIL, '{"to": "ada.holm\\u0040acme.example"}'),
        (EMAIL, "ada.holm&#64;acme&#x2e;example"),
        (EMAIL, "see \\n ada.holm@acme.example\\n"),
        (NAME, "zoe&nbsp;mu&#x0308;ller"),
        (NAME, "Dear ZO\\u00c9\\nM&uuml;ller,"),
        (NAME, "<b>Zoe\u0301</b> <i>Müller</i>"),
        (NAME, NAME.encode("latin-1")),
        (NAME, NAME.encode("utf-16")),
        (NAME, ("to " + NAME).encode("utf-16-be")),
        ("0140106028", "01.40.10.60.28"),
        (IBAN, "fr76 3000 6000 0112 3456 7890 189"),
        ("李小龍 王小明 張", "李 小 龍王小明張"),
        (EMAIL, base64.b64encode(f"From: {EMAIL}\n".encode())),
        (EMAIL, b"data:text/plain;base64," + base64.b64encode(EMAIL.encode()) + b'"'),
        (EMAIL, base64.encodebytes(b"-" * 100 + EMAIL.encode() + b"-" * 100)),
        (EMAIL, base64.encodebytes(b"-" * 100 + EMAIL.encode()).replace(b"\n", b"\r\n")),
        (NAME, base64.b64encode(f"<p>{NAME}</p>".encode("latin-1"))),
        (NAME, quopri.encodestring(f"Dear {NAME}!".encode())),
        (NAME, quopri.encodestring(f"Dear {NAME}!".encode("latin-1"))),
        (EMAIL, quopri.encodestring(b"x" * 70 + b" " + EMAIL.encode())),
        ("0140106028", "?phone=0140106028"),
    ],
)
def test_a_value_is_found_however_it_is_written(value: str, written: str | bytes) -> None:
    assert found(value, written)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Ada Holm 1", "Ada Holms 1"),
        ("Ada Holm 1", "Holm Ada 1"),
        ("Ada Holm 1", "Ada Holm"),
        ("0140106028", "0140106082"),
        (EMAIL, base64.b64encode(b"ada.holm@acme.other")),
    ],
)
def test_another_value_is_not(value: str, written: str | bytes) -> None:
    assert not found(value, written)


def test_under_another_key_nothing_is_found() -> None:
    collector = Collector(SPELLING)
    collector.take(block(EMAIL), Original.IDENTIFYING)
    other = Searcher(Spelling.of(b"another key"), 1)
    for part in collector.hand_out():
        other.expect(part)

    assert not other.search(block(EMAIL), bytes([Role.SEARCHED])).hits


@pytest.mark.parametrize("before", ["-", "ab ", "é ", "<b>", "x" * 40 + " "])
def test_a_value_is_found_at_every_place_of_a_text(before: str) -> None:
    looking, roles = searcher(NAME + " of Acme Industries"), bytes([Role.SEARCHED])
    texts = [f"{before * place}ZOÉ  müller OF <b>Acme</b> Industries" for place in range(70)]

    hits = [looking.search(block(text) + block("next"), roles).hits for text in texts]

    assert hits == [(Hit(HitKind.INSIDE, 0, None),)] * 70


def test_each_row_with_a_value_is_a_hit_whatever_the_row_before_holds() -> None:
    looking = searcher(EMAIL)
    other = EMAIL.replace("example", "exampla")

    result = looking.search(
        b"".join(
            block(str(key), text) for key, text in enumerate([other, other, EMAIL, EMAIL, ""])
        ),
        bytes([Role.KEY, Role.SEARCHED]),
    )

    assert [hit.key for hit in result.hits] == [b"2", b"3"]
    assert result.bytes == 4 * len(EMAIL)


@pytest.mark.parametrize("text", ["\\", "&", "&#", "%", "<", "=", "\\u00", "&#xzz;", "%4", "=4"])
def test_an_escape_that_breaks_off_is_no_error(text: str) -> None:
    assert found("Ada Holm 1", f"Ada Holm 1{text}")


def test_a_field_is_judged_by_its_role_and_named_by_the_key_of_its_row() -> None:
    rows = block("7", EMAIL, "Rose", None) + block(None, "x", "rose", "left")
    looking = searcher(EMAIL, "Rose", original=Original.PLAIN)
    for part in _inside(EMAIL):
        looking.expect(part)

    result = looking.search(rows, bytes([Role.KEY, Role.SEARCHED, Role.COMPARED, Role.EMPTY]))

    assert result.hits == (Hit(HitKind.INSIDE, 1, b"7"), Hit(HitKind.NOT_EMPTY, 3, None))
    assert (result.rows, result.bytes) == (2, len(EMAIL) + len("Rose") + len("x") + len("rose"))


def _inside(value: str) -> list[bytes]:
    collector = Collector(SPELLING)
    collector.take(block(value), Original.IDENTIFYING)
    return list(collector.hand_out())


@pytest.mark.parametrize(
    ("value", "original", "inside", "whole", "too_short"),
    [
        ("Rosalind", Original.NAMING, 0, 1, 0),
        ("Rosa Holm", Original.NAMING, 1, 0, 0),
        ("Ann Li", Original.NAMING, 0, 0, 1),
        ("example", Original.IDENTIFYING, 0, 1, 0),
        ("123456", Original.IDENTIFYING, 0, 0, 1),
        ("1234567", Original.IDENTIFYING, 1, 0, 0),
        ("hunter22", Original.SECRET, 1, 0, 0),
        ("password", Original.SECRET, 0, 1, 0),
        ("one two three 4", Original.PLAIN, 0, 1, 0),
        ("1 2 3 4 5 6 7 8 9 10 11 12", Original.IDENTIFYING, 0, 1, 0),
        ("--", Original.IDENTIFYING, 0, 0, 0),
    ],
)
def test_where_a_value_is_looked_for_is_a_stated_rule(
    value: str, original: Original, inside: int, whole: int, too_short: int
) -> None:
    collector = Collector(SPELLING)
    collector.take(block(value), original)
    looking = Searcher(SPELLING, 1)

    for part in collector.hand_out():
        looking.expect(part)

    assert (looking.inside, looking.whole, collector.too_short) == (inside, whole, too_short)


def test_a_long_text_counts_as_a_whole() -> None:
    text = "a text of more than ten words, which nobody would ever write twice by chance"
    roles = bytes([Role.COMPARED])

    assert searcher(text, original=Original.PLAIN).search(block(text.upper()), roles).hits


def test_what_masking_may_put_in_place_is_not_looked_for() -> None:
    collector = Collector(SPELLING)
    collector.take(block("Ada Holm 1") + block("Bea Holm 2"), Original.IDENTIFYING)
    collector.take_invented(block("ADA HOLM 1"))

    left = b"".join(collector.hand_out())

    assert (len(left), collector.ambiguous) == (16, 1)


def test_ten_thousands_of_values_are_each_remembered_once() -> None:
    values = [f"ada.{number}@acme.example" for number in range(40_000)]
    collector = Collector(SPELLING)
    for begin in range(0, len(values), 4_000):
        rows = b"".join(block(value) for value in values[begin : begin + 4_000])
        collector.take(rows, Original.IDENTIFYING)
        collector.take(rows, Original.IDENTIFYING)

    looking = Searcher(SPELLING, len(values))
    for part in collector.hand_out():
        looking.expect(part)

    assert looking.inside == len(values)
    everything = b"".join(block(value) for value in values)
    assert looking.search(everything, bytes([Role.SEARCHED])).rows == len(values)


def test_every_original_in_a_text_is_located() -> None:
    collector = Collector(SPELLING)
    collector.take(block(EMAIL), Original.IDENTIFYING, kind=5)
    collector.take(block(NAME), Original.NAMING, kind=9)
    looking = Searcher(SPELLING, 2)
    for part in collector.hand_out():
        looking.expect(part)
    text = f"{NAME} <{EMAIL}> and {NAME}"

    (located,) = looking.locate(block("1 (0,7)", text) + block("1 (0,8)", "nobody"))

    raw = text.encode()
    assert (located.key, located.raw) == ("1 (0,7)", raw)
    assert [(raw[s.begin : s.end].decode(), s.kind) for s in located.spots] == [
        (NAME, 9), (EMAIL, 5), (NAME, 9)
    ]  # fmt: skip


def test_the_compiled_kernel_is_that_of_its_source() -> None:
    folder = files("shared.masking.proof")
    source = b"".join(folder.joinpath(name).read_bytes() for name in ("kernel.c", "spelling.h"))

    assert f"{source_of_kernel():016x}" == hashlib.sha256(source).hexdigest()[:16], "make kernel"
