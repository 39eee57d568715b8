"""References to secrets: where a value is kept, never the value."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

Scheme = Literal["env", "file", "keyvault", "kubernetes"]

PATTERNS: dict[Scheme, re.Pattern[str]] = {
    "env": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    "file": re.compile(r"/\S+"),
    "keyvault": re.compile(r"[A-Za-z0-9-]{3,24}/[A-Za-z0-9-]{1,127}"),
    "kubernetes": re.compile(r"[a-z0-9-]+/[a-z0-9.-]+/[A-Za-z0-9._-]+"),
}

FORMS = "env:NAME, file:/path, keyvault:vault/name or kubernetes:namespace/name/key"


@dataclass(frozen=True)
class Reference:
    """Where a secret is kept; printing it shows no secret."""

    scheme: Scheme
    place: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.place}"


def parse_reference(text: object) -> Reference:
    """Read a reference such as ``env:ERP_PROD_DATABASE_URL``.

    Raises ValueError that does not repeat the text: a literal secret must not end up in an error.
    """
    if isinstance(text, Reference):
        return text
    head, _, place = str(text).partition(":")
    for scheme, pattern in PATTERNS.items():
        if head == scheme and pattern.fullmatch(place):
            return Reference(scheme, place)
    raise ValueError(f"a secret is given as a reference, never as its value: {FORMS}")


SecretReference = Annotated[
    Reference,
    BeforeValidator(parse_reference),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "|".join(f"^{head}:{form.pattern}$" for head, form in PATTERNS.items()),
            "description": f"Where a secret is kept: {FORMS}.",
        }
    ),
]
"""A pydantic field that accepts the four forms of a reference and refuses a literal value."""
