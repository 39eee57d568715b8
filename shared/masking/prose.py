"""Texts rewritten in place: what the proof would look for in them becomes what masking makes of it.

A column's texts are read page by page, originals are found by the proof's own spelling, and the
new texts wait in a temporary table until the rewrite of their table takes them over.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from shared.masking.catalogue import Column, Table
from shared.masking.maskers import MaskerName
from shared.masking.proof.kernel import Searcher
from shared.masking.proof.originals import kind_of
from shared.postgres.marker import Database

_PAGES = 256
"""Pages of a table that are read at once: 2 MB, and what their texts hold out of line."""

_BUNCH = 100
_HEADER, _ROW_HEADER = 19, 6

_CREATE: LiteralString = """
create temporary table if not exists signalbox_rewritten (
    field text, rel oid, at tid, value text
) on commit drop
"""

_INDEX: LiteralString = """
create index on signalbox_rewritten (field, rel, at);
analyze signalbox_rewritten
"""

_SIZE: LiteralString = """
select coalesce(max(pg_relation_size(relid)), 0) / current_setting('block_size')::bigint
from pg_partition_tree(%(table)s::regclass)
union all
select pg_relation_size(%(table)s::regclass) / current_setting('block_size')::bigint
order by 1 desc limit 1
"""

_TEXTS: LiteralString = """
copy (
    select string_agg(
        '\\x0002'::bytea || int4send(octet_length(key)) || convert_to(key, 'UTF8')
        || int4send(octet_length(value)) || value, '')
    from (
        select tableoid || ' ' || ctid as key, convert_to({column}::text, 'UTF8') as value,
               row_number() over () / {bunch} as bunch
        from {table}
        where ctid >= {first} and ctid < {last} and {column}::text <> ''
    ) as numbered
    group by bunch
) to stdout (format binary)
"""

_ASK: LiteralString = """
select given, {masker}(given) from unnest(%s::text[]) as listed (given)
"""

_REMOVED = "removed"
_SPACE = re.compile(r"\s+")
_BETWEEN = re.compile(r"(?:<[^<>]*>|&#?\w+;|\\[ntr]|\W)+")
"""What parts words: tags, entities, escaped line breaks, whatever is neither letter nor digit."""

_MARKUP = re.compile(r"[<>\"=]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\[ntr]")

ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:@|%40|&#64;)[\w-]+(?:\.[\w-]+)+")
"""An e-mail address, also in a link."""

_AT = re.compile(r"@|%40|&#64;")

ACCOUNT = re.compile(r"[A-Z](?<!\w[A-Z])[A-Z]\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
"""A bank account (IBAN), in groups of four or not."""

NUMBER = re.compile(
    r"(?<![\w.,/#-])(?:"
    r"(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){7,13}"
    r"|\(?0[1-9](?:[ ()./-]{0,2}\d){7,11}"
    r"|\(?[2-9]\d\d\)?[ .-]?\d{3}[ .-]\d{4}"
    r"|\d{10,11}"
    r")(?:x\d{1,6})?(?![\w-])"
)
"""A phone number: as dialled from abroad, inside a country, in North America; ten digits bare."""

_RUN = re.compile(r"[+(\d][\d ()./-]{6,}(?:x\d+)?(?:[^\d ()./-]|$)")
"""Where a number can be, with the sign after it: found in a fraction of the time."""

_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")


@dataclass(frozen=True)
class _Span:
    """A part of a text that must not stay, and what it is."""

    begin: int
    end: int
    kind: MaskerName | None


_Marked = tuple[str, bytes, list[_Span]]
"""A row's key, a text of it, and what must not stay in the text."""

_Twins = dict[tuple[MaskerName | None, bytes], str]
"""What takes the place of an original of a kind, as it is written."""


@dataclass(frozen=True)
class Rewriter:
    """Rewrites columns of one database for one set of originals."""

    searcher: Searcher

    def rewrite(
        self, connection: Database, table: Table, columns: Iterable[tuple[Column, MaskerName]]
    ) -> frozenset[str]:
        """Put the new texts of these columns into ``signalbox_rewritten``; say which have any.

        Runs in the transaction that rewrites the table. Only texts that change are there.
        """
        changed = set()
        connection.execute(_CREATE)
        for column, masker in columns:
            for block in _texts(connection, table, column):
                texts = self._new_texts(connection, block, strangers=masker == "prose")
                if texts:
                    changed.add(column.name)
                    _store(connection, column, texts)
        if changed:
            connection.execute(_INDEX)
        return frozenset(changed)

    def _new_texts(
        self, connection: Database, block: bytes, *, strangers: bool
    ) -> list[tuple[str, str]]:
        """Keys and texts of the rows that change. ``strangers``: unknown addresses go, too."""
        found: list[_Marked] = []
        for text in self.searcher.locate(block):
            key, raw = text.key, text.raw
            spans = _apart(
                _Span(_opened(raw, begin), _closed(raw, begin, end), kind_of(kind))
                for begin, end, kind in text.spots
            )
            if strangers:
                spans = _apart([*spans, *_beside(_strangers(raw), spans)])
            if spans:
                found.append((key, raw, spans))
        twins = _twins(connection, found)
        return [(key, _replaced(raw, spans, twins)) for key, raw, spans in found]


def _twins(connection: Database, found: list[_Marked]) -> _Twins:
    """What takes the place of everything that was found; masks are asked for kind by kind."""
    wanted: dict[MaskerName | None, dict[bytes, str]] = {}
    for _, raw, spans in found:
        for span in spans:
            original = raw[span.begin : span.end]
            written = wanted.setdefault(span.kind, {})
            if original not in written:
                written[original] = _plain(original)
    return {
        (kind, original): html.escape(masks[plain].strip("<>")) + "".join(_markup(original))
        for kind, written in wanted.items()
        for masks in (_masks(connection, kind, {*written.values()}),)
        for original, plain in written.items()
    }


def _masks(connection: Database, kind: MaskerName | None, values: set[str]) -> Mapping[str, str]:
    if kind is None:
        return dict.fromkeys(values, _REMOVED)
    query = sql.SQL(_ASK).format(masker=sql.Identifier("signalbox_maskers", f"mask_{kind}"))
    return dict(connection.execute(query, (list(values),)).fetchall())


def _replaced(raw: bytes, spans: list[_Span], twins: _Twins) -> str:
    pieces, at = [], 0
    for span in spans:
        pieces += [raw[at : span.begin].decode(), twins[span.kind, raw[span.begin : span.end]]]
        at = span.end
    return "".join([*pieces, raw[at:].decode()])


def _texts(connection: Database, table: Table, column: Column) -> Iterator[bytes]:
    """Keys and texts of a column, as rows of a binary COPY, a few pages at a time."""
    name = table.identifier.as_string(connection)
    row = connection.execute(_SIZE, {"table": name}).fetchone()
    for first in range(0, row[0] if row else 0, _PAGES):
        statement = sql.SQL(_TEXTS).format(
            column=sql.Identifier(column.name),
            table=table.identifier,
            bunch=sql.Literal(_BUNCH),
            first=sql.Literal(f"({first},0)"),
            last=sql.Literal(f"({first + _PAGES},0)"),
        )
        yield _copied(connection, statement)


def _copied(connection: Database, statement: sql.Composed) -> bytes:
    pieces: list[bytes | memoryview] = []
    skipped = _HEADER + _ROW_HEADER
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while row := copy.read():
            pieces.append(bytes(row[skipped:]))
            skipped = _ROW_HEADER
    return b"".join(pieces)


def _strangers(raw: bytes) -> Iterator[_Span]:
    """Addresses, accounts and numbers that nobody knows."""
    text = raw.decode("latin-1")
    for found in ADDRESS.finditer(text) if _AT.search(text) else ():
        if not found[0].endswith(".invalid"):
            yield _Span(found.start(), found.end(), "email")
    for found in ACCOUNT.finditer(text):
        yield _Span(found.start(), found.end(), "iban")
    for run in _RUN.finditer(text):
        for found in NUMBER.finditer(text, run.start(), run.end()):
            if not _DATE.fullmatch(found[0]):
                yield _Span(found.start(), found.end(), "phone")


def _opened(raw: bytes, begin: int) -> int:
    """Where the original begins with the plus of its country code: words begin after it."""
    return begin - 1 if raw[begin - 1 : begin] == b"+" else begin


def _closed(raw: bytes, begin: int, end: int) -> int:
    """Where the original ends with the bracket that it opens: words end before it."""
    opened = raw.count(b"(", begin, end) > raw.count(b")", begin, end)
    return end + 1 if opened and raw[end : end + 1] == b")" else end


def _beside(spans: Iterable[_Span], taken: list[_Span]) -> Iterator[_Span]:
    return (
        span
        for span in spans
        if all(span.end <= other.begin or span.begin >= other.end for other in taken)
    )


def _apart(spans: Iterable[_Span]) -> list[_Span]:
    """Spans that do not overlap: the first, and of those that begin together the longest."""
    chosen: list[_Span] = []
    for span in sorted(spans, key=lambda each: (each.begin, -each.end)):
        if not chosen or span.begin >= chosen[-1].end:
            chosen.append(span)
    return chosen


def _plain(original: bytes) -> str:
    """What was written, without escapes, tags and line breaks.

    >>> _plain(b"Ada</b>&nbsp;<i>Holm")
    'Ada Holm'
    """
    text = _BETWEEN.sub(
        lambda found: " " if _MARKUP.search(found[0]) else found[0], original.decode()
    )
    text = _ESCAPED.sub(_unescaped, text.replace("%40", "@"))
    return _SPACE.sub(" ", html.unescape(text)).strip()


def _markup(original: bytes) -> Iterator[str]:
    """What must stay of the original, so that the text around it stays well-formed."""
    parts = _BETWEEN.finditer(original.decode())
    return (found[0] for found in parts if _MARKUP.search(found[0]))


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " "


def _store(connection: Database, column: Column, texts: list[tuple[str, str]]) -> None:
    statement = "copy signalbox_rewritten (field, rel, at, value) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for key, text in texts:
            rel, at = key.split(" ")
            copy.write_row((column.name, rel, at, text))
