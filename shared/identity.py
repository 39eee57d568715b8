"""Who is asking over HTTP, and what they may do: read, operate, approve."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from shared.settings import Settings


class Role(StrEnum):
    """An app role of the Entra application; the two others may also read."""

    READER = "reader"
    OPERATOR = "operator"
    """May publish events, replay and discard what is parked, cancel and retry runs."""
    APPROVER = "approver"
    """May decide on approvals."""


@dataclass(frozen=True)
class Caller:
    """Somebody who has proven who they are."""

    name: str
    roles: frozenset[Role]
    has_name: bool = True
    """False for the shared key, behind which anybody may be."""

    def may(self, role: Role) -> bool:
        return role in self.roles or (role is Role.READER and bool(self.roles))


Identify = Callable[[Mapping[str, str]], Caller | None]
"""From the headers of a request, in lower case, to who sent it; None when nobody knows."""

PRINCIPAL = "x-ms-client-principal"
KEY = "x-functions-key"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
NAMES = ("preferred_username", "name", "azp", "appid")
ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")


def identify_by(settings: Settings) -> Identify:
    """The ways of proving oneself that a deployment allows, the first one that fits."""
    key = settings.api_key and settings.api_key.get_secret_value()

    def identify(headers: Mapping[str, str]) -> Caller | None:
        if key and KEY in headers:
            return by_key(headers, key)
        if settings.signed_in_by_app_service:
            return by_principal(headers)
        return by_place(headers, settings.developer) if settings.developer else None

    return identify


def by_key(headers: Mapping[str, str], key: str) -> Caller | None:
    """A machine without an identity of its own: may publish and look, never approve."""
    if not hmac.compare_digest(headers[KEY].encode(), key.encode()):
        return None
    return Caller("api-key", frozenset({Role.READER, Role.OPERATOR}), has_name=False)


def by_principal(headers: Mapping[str, str]) -> Caller | None:
    """Who App Service authentication has signed in; it removes such headers that others sent.

    https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
    """
    try:
        said: Any = json.loads(base64.b64decode(headers.get(PRINCIPAL, ""), validate=True))
        claims = [(str(each["typ"]), str(each["val"])) for each in said["claims"]]
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
    kinds = {*ROLES, said.get("role_typ")}
    held = {value.lower() for kind, value in claims if kind in kinds}
    names = [
        value
        for wanted in (*NAMES, said.get("name_typ"))
        for kind, value in claims
        if kind == wanted
    ]
    return Caller(names[0], frozenset(role for role in Role if role in held)) if names else None


def by_place(headers: Mapping[str, str], developer: str) -> Caller | None:
    """The one person at this machine, by its own name only: a foreign page cannot lend it another.

    https://en.wikipedia.org/wiki/DNS_rebinding
    """
    host = urlsplit(f"//{headers.get('host', '')}").hostname
    return Caller(developer, frozenset(Role)) if host in LOOPBACK else None
