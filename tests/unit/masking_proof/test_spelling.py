"""Every way to write a value has one hash under one key, and another value has another."""

import numpy as np
import pytest

from shared.masking.proof.originals import measured
from shared.masking.proof.seal import Seal, Signer, is_signed
from shared.masking.proof.spelling import Spelling

SPELLING = Spelling.of(b"a key of the tests")


def hashed(value: str, spelling: Spelling = SPELLING) -> int:
    return int(measured(spelling, [value])[0, 1])


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("ada@acme.example", "ADA@ACME.EXAMPLE"),
        ("ada@acme.example", "ada%40acme.example"),
        ("ada@acme.example", "ada\\u0040acme.example"),
        ("ada@acme.example", "ada&#64;acme&#x2e;example"),
        ("Zoé Müller", "zoe&nbsp;mu&#x0308;ller"),
        ("Zoé Müller", "ZO\\u00c9\\nM&uuml;ller"),
        ("Zoé Müller", "<b>Zoe\u0301</b> <i>Müller</i>"),
        ("0140106028", "01.40.10.60.28"),
        ("FR7630006000011234567890189", "fr76 3000 6000 0112 3456 7890 189"),
        ("李小龍", "李 小 龍"),
    ],
)
def test_a_value_has_one_hash_however_it_is_written(value: str, written: str) -> None:
    assert hashed(value) == hashed(written)


@pytest.mark.parametrize(
    ("value", "other"),
    [("Ada Holm", "Ada Holms"), ("Ada Holm", "Holm Ada"), ("0140106028", "0140106082")],
)
def test_another_value_has_another_hash(value: str, other: str) -> None:
    assert hashed(value) != hashed(other)


def test_another_key_gives_other_hashes() -> None:
    assert hashed("Ada Holm") != hashed("Ada Holm", Spelling.of(b"another key"))


def test_words_letters_and_digits_are_counted() -> None:
    row = measured(SPELLING, ["12, rue d'Alésia"])[0]

    assert row[2:5].tolist() == [4, 12, 2]


@pytest.mark.parametrize("text", ["\\", "&", "&#", "%", "<", "\\u00", "\\u12", "&#xzz;", "%4"])
def test_an_escape_that_breaks_off_is_no_error(text: str) -> None:
    assert len(measured(SPELLING, ["Ada" + text])) == 1
    assert np.array_equal(measured(SPELLING, ["Ada"])[0, 1:2], measured(SPELLING, ["ada"])[0, 1:2])


def test_what_one_clone_sealed_another_cannot_open() -> None:
    one, other = Seal(b"one key, long enough", "run-1"), Seal(b"one key, long enough", "run-2")

    sealed = one.close(b"hashes")

    assert one.open(sealed) == b"hashes"
    assert one.id != other.id
    with pytest.raises(Exception, match=r"^$"):
        other.open(sealed)


def test_a_signature_is_of_one_content_and_one_key() -> None:
    signer, other = Signer(b"one key, long enough"), Signer(b"another key, long")

    signature = signer.sign(b"content")

    assert is_signed(b"content", signature, signer.public_key)
    assert not is_signed(b"contents", signature, signer.public_key)
    assert not is_signed(b"content", signature, other.public_key)
    assert not is_signed(b"content", "no signature", signer.public_key)
