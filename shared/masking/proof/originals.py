"""What is looked for: keyed hashes of the values that masking replaces, taken before it does.

The hashes are sealed into the clone's own schema until the proof has used them. Values that cannot
be told from others are left out by rule, and counted (``Left``).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import LiteralString, get_args

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from psycopg.rows import class_row

from shared.errors import PermanentError
from shared.masking.catalogue import Column
from shared.masking.maskers import IN_PLACE, MaskerName
from shared.masking.plan import ColumnPlan, MaskingPlan, TablePlan
from shared.masking.proof import kernel
from shared.masking.proof.canaries import canaries_of
from shared.masking.proof.seal import Seal
from shared.masking.proof.spelling import FILTER_BITS, LONGEST, SHORTEST, Numbers, Spelling
from shared.masking.proof.stream import blocks
from shared.postgres.marker import Database

_IDENTIFYING: frozenset[MaskerName] = frozenset(
    {
        "email", "iban", "identifier", "ip", "login", "message_id", "phone", "template_email",
        "token", "url", "vat",
    }
)  # fmt: skip
"""Kinds of which one value belongs to one person or company, wherever it stands."""

_NAMING: frozenset[MaskerName] = frozenset({"name", "street"})
"""Kinds that identify when they have two words or more; single words may be any word."""

_COLLIDING: frozenset[MaskerName] = frozenset(
    {"identifier", "login", "phone", "template_email", "vat"}
)
"""Kinds whose invented values can be another's real one, or stay as they are: all are computed."""

_PICKED: frozenset[MaskerName] = frozenset({"city", "ip", "name", "street"})
"""Kinds whose invented values are picked from a list: a sample of them shows the whole list."""

_KINDS: tuple[MaskerName | None, ...] = (None, *get_args(MaskerName))
"""Kinds by number; a row of an original has the number above its length."""

_LENGTH, _KIND_SHIFT = np.uint64(0xFF), np.uint64(8)

_SAMPLE = 60_000

_SECRET = re.compile(
    r"password|passwd|_pass$|secret|token|_key$|api_key|credential|signature|smtp_user|login|user$"
)
_FEWEST_DIGITS, _FEWEST_IN_NAME, _FEWEST_IN_SECRET = 7, 8, 8

_CREATE: LiteralString = """
create schema if not exists signalbox;
create table signalbox.originals (
    part serial primary key, key_id text not null, sealed bytea not null
);
comment on table signalbox.originals is
    'Sealed hashes of what masking replaces, until the proof that nothing of it is left.';
create table signalbox.remembered (
    policy_hash text not null, too_short bigint not null, ambiguous bigint not null
);
comment on table signalbox.remembered is
    'What the proof knows of the originals: for which policy, and how many it cannot look for.';
"""

_REMEMBERED: LiteralString = "select policy_hash, too_short, ambiguous from signalbox.remembered"

_VALUES: LiteralString = "select distinct {column}::text from {table}"

_WITH_AT: LiteralString = "select distinct {column}::text from {table} where {column} like '%@%'"

_WITHOUT_AT: LiteralString = """
select distinct {column}::text from {table} where {column} not like '%@%'
"""

_ODOO_NAMES: LiteralString = """
select distinct d.name from ir_model_data d join ir_module_module m on m.name = d.module
"""

_INVENTED: LiteralString = """
select distinct ({expression})::text
from (select distinct {column} from {table} limit {limit}) as found
"""

_EMAILS: LiteralString = """
select piece from (select distinct {column}::text as value from {table}) as found,
    regexp_split_to_table(value, '[<>,;"[:space:]]+') as piece
where value ~ '[<>,;" ]' and piece like '%@%'
"""

_NATIONAL: LiteralString = """
select '0' || substr(digits, n) from (
    select distinct regexp_replace({column}::text, '[^0-9]', '', 'g') as digits
    from {table} where {column}::text ~ '^ *[+]'
) as found, generate_series(2, 4) as n where length(digits) - n >= 6
"""

_CONTACTS: LiteralString = """
select piece from (select distinct {column}::text as value from {table}) as found,
    string_to_table(value, ', ') as piece where value like '%, %'
"""

_STRINGS: LiteralString = """
select distinct entry #>> '{{}}' from {table},
    jsonb_path_query({column}::jsonb, 'strict $.** ? (@.type() == "string")') as entry
"""

_PARTS: dict[MaskerName, LiteralString] = {
    "email": _EMAILS,
    "login": _EMAILS,
    "template_email": _EMAILS,
    "phone": _NATIONAL,
    "name": _CONTACTS,
}


class OriginalsLost(PermanentError):
    """What the proof has to look for was not remembered before masking, or under another key."""


@dataclass(frozen=True)
class Left:
    """Distinct values that are not looked for, by reason, under the policy of this hash."""

    policy_hash: str
    too_short: int
    """Fewer than 6 letters and digits, or of digits only and fewer than 7."""
    ambiguous: int
    """Some masked value of this database is the same: an invented name that a real person has."""


@dataclass
class _Found:
    """Hashes by how they are looked for: rows of hash, first letters, length."""

    inside: list[Numbers] = field(default_factory=list)
    whole: list[Numbers] = field(default_factory=list)
    short: list[Numbers] = field(default_factory=list)


@dataclass(frozen=True)
class Originals:
    """The set that the proof searches with: 16 to 32 bytes for each distinct value."""

    table: Numbers
    filter: NDArray[np.uint8]
    inside: int
    """Values that are looked for anywhere in a text."""
    whole: int
    """Values that are compared with whole fields of masked columns only."""

    @classmethod
    def of(cls, inside: Numbers, whole: Numbers) -> "Originals":
        """From rows of hash, first letters, length; and hashes of whole fields."""
        hashes = np.concatenate([inside[:, 0], whole])
        table = np.zeros(1 << max(4, (2 * hashes.size).bit_length()), np.uint64)
        kernel.fill(table, hashes)
        bits = np.zeros(1 << (FILTER_BITS - 3), np.uint8)
        kernel.fill_filter(bits, inside[:, 1].copy(), inside[:, 2].copy())
        return cls(table, bits, len(inside), len(whole))


@dataclass(frozen=True)
class Kinds:
    """Which masker an original that occurs inside texts belongs to: 9 bytes for each."""

    hashes: Numbers
    numbers: NDArray[np.uint8]

    def of(self, hash: int) -> MaskerName | None:
        """The masker; None for a value that is cleared, not masked."""
        place = np.searchsorted(self.hashes, np.int64(hash).view(np.uint64))
        return _KINDS[int(self.numbers[place])]


def remember_originals(
    connection: Database, plan: MaskingPlan, spelling: Spelling, seal: Seal
) -> Left:
    """Hash what the plan is going to replace, and seal it into the clone; once, whoever repeats it.

    The masker functions must exist and have the key: what they will invent is hashed, too.

    Raises OriginalsLost when masking has begun already.
    """
    if known := left_out(connection):
        return known
    _refuse_masked(connection)
    found = _Found()
    for table in plan.tables:
        for planned in table.columns:
            _collect(connection, found, spelling, table, planned)
    for canary in canaries_of(seal.canary_key):
        kind: MaskerName = "email" if canary.inside else "text"
        _sort(found, measured(spelling, [canary.value]), kind, inside=False)
    invented = np.unique(np.concatenate([_NOTHING, *_invented(connection, plan, spelling)]))
    return _keep(connection, seal, found, invented, plan.policy_hash)


def left_out(connection: Database) -> Left | None:
    """What was left out when the originals were remembered; None before that."""
    if not _exists(connection, "signalbox.remembered"):
        return None
    with connection.cursor(row_factory=class_row(Left)) as cursor:
        return cursor.execute(_REMEMBERED).fetchone()


def _sealed(connection: Database, seal: Seal) -> Numbers:
    if not _exists(connection, "signalbox.originals"):
        raise OriginalsLost(
            f"database {connection.info.dbname} has no record of its originals: restore it again, "
            "and mask it with the proof in mind"
        )
    query = "select key_id, sealed from signalbox.originals order by part"
    parts = []
    for key_id, sealed in connection.execute(query):
        if key_id != seal.id:
            raise OriginalsLost(
                f"the originals of database {connection.info.dbname} are sealed with another key: "
                "give the key that it was masked with"
            )
        parts.append(np.frombuffer(seal.open(sealed), np.uint64).reshape(-1, 3))
    return np.concatenate([np.zeros((0, 3), np.uint64), *parts])


def load_originals(connection: Database, seal: Seal) -> Originals:
    """The set that was sealed into the clone. Raises OriginalsLost."""
    rows = _sealed(connection, seal)
    rows[:, 2] &= _LENGTH
    is_inside = rows[:, 2] > 0
    return Originals.of(rows[is_inside], rows[~is_inside, 0] + kernel.WHOLE)


def load_kinds(connection: Database, seal: Seal) -> Kinds:
    """The kinds of the originals that were sealed into the clone. Raises OriginalsLost."""
    rows = _sealed(connection, seal)
    rows = rows[rows[:, 2] > 0]
    rows = rows[np.argsort(rows[:, 0])]
    return Kinds(rows[:, 0].copy(), (rows[:, 2] >> _KIND_SHIFT).astype(np.uint8))


def forget_originals(connection: Database) -> None:
    """Drop the set: after the proof nobody needs it."""
    connection.execute("drop table if exists signalbox.originals, signalbox.remembered")


def measured(spelling: Spelling, values: Iterable[str]) -> Numbers:
    """Measurements of values given in clear; see ``kernel.measure``."""
    rows = [b"\x00\x01" + len(raw).to_bytes(4) + raw for raw in map(str.encode, values)]
    return _measure(spelling, b"".join(rows))


_NOTHING = np.zeros(0, np.uint64)
_PART = 1 << 17


def _measure(spelling: Spelling, block: bytes | memoryview) -> Numbers:
    data = np.frombuffer(block, np.uint8)
    values = np.zeros((len(block) // 4 + 1, 7), np.uint64)
    amount = kernel.measure(
        data,
        spelling.folds,
        spelling.special,
        spelling.letters,
        spelling.ascii,
        spelling.powers,
        values,
    )
    return values[:amount]


def _exists(connection: Database, table: str) -> bool:
    row = connection.execute("select to_regclass(%s)", (table,)).fetchone()
    return bool(row and row[0])


def _refuse_masked(connection: Database) -> None:
    if not _exists(connection, "signalbox.masked_tables"):
        return
    query = "select count(*) from signalbox.masked_tables"
    row = connection.execute(query).fetchone()
    if row and row[0]:
        raise OriginalsLost(
            f"{row[0]} tables of {connection.info.dbname} are masked already: what was in them can "
            "not be looked for any more; restore the backup again"
        )


def _keep(
    connection: Database, seal: Seal, found: _Found, invented: Numbers, policy_hash: str
) -> Left:
    inside, whole, short = _unique(found.inside), _unique(found.whole), _unique(found.short)
    vague = np.isin(inside[:, 0], invented), np.isin(whole[:, 0], invented)
    whole[:, 1:] = 0
    left = Left(policy_hash, len(short), int(vague[0].sum() + vague[1].sum()))
    insert = (
        "insert into signalbox.remembered values (%(policy_hash)s, %(too_short)s, %(ambiguous)s)"
    )
    with connection.transaction():
        connection.execute(_CREATE)
        _store(connection, seal, inside[~vague[0]])
        _store(connection, seal, whole[~vague[1]])
        connection.execute(insert, vars(left))
    return left


def _collect(
    connection: Database, found: _Found, spelling: Spelling, table: TablePlan, planned: ColumnPlan
) -> None:
    column, secret = planned.column, _is_secret(planned)
    if column.kind not in ("text", "json") or planned.masker in IN_PLACE:
        return
    for query, kind in _queries(column, planned.masker):
        for values in _hashes(connection, spelling, table, column, query):
            _sort(found, values, kind, inside=secret)


def _is_secret(planned: ColumnPlan) -> bool:
    return planned.masker is None and bool(_SECRET.search(planned.column.name))


def _queries(
    column: Column, masker: MaskerName | None
) -> Iterator[tuple[LiteralString, MaskerName | None]]:
    """What to remember of a column, and as what: an address without @ is some word or domain."""
    if column.kind == "json":
        yield _STRINGS, masker
        return
    is_address = _PARTS.get(masker) is _EMAILS if masker else False
    yield _WITH_AT if is_address else _VALUES, masker
    if is_address:
        yield _WITHOUT_AT, None
    if masker in _PARTS:
        yield _PARTS[masker], masker


def _hashes(
    connection: Database, spelling: Spelling, table: TablePlan, column: Column, query: LiteralString
) -> Iterator[Numbers]:
    composed = sql.SQL(query).format(
        column=sql.Identifier(column.name), table=table.table.identifier
    )
    return (_measure(spelling, block) for block in blocks(connection, composed))


def _sort(found: _Found, values: Numbers, masker: MaskerName | None, *, inside: bool) -> None:
    """Decide by kind, words and length how each value is looked for, if at all."""
    _, whole, words, length, digits, start, prefix = values.T
    identifying = (digits > 0) | (words > 1)
    short = (length < SHORTEST) | ((digits == length) & (length < _FEWEST_DIGITS))
    if masker in _IDENTIFYING:
        anywhere = identifying
    elif masker in _NAMING:
        anywhere = (words > 1) & (length >= _FEWEST_IN_NAME)
    else:
        anywhere = (digits > 0) & (length >= _FEWEST_IN_SECRET) & inside
    kind = np.uint64(_KINDS.index(masker)) << _KIND_SHIFT
    shape = (length & _LENGTH) | kind
    rows = np.stack([np.where(words > kernel.WORDS, start, whole), prefix, shape], axis=1)
    anywhere = anywhere & (length <= LONGEST) & (words <= kernel.WORDS) & ~short
    found.inside.append(rows[anywhere])
    found.whole.append(rows[~anywhere & ~short])
    found.short.append(rows[short & (length > 0)])


def _invented(connection: Database, plan: MaskingPlan, spelling: Spelling) -> Iterator[Numbers]:
    """Hashes of what the maskers will put in place, of the kinds that can collide, and of the names
    that Odoo gives to records of its own (``public_user``)."""
    if _exists(connection, "public.ir_model_data"):
        yield _wholes(connection, spelling, sql.SQL(_ODOO_NAMES).format())
    for table in plan.tables:
        for planned in table.columns:
            if planned.masker in _COLLIDING | _PICKED and planned.column.kind == "text":
                query = sql.SQL(_INVENTED).format(
                    expression=planned.expression,
                    column=sql.Identifier(planned.column.name),
                    table=table.table.identifier,
                    limit=sql.Literal(_SAMPLE if planned.masker in _PICKED else None),
                )
                yield _wholes(connection, spelling, query)


def _wholes(connection: Database, spelling: Spelling, query: sql.Composed) -> Numbers:
    found = (_measure(spelling, block)[:, 1] for block in blocks(connection, query))
    return np.unique(np.concatenate([_NOTHING, *found]))


def _unique(rows: list[Numbers]) -> Numbers:
    every = np.concatenate([np.zeros((0, 3), np.uint64), *rows])
    _, first = np.unique(every[:, 0], return_index=True)
    return every[first]


def _store(connection: Database, seal: Seal, rows: Numbers) -> None:
    insert = "insert into signalbox.originals (key_id, sealed) values (%s, %s)"
    for begin in range(0, len(rows), _PART):
        part = np.ascontiguousarray(rows[begin : begin + _PART])
        connection.execute(insert, (seal.id, seal.close(part.tobytes())))
