"""Maskers as SQL: each is a function of one text value under the session's key.

The functions (``maskers.sql``) live in the clone's schema ``signalbox_maskers`` while masking goes
on. Those that need a part of the value once only are single expressions, which PostgreSQL inlines
into the rewrite; inlining would compute twice what the others name in PL/pgSQL.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Literal, LiteralString, get_args

from psycopg import sql

from shared.errors import PermanentError
from shared.masking.catalogue import Column
from shared.postgres.marker import Database

MaskerName = Literal[
    "city",
    "email",
    "file_name",
    "host",
    "html",
    "iban",
    "identifier",
    "ip",
    "label",
    "login",
    "message_id",
    "name",
    "phone",
    "prose",
    "rewrite",
    "street",
    "template_email",
    "text",
    "token",
    "url",
    "vat",
    "year",
]

_UNIQUE: frozenset[MaskerName] = frozenset({"email", "iban", "login", "message_id", "token"})
"""Maskers whose results are as good as unique: eleven digits and a country, or 64 bits."""

_ON_TEXT = frozenset(get_args(MaskerName)) - {"prose", "rewrite", "year"}

_SUFFIX = 12

IN_PLACE: frozenset[MaskerName] = frozenset({"prose", "rewrite"})
"""Maskers that leave a text as it is but for the originals in it; see ``prose``."""

SHORTEST_KEY = 16
"""Bytes. A shorter key could be searched for by whoever knows one value and its mask."""

_SET_KEY: LiteralString = "select set_config('signalbox.masking_key', %s, false)"


class WeakMaskingKey(PermanentError):
    """The masking key is too short."""


@contextmanager
def maskers_ready(connections: Sequence[Database], key: bytes) -> Iterator[None]:
    """The masker functions exist, and the sessions know the key, which travels as a parameter."""
    if len(key) < SHORTEST_KEY:
        raise WeakMaskingKey(
            f"the masking key has {len(key)} bytes; give it at least {SHORTEST_KEY} random ones"
        )
    block = b64encode(hashlib.sha256(key).digest()[:16]).decode().rstrip("=")
    with connections[0].transaction():
        connections[0].execute(masker_functions())
    try:
        for connection in connections:
            connection.execute(_SET_KEY, (block,))
        yield
    finally:
        for connection in connections:
            if not connection.closed:
                connection.execute(_SET_KEY, ("",))


def masker_functions() -> sql.Composed:
    """Statements that create the functions every masked column's expression refers to."""
    source = files("shared.masking").joinpath("maskers.sql").read_text(encoding="utf-8")
    on_json = (_json_function(name) for name in sorted(_ON_TEXT))
    return sql.SQL("\n").join([sql.SQL(source), *on_json])


def can_mask(masker: MaskerName, column: Column) -> bool:
    """Whether the masker has a form for this kind of column."""
    return column.kind in (("date",) if masker == "year" else ("text", "json"))


def masked(column: Column, masker: MaskerName) -> sql.Composed:
    """The expression that replaces the column's value: NULL stays NULL, empty stays empty."""
    if masker in IN_PLACE:
        return _rewritten(column)
    if column.kind == "text":
        return _masked_text(column, masker)
    function = "mask_year" if column.kind == "date" else f"mask_json_{masker}"
    return sql.SQL("{}({})::{}").format(
        sql.Identifier("signalbox_maskers", function), sql.Identifier(column.name), _type(column)
    )


def cleared(column: Column) -> sql.Composed:
    """The expression for a column made NULL, or empty where NULL is not allowed."""
    empty = sql.Literal({"json": "{}", "number": "0", "date": "1970-01-01"}.get(column.kind, ""))
    value = sql.NULL if column.nullable else empty
    return sql.SQL("{}::{}").format(value, _type(column))


def _masked_text(column: Column, masker: MaskerName) -> sql.Composed:
    value = sql.SQL("{}({}::text)").format(
        sql.Identifier("signalbox_maskers", f"mask_{masker}"), sql.Identifier(column.name)
    )
    if column.unique and masker not in _UNIQUE:
        value = _made_unique(column, value)
    if column.max_length is not None:
        value = sql.SQL("left({}, {})").format(value, column.max_length)
    return sql.SQL("(case when {0} <> '' then {1} else {0} end)::{2}").format(
        sql.Identifier(column.name), value, _type(column)
    )


def _rewritten(column: Column) -> sql.Composed:
    """The new text that waits for this row, or the value as it is."""
    value = sql.SQL("signalbox_maskers.rewritten(tableoid, ctid, {})").format(column.name)
    if column.unique:
        value = _made_unique(column, value)
    if column.max_length is not None:
        value = sql.SQL("left({}, {})").format(value, column.max_length)
    return sql.SQL("coalesce({}::{}, {})").format(value, _type(column), sql.Identifier(column.name))


def _made_unique(column: Column, value: sql.Composed) -> sql.Composed:
    """The value, shortened to leave room, with a digest of the original behind it."""
    room = (column.max_length or 1000) - _SUFFIX - 1
    return sql.SQL(
        "left({}, {}) || '-' || left(signalbox_maskers.digest('unique:', {}::text), {})"
    ).format(value, max(room, 0), sql.Identifier(column.name), _SUFFIX)


def _json_function(masker: str) -> sql.Composed:
    return sql.SQL(_JSON).format(
        sql.Identifier("signalbox_maskers", f"mask_json_{masker}"),
        sql.Identifier("signalbox_maskers", f"mask_{masker}"),
    )


def _type(column: Column) -> sql.SQL:
    return sql.SQL(column.type)


_JSON = """
create or replace function {0}(value jsonb) returns jsonb
language sql stable strict parallel safe as $$
    select case jsonb_typeof(value)
        when 'object' then (
            select jsonb_object_agg(key, case
                when jsonb_typeof(entry) = 'string' and entry <> '""'
                    then to_jsonb({1}(entry #>> '{{}}'))
                when jsonb_typeof(entry) in ('object', 'array') then 'null'
                else entry end)
            from jsonb_each(value) as entries (key, entry))
        when 'string' then to_jsonb({1}(value #>> '{{}}'))
        else null end
$$;
"""
