"""What a database holds outside of tables: materialized views, large objects, comments and the
planner's statistics are searched, too; the certificate names what is not."""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql

from shared.masking.proof.kernel import Role
from shared.masking.proof.search import Field, Search, Searched
from shared.postgres.asking import Database, value

_VIEWS: LiteralString = """
select n.nspname, c.relname, c.relispopulated
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'm' and n.nspname !~ '^(pg_|signalbox)' order by 1, 2
"""

_UNREAD: LiteralString = """
select 'foreign table ' || c.oid::regclass::text
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'f' and n.nspname !~ '^(pg_|signalbox)' order by 1
"""

_PIECES: LiteralString = """
(
    select oid || ' at ' || at as key, lo_get(oid, at, {piece} + {overlap}) as piece
    from pg_largeobject_metadata,
         lateral (select lo_lseek64(lo_open(oid, 262144), 0, 2) as size) as measured,
         generate_series(0::bigint, size, {piece}) as at
) as pieces
"""

_PIECE, _OVERLAP = 1024 * 1024, 4096

_STATISTICS: LiteralString = """
(
    select format('%s.%s.%s', schemaname, tablename, attname) as key,
           concat_ws(' | ', most_common_vals, histogram_bounds, most_common_elems) as seen
    from pg_stats where schemaname !~ '^(pg_|signalbox|information_schema)'
    union all
    select format('%s.%s', statistics_schemaname, statistics_name), most_common_vals::text
    from pg_stats_ext where statistics_schemaname !~ '^(pg_|signalbox)'
) as statistics
"""

_COMMENTS: LiteralString = """
(
    select format('%s of %s', objoid, classoid::regclass) as key, description as said
    from pg_description where objoid >= 16384
) as comments
"""

LARGE_OBJECTS = "large objects"
STATISTICS = "statistics"
COMMENTS = "comments"


def places(connection: Database) -> tuple[str, ...]:
    """What to search beside tables; views by ``materialized view NAME``."""
    views = (
        f"materialized view {schema}.{name}"
        for schema, name, is_populated in connection.execute(_VIEWS)
        if is_populated
    )
    exist = value(connection, "select exists (select from pg_largeobject_metadata)")
    return (*views, STATISTICS, COMMENTS, *([LARGE_OBJECTS] if exist else []))


def search_place(search: Search, place: str) -> Searched:
    """Search one of the ``places``."""
    if place == LARGE_OBJECTS:
        fields = (_key("key"), _searched("piece", sql.Identifier("piece")))
        return search.query(place, fields, _pieces())
    if place == STATISTICS:
        fields = (_key("key"), _searched("seen", sql.Identifier("seen")))
        return search.query(place, fields, sql.SQL(_STATISTICS))
    if place == COMMENTS:
        fields = (_key("key"), _searched("said", sql.Identifier("said")))
        return search.query(place, fields, sql.SQL(_COMMENTS))
    schema, _, name = place.removeprefix("materialized view ").partition(".")
    view = sql.Identifier(schema, name)
    # A row as text: its fields are parted by commas, which part words.
    row = _searched("row", sql.SQL("{}::text").format(sql.Identifier(name)))
    fields = (Field("", Role.KEY, sql.SQL("ctid::text")), row)
    return search.query(place, fields, view)


def unread(connection: Database) -> Iterator[str]:
    """What the search does not read: other servers' tables."""
    return (name for (name,) in connection.execute(_UNREAD))


def _pieces() -> sql.Composed:
    return sql.SQL(_PIECES).format(piece=sql.Literal(_PIECE), overlap=sql.Literal(_OVERLAP))


def _key(name: str) -> Field:
    return Field("", Role.KEY, sql.Identifier(name))


def _searched(name: str, expression: sql.Composable) -> Field:
    return Field(name, Role.SEARCHED, expression)
