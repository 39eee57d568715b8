"""What a text looks like is told by its form and its check digits."""

import pytest

from signalbox.recognition import look_at


def seen(*texts: str) -> dict[str, int]:
    return {look.what: count for look, count in look_at(texts).items()}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ada@acme.example", "an e-mail address"),
        ('"Ada Holm" <ada@acme.example>', "an e-mail address"),
        ("FR76 3000 6000 0112 3456 7890 189", "an account number with true check digits"),
        ("BE0428759497", "a tax number with true check digits"),
        ("4111 1111 1111 1111", "a card number with a true check digit"),
        ("+33 1 99 00 47 11", "a phone number"),
        ("203.0.113.7", "the address of a device"),
        ("https://acme.example/shop", "a web address"),
        ("call +33 1 99 00 47 11 today", "a phone number inside"),
        ("write to ada@acme.example", "an e-mail address inside"),
        ("paid to FR7630006000011234567890189", "an account number inside"),
        ("card 4111-1111-1111-1111 was refused", "a card number inside"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "a private key"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "a JSON web token"),
    ],
)
def test_a_text_is_recognised(text: str, what: str) -> None:
    assert seen(text) == {what: 1}


@pytest.mark.parametrize(
    "text",
    ["https://u:passw0rd@host.example/x", "https://host.example/hook?sig=abcdef"],
)
def test_an_address_with_credentials_is_more_than_an_address(text: str) -> None:
    assert "an address with credentials" in seen(text)


@pytest.mark.parametrize(
    "text",
    [
        *("S00042", "12345678", "draft", "2026-11-22", "1.25", "4111111111111112"),
        *("FR7630006000011234567890188", "BE0428759490", "a sentence about nothing"),
    ],
)
def test_an_ordinary_text_looks_like_nothing(text: str) -> None:
    assert seen(text) == {}
