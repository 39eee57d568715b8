"""The signed link by which one person decides on exactly one plan, once, until it expires.

It proves that whoever holds it got it at the addressee's own address. What it carries stands behind
``#``: browsers do not send that, so it is in nobody's log, and a preview of the link sees nothing.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.errors import PermanentError

LONGEST = 1_000
"""Characters of a token."""


class LinkRefused(PermanentError):
    """The link does not lead to this decision: it is over, for another plan, or was changed."""


@dataclass(frozen=True)
class Link:
    """What a token says, and its signature covers."""

    approval: str
    plan_sha256: str
    expires_at: datetime
    addressee: str


def links_key(secret: bytes) -> bytes:
    """The key of links, from the secret that signs forms: neither can stand for the other."""
    return hmac.new(secret, b"approval links", hashlib.sha256).digest()


def sign(key: bytes, link: Link) -> str:
    """The token of a link."""
    expiry = int(link.expires_at.timestamp())
    parts = (_encode(link.addressee.encode()), str(expiry), _encode(_mac(key, link, expiry)))
    return ".".join(parts)


def addressee(key: bytes, token: str, *, approval: str, plan_sha256: str, now: datetime) -> str:
    """Who the token of a link to this approval and this plan was sent to. Raises LinkRefused."""
    try:
        who, expiry, mac = token.split(".")
        stated = Link(
            approval, plan_sha256, datetime.fromtimestamp(int(expiry), UTC), _decode(who).decode()
        )
        given = _decode(mac)
    except (ValueError, OverflowError, OSError):
        raise _refused() from None
    if not hmac.compare_digest(_mac(key, stated, int(expiry)), given):
        raise _refused()
    if stated.expires_at <= now:
        raise LinkRefused("The link has expired, and with it the request for approval.")
    return stated.addressee


def _refused() -> LinkRefused:
    return LinkRefused("The link was changed on its way, or was sent for another plan.")


def _mac(key: bytes, link: Link, expiry: int) -> bytes:
    said = (link.approval, link.plan_sha256, str(expiry), link.addressee)
    return hmac.new(key, "\n".join(said).encode(), hashlib.sha256).digest()


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Raises ValueError; only the one spelling of a value is taken."""
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if _encode(value) != text:
        raise ValueError("not the canonical spelling")
    return value
