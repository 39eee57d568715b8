"""What a text looks like: an address, a number that somebody is known by, or a credential."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from stdnum import iban, luhn
from stdnum.eu import vat

from shared.masking.maskers import MaskerName

_EMAIL = r"[^\s@<>\"(),;:]+@[^\s@<>\"(),;:]+\.[A-Za-z]{2,}"
_SEPARATORS = re.compile(r"[\s./()-]+")


@dataclass(frozen=True)
class Look:
    """One thing that a text can be or contain. Without a masker it is a credential."""

    what: str
    masker: MaskerName | None
    fits: Callable[[str], bool]


def _search(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.search(text) is not None


def _match(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text.strip()) is not None


def _is_card(text: str) -> bool:
    digits = _SEPARATORS.sub("", text)
    return re.fullmatch(r"[3-6]\d{12,18}", digits) is not None and bool(luhn.is_valid(digits))


def _is_phone(text: str) -> bool:
    written = re.fullmatch(r"\s*(\+|0|\(0)[\d\s()./-]{6,24}", text) is not None
    return written and 7 <= len(re.sub(r"\D", "", text)) <= 15


def _is_ip(text: str) -> bool:
    try:
        return bool(ip_address(text.strip()))
    except ValueError:
        return False


CREDENTIALS = (
    Look("a private key", None, _search(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    Look("a JSON web token", None, _search(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")),
    Look(
        "an address with credentials",
        None,
        _search(r"://[^/\s:@]+:[^/\s@]+@|[?&](token|\w*key|sig\w*|secret|password|code)=[^&\s]{4}"),
    ),
)
"""Found anywhere in a text."""

WHOLE = (
    Look("an e-mail address", "email", _match(rf'("?[^"<>]*"?\s*<)?{_EMAIL}>?')),
    Look(
        "an account number with true check digits", "iban", lambda text: bool(iban.is_valid(text))
    ),
    Look("a card number with a true check digit", "identifier", _is_card),
    Look("a tax number with true check digits", "vat", lambda text: bool(vat.is_valid(text))),
    Look("a phone number", "phone", _is_phone),
    Look("the address of a device", "ip", _is_ip),
    Look("a web address", "url", _match(r"https?://\S+")),
)
"""What a text is as a whole; the first that fits."""

INSIDE = (
    Look("an e-mail address inside", "text", _search(_EMAIL)),
    Look("a phone number inside", "text", _search(r"\+\d[\d ()./-]{6,}\d")),
    Look(
        "an account number inside",
        "text",
        lambda text: any(map(iban.is_valid, re.findall(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b", text))),
    ),
    Look(
        "a card number inside",
        "text",
        lambda text: any(
            map(_is_card, re.findall(r"\b\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,7}\b", text))
        ),
    ),
)
"""What a longer text contains."""


def look_at(texts: Iterable[str]) -> Counter[Look]:
    """How many of the texts look like what; a text can contain several things."""
    seen: Counter[Look] = Counter()
    for text in texts:
        whole = next((look for look in WHOLE if look.fits(text)), None)
        seen.update(look for look in CREDENTIALS if look.fits(text))
        seen.update([whole] if whole else [look for look in INSIDE if look.fits(text)])
    return seen
