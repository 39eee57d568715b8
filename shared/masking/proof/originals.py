"""What is looked for: keyed hashes of the values that masking replaces, taken before it does.

The hashes are sealed into the clone's own schema until the proof has used them. Values that cannot
be told from others are left out by rule, and counted (``Left``).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString, get_args

from psycopg import sql

from shared.errors import PermanentError
from shared.masking.catalogue import Column
from shared.masking.maskers import IN_PLACE, MaskerName
from shared.masking.plan import ColumnPlan, MaskingPlan, TablePlan
from shared.masking.proof.canaries import canaries_of
from shared.masking.proof.kernel import Collector, Original, Searcher, entries
from shared.masking.proof.seal import Seal
from shared.masking.proof.spelling import Spelling
from shared.masking.proof.stream import blocks
from shared.postgres.asking import Database, has_table, one, value

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
"""Kinds by the number that an original has for its kind; None for what is cleared, not masked."""

_SAMPLE, _SMALLEST_SAMPLE = 60_000, 4_000
"""Distinct values of all columns of a kind, and of one column at least."""

_SECRET = re.compile(
    r"password|passwd|_pass$|secret|token|_key$|api_key|credential|signature|smtp_user|login|user$"
)

_CREATE: LiteralString = """
create schema if not exists signalbox;
create table signalbox.originals (
    part serial primary key, key_id text not null, entries integer not null, sealed bytea not null
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

_VALUES: LiteralString = "select {column}::text from {table}"

_WITH_AT: LiteralString = "select {column}::text from {table} where {column} like '%@%'"

_WITHOUT_AT: LiteralString = """
select {column}::text from {table} where {column} not like '%@%'
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
    collector = Collector(spelling)
    for table in plan.tables:
        for planned in table.columns:
            _collect(connection, collector, table, planned)
    for canary in canaries_of(seal.canary_key):
        original = Original.IDENTIFYING if canary.inside else Original.PLAIN
        collector.take(_field(canary.value), original)
    for query in _invented(connection, plan):
        for block in blocks(connection, query):
            collector.take_invented(block)
    return _keep(connection, seal, collector, plan.policy_hash)


def left_out(connection: Database) -> Left | None:
    """What was left out when the originals were remembered; None before that."""
    known = has_table(connection, "signalbox.remembered")
    return one(connection, Left, _REMEMBERED) if known else None


def load_originals(connection: Database, spelling: Spelling, seal: Seal) -> Searcher:
    """What looks for the set that was sealed into the clone. Raises OriginalsLost."""
    if not has_table(connection, "signalbox.originals"):
        raise OriginalsLost(
            f"database {connection.info.dbname} has no record of its originals: restore it again, "
            "and mask it with the proof in mind"
        )
    total = value(connection, "select coalesce(sum(entries), 0) from signalbox.originals")
    searcher = Searcher(spelling, total)
    query = "select key_id, sealed from signalbox.originals order by part"
    with connection.cursor() as cursor:
        for key_id, sealed in cursor.stream(query):
            if key_id != seal.id:
                raise OriginalsLost(
                    f"the originals of database {connection.info.dbname} are sealed with another "
                    "key: give the key that it was masked with"
                )
            searcher.expect(seal.open(sealed))
    return searcher


def kind_of(number: int) -> MaskerName | None:
    """The masker that an original belongs to; None for one that is cleared."""
    return _KINDS[number]


def forget_originals(connection: Database) -> None:
    """Drop the set: after the proof nobody needs it."""
    connection.execute("drop table if exists signalbox.originals, signalbox.remembered")


def _field(value: str) -> bytes:
    """A block of one value."""
    raw = value.encode()
    return b"\x00\x01" + len(raw).to_bytes(4) + raw


def _refuse_masked(connection: Database) -> None:
    if not has_table(connection, "signalbox.masked_tables"):
        return
    masked = value(connection, "select count(*) from signalbox.masked_tables")
    if masked:
        raise OriginalsLost(
            f"{masked} tables of {connection.info.dbname} are masked already: what was in them can "
            "not be looked for any more; restore the backup again"
        )


def _keep(connection: Database, seal: Seal, collector: Collector, policy_hash: str) -> Left:
    remembered = "insert into signalbox.remembered values (%s, %s, %s)"
    insert = "insert into signalbox.originals (key_id, entries, sealed) values (%s, %s, %s)"
    with connection.transaction():
        connection.execute(_CREATE)
        for part in collector.hand_out():
            connection.execute(insert, (seal.id, entries(part), seal.close(part)))
        left = Left(policy_hash, collector.too_short, collector.ambiguous)
        connection.execute(remembered, (left.policy_hash, left.too_short, left.ambiguous))
    return left


def _collect(
    connection: Database, collector: Collector, table: TablePlan, planned: ColumnPlan
) -> None:
    column = planned.column
    if column.kind not in ("text", "json") or planned.masker in IN_PLACE:
        return
    for query, masker in _queries(column, planned.masker):
        composed = sql.SQL(query).format(
            column=sql.Identifier(column.name), table=table.table.identifier
        )
        original = Original.SECRET if _is_secret(planned) else _kind(masker)
        for block in blocks(connection, composed):
            collector.take(block, original, _KINDS.index(masker))


def _kind(masker: MaskerName | None) -> Original:
    if masker in _IDENTIFYING:
        return Original.IDENTIFYING
    return Original.NAMING if masker in _NAMING else Original.PLAIN


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


def _invented(connection: Database, plan: MaskingPlan) -> Iterator[sql.Composed]:
    """What the maskers will put in place, of the kinds that can collide, and the names that Odoo
    gives to records of its own (``public_user``)."""
    if has_table(connection, "public.ir_model_data"):
        yield sql.SQL(_ODOO_NAMES).format()
    texts = [
        (table, planned)
        for table in plan.tables
        for planned in table.columns
        if planned.masker in _COLLIDING | _PICKED and planned.column.kind == "text"
    ]
    columns = Counter(planned.masker for _, planned in texts)
    for table, planned in texts:
        sample = max(_SAMPLE // columns[planned.masker], _SMALLEST_SAMPLE)
        yield sql.SQL(_INVENTED).format(
            expression=planned.expression,
            column=sql.Identifier(planned.column.name),
            table=table.table.identifier,
            limit=sql.Literal(sample if planned.masker in _PICKED else None),
        )
