"""Checks of the data: everything that was in the backup is here and fits together."""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql

from shared.odoo.checks import Check, Expected, Outcome, number, verdict
from shared.odoo.clone import installed_modules
from shared.postgres.marker import Database

NEUTRALIZED = ("ir_config_parameter", "ir_mail_server")
"""Tables in which neutralization adds and removes rows."""

_TABLES: LiteralString = """
select relname from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
"""

_CASCADES: LiteralString = """
with recursive emptied (oid) as (
    select c.oid from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relname = any (%s)
    union
    select f.conrelid from pg_constraint f join emptied on emptied.oid = f.confrelid
    where f.contype = 'f' and f.confdeltype = 'c'
)
select relname from pg_class join emptied using (oid)
"""

_FOREIGN_KEYS: LiteralString = """
select f.conname, f.convalidated, f.conrelid::regclass::text, f.confrelid::regclass::text,
       array(select attname::text from unnest(f.conkey) with ordinality as k (num, place)
             join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.num order by place),
       array(select attname::text from unnest(f.confkey) with ordinality as k (num, place)
             join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.num order by place)
from pg_constraint f
where f.contype = 'f' and f.connamespace = 'public'::regnamespace
"""

_SEQUENCES: LiteralString = """
select s.relname, s.oid::regclass::text, t.relname, a.attname
from pg_class s
join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.deptype in ('a', 'i')
join pg_class t on d.refclassid = 'pg_class'::regclass and t.oid = d.refobjid
join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
where s.relkind = 'S' and t.relnamespace = 'public'::regnamespace
"""

_UNBALANCED: LiteralString = """
select m.id, m.name, sum(l.balance)
from account_move m join account_move_line l on l.move_id = m.id
where m.state = 'posted'
group by m.id
having abs(sum(l.balance)) > 0.005
order by m.id
"""

_POSTED: LiteralString = "select count(*) from account_move where state = 'posted'"

_STOCK: LiteralString = """
with kept as (
    select id from stock_location where usage in ('internal', 'transit')
), moved as (
    select product_id, location_id, sum(quantity) as quantity
    from (
        select product_id, location_dest_id as location_id, quantity_product_uom as quantity
        from stock_move_line where state = 'done'
        union all
        select product_id, location_id, - quantity_product_uom
        from stock_move_line where state = 'done'
    ) both_ways
    where location_id in (select id from kept)
    group by product_id, location_id
), counted as (
    select product_id, location_id, sum(quantity) as quantity
    from stock_quant where location_id in (select id from kept)
    group by product_id, location_id
)
select product_id, location_id, coalesce(counted.quantity, 0), coalesce(moved.quantity, 0)
from counted full join moved using (product_id, location_id)
where abs(coalesce(counted.quantity, 0) - coalesce(moved.quantity, 0)) > 0.0001
  and product_id in (
      select p.id from product_product p join product_template t on t.id = p.product_tmpl_id
      where {storable})
order by 1, 2
"""


def count_foreign_keys(connection: Database) -> int:
    """Foreign keys of the connected database: measure right after the restore."""
    return len(connection.execute(_FOREIGN_KEYS).fetchall())


def rows_are_complete(connection: Database, expected: Expected) -> Outcome:
    """Each table of the manifest has its rows, but for those that masking and neutralizing take."""
    here = {name for (name,) in connection.execute(_TABLES)}
    fewer = _may_have_fewer(connection, expected)
    counts = {table: _rows(connection, table) for table in sorted(here)}
    wrong = list(_row_differences(expected, counts, fewer))
    rows = sum(counts.values())
    return verdict(wrong, f"{rows} rows in {len(counts)} tables", tables=len(counts), rows=rows)


def modules_are_the_same(connection: Database, expected: Expected) -> Outcome:
    """The modules that were installed are installed, and no other."""
    installed = installed_modules(connection)
    differing = sorted(installed.symmetric_difference(expected.modules))
    wrong = [f"module {name}" for name in differing]
    return verdict(wrong, f"{len(installed)} modules", modules=len(installed))


def foreign_keys_hold(connection: Database, expected: Expected) -> Outcome:
    """As many foreign keys as restored, all validated, and no row refers to nothing."""
    keys = connection.execute(_FOREIGN_KEYS).fetchall()
    wrong = [] if len(keys) == expected.foreign_keys else [f"{expected.foreign_keys} were restored"]
    for name, validated, child, parent, columns, references in keys:
        if not validated:
            wrong.append(f"{name} is not validated")
        elif _orphans(connection, child, parent, columns, references):
            wrong.append(f"{name}: rows of {child} refer to nothing in {parent}")
    return verdict(wrong, f"{len(keys)} foreign keys hold", foreign_keys=len(keys))


def sequences_are_ahead(connection: Database, _: object = None) -> Outcome:
    """The next value of every sequence is beyond every value in use."""
    owned = connection.execute(_SEQUENCES).fetchall()
    asked = sql.SQL(" union all ").join(_if_behind(*each) for each in owned)
    wrong = [said for (said,) in connection.execute(asked)] if owned else []
    return verdict(wrong, f"{len(owned)} sequences are ahead", sequences=len(owned))


def posted_entries_balance(connection: Database, _: object = None) -> Outcome:
    """Debit equals credit in every posted journal entry."""
    rows = connection.execute(_UNBALANCED)
    wrong = [f"entry {name or key} is off by {off}" for key, name, off in rows]
    posted = number(connection, sql.SQL(_POSTED))
    return verdict(wrong, f"{posted} posted entries balance", posted=posted)


def stock_matches_moves(connection: Database, _: object = None) -> Outcome:
    """What lies in each internal location is what done moves left there."""
    storable = sql.SQL("t.is_storable" if _has_is_storable(connection) else "t.type = 'product'")
    rows = connection.execute(sql.SQL(_STOCK).format(storable=storable))
    wrong = [
        f"product {product} in location {location}: {counted} counted, {moved} moved"
        for product, location, counted, moved in rows
    ]
    quants = number(connection, sql.SQL("select count(*) from stock_quant"))
    return verdict(wrong, f"{quants} quants match the moves", quants=quants)


def _may_have_fewer(connection: Database, expected: Expected) -> frozenset[str]:
    emptied = sorted(expected.plan.dropped.union(expected.plan.emptied))
    return frozenset(name for (name,) in connection.execute(_CASCADES, (emptied,)))


def _rows(connection: Database, table: str) -> int:
    query = sql.SQL("select count(*) from {}").format(sql.Identifier("public", table))
    return number(connection, query)


def _row_differences(
    expected: Expected, counts: dict[str, int], fewer: frozenset[str]
) -> Iterator[str]:
    for table in sorted(set(expected.rows) | set(counts)):
        wanted, found = expected.rows.get(table), counts.get(table)
        if wanted is None or found is None:
            yield f"{table} is {'unknown to the manifest' if wanted is None else 'missing'}"
        elif table not in NEUTRALIZED and not (
            found <= wanted if table in fewer else found == wanted
        ):
            yield f"{table} has {found} rows instead of {wanted}"


def _orphans(
    connection: Database, child: str, parent: str, columns: list[str], references: list[str]
) -> bool:
    """Whether a row refers to nothing. ``child`` and ``parent`` are quoted by PostgreSQL itself."""
    matches = (
        sql.SQL("c.{} = p.{}").format(sql.Identifier(column), sql.Identifier(reference))
        for column, reference in zip(columns, references, strict=True)
    )
    present = (sql.SQL("c.{} is not null").format(sql.Identifier(column)) for column in columns)
    query = sql.SQL(
        "select exists (select from {} c where {} and not exists (select from {} p where {}))"
    ).format(
        sql.SQL(child),
        sql.SQL(" and ").join(present),
        sql.SQL(parent),
        sql.SQL(" and ").join(matches),
    )
    return bool(number(connection, query))


def _if_behind(name: str, sequence: str, table: str, column: str) -> sql.Composed:
    """Says what is wrong with one, or nothing; all are asked at once: there are hundreds."""
    return sql.SQL(
        "select {} where (select coalesce(max({}), 0) from {}) >="
        " (select last_value + is_called::integer from {})"
    ).format(
        sql.Literal(f"{name} would repeat values of {table}.{column}"),
        sql.Identifier(column),
        sql.Identifier("public", table),
        sql.SQL(sequence),
    )


def _has_is_storable(connection: Database) -> bool:
    query = """
        select from pg_attribute
        where attrelid = 'product_template'::regclass and attname = 'is_storable'
    """
    return connection.execute(query).fetchone() is not None


DATA_CHECKS = (
    Check("rows-complete", rows_are_complete),
    Check("modules-same", modules_are_the_same),
    Check("foreign-keys-hold", foreign_keys_hold),
    Check("sequences-ahead", sequences_are_ahead),
    Check("posted-entries-balance", posted_entries_balance, module="account"),
    Check("stock-matches-moves", stock_matches_moves, module="stock"),
)
