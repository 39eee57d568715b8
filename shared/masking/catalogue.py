"""What a database holds: its tables and columns, with what Odoo says about them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, LiteralString

from psycopg import sql

from shared.postgres.asking import Database, has_table
from shared.postgres.postponed import read_unique_columns

Kind = Literal["text", "json", "binary", "date", "number", "closed", "other"]

_COLUMNS: LiteralString = """
select n.nspname as schema,
       c.relname as table,
       a.attname as name,
       format_type(a.atttypid, a.atttypmod) as type,
       case when t.typname in ('json', 'jsonb') then 'json'
            when t.typname = 'bytea' then 'binary'
            when t.typcategory = 'S' then 'text'
            when t.typcategory = 'D' then 'date'
            when t.typcategory in ('N', 'T') then 'number'
            when t.typcategory in ('B', 'E') then 'closed'
            else 'other' end as kind,
       case when t.typname in ('varchar', 'bpchar') and a.atttypmod > 4
            then a.atttypmod - 4 end as max_length,
       not a.attnotnull as nullable,
       exists (
           select from pg_index i
           where i.indrelid = c.oid and i.indisunique and a.attnum = any (i.indkey)
       ) as "unique",
       a.attgenerated <> '' as generated
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_type t on t.oid = a.atttypid
where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
  and n.nspname <> 'information_schema' and n.nspname !~ '^(pg_|signalbox)'
order by n.nspname, c.relname, a.attnum
"""

_FIELDS: LiteralString = """
select replace(model, '.', '_') as table, name,
       ttype || case when translate then '/translate' else '' end as field
from ir_model_fields where store
"""

_TABLES: LiteralString = """
select n.nspname, c.relname, greatest(c.reltuples, 0)::bigint,
       exists (select from pg_constraint f where f.confrelid = c.oid and f.conrelid <> c.oid),
       coalesce(
           (select sum(pg_table_size(relid)) from pg_partition_tree(c.oid) where isleaf),
           pg_table_size(c.oid))::bigint,
       coalesce(
           (select sum(pg_indexes_size(relid)) from pg_partition_tree(c.oid) where isleaf),
           pg_indexes_size(c.oid))::bigint
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname <> 'information_schema' and n.nspname !~ '^(pg_|signalbox)'
"""

_MODULES: LiteralString = """
select name, coalesce(latest_version, '') from ir_module_module
where state in ('installed', 'to upgrade', 'to remove') order by name
"""


@dataclass(frozen=True)
class Column:
    """One column. ``field`` is Odoo's type of the field behind it ("char", "html/translate").

    ``field`` is None when Odoo does not describe the column.
    """

    schema: str
    table: str
    name: str
    type: str
    kind: Kind
    max_length: int | None = None
    nullable: bool = True
    unique: bool = False
    generated: bool = False
    field: str | None = None

    @cached_property
    def path(self) -> str:
        """``table.column``, as policies and messages write it."""
        return f"{table_path(self.schema, self.table)}.{self.name}"


@dataclass(frozen=True)
class Table:
    """One table. ``rows`` is the planner's estimate, 0 before the first analyze.

    ``bytes`` are those of its rows, ``index_bytes`` those of its indexes.
    """

    schema: str
    name: str
    rows: int
    referenced: bool
    columns: tuple[Column, ...]
    bytes: int = 0
    index_bytes: int = 0

    @property
    def path(self) -> str:
        """The table's name, with its schema unless that is ``public``."""
        return table_path(self.schema, self.name)

    @property
    def identifier(self) -> sql.Identifier:
        """The qualified name, for composing."""
        return sql.Identifier(self.schema, self.name)


def table_path(schema: str, table: str) -> str:
    """The table's name as policies and messages write it."""
    return table if schema == "public" else f"{schema}.{table}"


def read_tables(connection: Database) -> tuple[Table, ...]:
    """Every table of the connected database but PostgreSQL's and our own."""
    fields, postponed = _read_fields(connection), read_unique_columns(connection)
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, name, *facts, unique, generated in connection.execute(_COLUMNS):
        described = (
            *(schema, table, name, *facts),
            unique or (schema, table, name) in postponed,
            generated,
            fields.get((table, name)),
        )
        columns.setdefault((schema, table), []).append(Column(*described))
    tables = (
        Table(schema, name, rows, referenced, tuple(columns.get((schema, name), ())), *sizes)
        for schema, name, rows, referenced, *sizes in connection.execute(_TABLES)
    )
    return tuple(sorted(tables, key=lambda table: table.path))


def read_modules(connection: Database) -> dict[str, str]:
    """Versions of Odoo's modules that are installed, or about to be upgraded or removed.

    Nothing where there is no Odoo.
    """
    if not has_table(connection, "public.ir_module_module"):
        return {}
    return dict(connection.execute(_MODULES).fetchall())


def _read_fields(connection: Database) -> dict[tuple[str, str], str]:
    if not has_table(connection, "public.ir_model_fields"):
        return {}
    return {(table, name): field for table, name, field in connection.execute(_FIELDS)}
