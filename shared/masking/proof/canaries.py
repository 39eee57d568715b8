"""Canaries: invented values, remembered like originals and planted after masking, in the spellings
and types that the search claims to read. A proof that misses one proves nothing."""

import base64
import hmac
import quopri
from dataclasses import dataclass
from typing import LiteralString

from shared.postgres.marker import Database

TABLE = "signalbox.canaries"

_CREATE: LiteralString = """
drop table if exists signalbox.canaries;
create table signalbox.canaries (
    id integer primary key, kind text not null,
    as_text text, as_json json, as_jsonb jsonb, as_bytea bytea, as_array text[],
    as_field varchar
);
comment on table signalbox.canaries is 'What the proof must find, or it proves nothing.';
"""

_PLANT: dict[str, LiteralString] = {
    "as_text": "insert into signalbox.canaries (id, kind, as_text) values (%s, %s, %s)",
    "as_json": "insert into signalbox.canaries (id, kind, as_json) values (%s, %s, %s::json)",
    "as_jsonb": """
        insert into signalbox.canaries (id, kind, as_jsonb)
        values (%s, %s, jsonb_build_object('deep', jsonb_build_array(%s::text)))
    """,
    "as_bytea": """
        insert into signalbox.canaries (id, kind, as_bytea)
        values (%s, %s, '\\x00ff'::bytea || convert_to(%s, 'UTF8') || '\\xff00'::bytea)
    """,
    "as_utf16": """
        insert into signalbox.canaries (id, kind, as_bytea)
        values (%s, %s, decode(regexp_replace(encode(convert_to(%s, 'LATIN1'), 'hex'),
                                              '(..)', '\\100', 'g'), 'hex'))
    """,
    "as_array": "insert into signalbox.canaries (id, kind, as_array) values (%s, %s, array[%s])",
    "as_field": "insert into signalbox.canaries (id, kind, as_field) values (%s, %s, %s)",
}

COLUMNS = ("as_text", "as_json", "as_jsonb", "as_bytea", "as_array", "as_field")


@dataclass(frozen=True)
class Canary:
    """One value. ``inside`` is looked for in texts, else it is compared with whole fields."""

    kind: str
    value: str
    spellings: tuple[tuple[str, str], ...]
    """In which way it is planted, and how it is written."""
    inside: bool = True


def canaries_of(key: bytes) -> tuple[Canary, ...]:
    """The canaries of one clone: the same for one key, and nobody's real data."""
    word, digits = _letters(key), _digits(key)
    first, last, place = word[:7], word[7:15], word[15:24]
    return (
        _email(first, last, place),
        _name(first, last),
        _phone(digits),
        _iban(digits),
        _secret(word),
        Canary("text", place, (("as_field", place.title()),), inside=False),
    )


def plant_canaries(connection: Database, canaries: tuple[Canary, ...]) -> int:
    """Write every canary in every spelling; return how many must be found."""
    connection.execute(_CREATE)
    planted = 0
    for canary in canaries:
        for column, text in canary.spellings:
            planted += 1
            connection.execute(_PLANT[column], (planted, canary.kind, text))
    return planted


def remove_canaries(connection: Database) -> None:
    """Drop the table of canaries."""
    connection.execute("drop table if exists signalbox.canaries")


def _email(first: str, last: str, place: str) -> Canary:
    email = f"{first}.{last}@{place}.example"
    spellings = (
        ("as_text", f"write to <{email.upper()}>, please"),
        ("as_text", f'<a href="mailto:{email.replace("@", "%40")}">x</a>'),
        ("as_json", '{"to": "' + email.replace("@", "\\u0040") + '"}'),
        ("as_jsonb", f'"{email}"\n'),
        ("as_text", f'<?xml version="1.0"?><a to="{email}"/>'),
        ("as_bytea", f"From: {email}\r\n"),
        ("as_array", email),
        ("as_text", base64.encodebytes(f"Dear {email}, ".encode() * 3).decode()),
        ("as_text", quopri.encodestring(f"{'-' * 66} é {email}".encode()).decode()),
        ("as_bytea", base64.b64encode(email.encode()).decode()),
    )
    return Canary("email", email, spellings)


def _name(first: str, last: str) -> Canary:
    name = f"{first.title()} é{last}"
    spellings = (
        ("as_text", f"Dear {name.upper()}, thank you"),
        ("as_text", f"<b>{first}</b> <i>&eacute;{last}</i>"),
        ("as_text", f"{first}-&#233;{last}"),
        ("as_json", '["' + f"{first}\\n\\u00e9{last}" + '"]'),
        ("as_array", f"e\u0301{last}, {first} é{last}"),
        ("as_utf16", f"To: {name}"),
    )
    return Canary("name", name, spellings)


def _phone(digits: str) -> Canary:
    phone = "+33" + digits[:9]
    spellings = (
        ("as_text", f"call +33 {digits[0]} {digits[1:5]}.{digits[5:9]}!"),
        ("as_jsonb", f"+33 ({digits[0]}) {digits[1:3]}-{digits[3:6]}-{digits[6:9]}"),
        ("as_bytea", phone),
    )
    return Canary("phone", phone, spellings)


def _iban(digits: str) -> Canary:
    iban = f"FR76{digits}{digits[:3]}"
    groups = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
    spellings = (("as_text", f"IBAN {groups}"), ("as_text", f"<iban>{iban.lower()}</iban>"))
    return Canary("iban", iban, spellings)


def _secret(word: str) -> Canary:
    secret = base64.b32encode(word.encode()).decode().rstrip("=")[:24] + "7"
    spellings = (("as_text", f"https://user:{secret}@host/?x=1"), ("as_bytea", f"key={secret};"))
    return Canary("secret", secret, spellings)


def _letters(key: bytes) -> str:
    digest = hmac.digest(key, b"letters", "sha256")
    return "".join(chr(ord("a") + byte % 26) for byte in digest)


def _digits(key: bytes) -> str:
    digest = hmac.digest(key, b"digits", "sha256")
    return "".join(str(byte % 10) for byte in digest)[:20]
