"""What stands in the way of rewriting a column, taken down and put up again in one transaction.

PostgreSQL refuses to alter a column that a view, a trigger's column list, a row policy or a
publication's filter or column list mentions, and one that a generated column is computed from.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql
from psycopg.rows import class_row

from shared.masking.catalogue import Table
from shared.postgres.marker import Database

_VIEWS: LiteralString = """
with recursive blocking (oid, depth) as (
    select r.ev_class, 1
    from pg_depend d
    join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where d.refclassid = 'pg_class'::regclass and d.refobjid = %(table)s::regclass
      and a.attname = any (%(columns)s) and r.ev_class <> d.refobjid
    union
    select r.ev_class, b.depth + 1
    from blocking b
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = b.oid
    join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    where r.ev_class <> b.oid
), ordered as (
    select oid, max(depth) as depth from blocking group by oid
), described as (
    select c.oid, o.depth, c.relacl, c.relowner, c.relkind, c.reloptions, c.oid::regclass as name,
           case c.relkind when 'm' then 'materialized view' else 'view' end as what
    from ordered o join pg_class c on c.oid = o.oid
)
select format('drop %%s %%s', what, name) as down,
       format('create %%s %%s%%s as %%s', what, name,
              ' with (' || array_to_string(reloptions, ', ') || ')', pg_get_viewdef(oid))
       || format(';alter %%s %%s owner to %%I', what, name, pg_get_userbyid(relowner))
       || coalesce((
           select string_agg(format(';grant %%s on %%s to %%s', g.privilege_type, name,
               case g.grantee when 0 then 'public'
                              else quote_ident(pg_get_userbyid(g.grantee)) end), '')
           from aclexplode(relacl) g where g.grantee <> relowner), '')
       || format(';comment on %%s %%s is %%L', what, name, obj_description(oid, 'pg_class'))
       || coalesce((select string_agg(';' || pg_get_indexdef(i.indexrelid), '')
            from pg_index i where i.indrelid = described.oid), '') as up
from described order by depth desc
"""

_TRIGGERS: LiteralString = """
select distinct format('drop trigger %%I on %%s', t.tgname, t.tgrelid::regclass) as down,
       pg_get_triggerdef(t.oid)
       || case t.tgenabled when 'O' then '' else format(
           ';alter table %%s %%s trigger %%I', t.tgrelid::regclass,
           case t.tgenabled when 'D' then 'disable' when 'R' then 'enable replica'
                            else 'enable always' end,
           t.tgname) end as up
from pg_trigger t
join pg_depend d
  on d.classid = 'pg_trigger'::regclass and d.objid = t.oid and d.refobjid = t.tgrelid
join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where t.tgrelid = %(table)s::regclass and a.attname = any (%(columns)s) and not t.tgisinternal
"""

_POLICIES: LiteralString = """
select distinct format('drop policy %%I on %%s', p.polname, p.polrelid::regclass) as down,
       format('create policy %%I on %%s as %%s for %%s to %%s', p.polname, p.polrelid::regclass,
              case when p.polpermissive then 'permissive' else 'restrictive' end,
              case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                            when 'd' then 'delete' else 'all' end,
              (select string_agg(case r when 0 then 'public'
                                        else quote_ident(pg_get_userbyid(r)) end, ', ')
               from unnest(p.polroles) r))
       || coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
       || coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') as up
from pg_policy p
join pg_depend d
  on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refobjid = p.polrelid
join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where p.polrelid = %(table)s::regclass and a.attname = any (%(columns)s)
"""

_PUBLICATIONS: LiteralString = """
select format('alter publication %%I drop table %%s', p.pubname, r.prrelid::regclass) as down,
       format('alter publication %%I add table %%s', p.pubname, r.prrelid::regclass)
       || coalesce((
           select ' (' || string_agg(quote_ident(a.attname), ', ' order by a.attnum) || ')'
           from pg_attribute a where a.attrelid = r.prrelid and a.attnum = any (r.prattrs)), '')
       || coalesce(' where (' || pg_get_expr(r.prqual, r.prrelid) || ')', '') as up
from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
where r.prrelid = %(table)s::regclass and (r.prqual is not null or r.prattrs is not null)
"""

_ROW_TRIGGERS: LiteralString = """
select format('alter table %%s disable trigger %%I', t.tgrelid::regclass, t.tgname) as down,
       format('alter table %%s enable %%s trigger %%I', t.tgrelid::regclass,
              case t.tgenabled when 'A' then 'always' when 'R' then 'replica' else '' end,
              t.tgname) as up
from pg_trigger t
where t.tgrelid = %(table)s::regclass and not t.tgisinternal and t.tgenabled <> 'D'
"""

_SOURCES: LiteralString = """
select distinct a.attname
from pg_attribute g
join pg_attrdef e on e.adrelid = g.attrelid and e.adnum = g.attnum
join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = e.oid
join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where g.attrelid = %(table)s::regclass and g.attgenerated <> '' and d.refobjid = g.attrelid
  and a.attnum <> g.attnum
"""


@dataclass(frozen=True)
class _Blocker:
    down: str
    up: str


@contextmanager
def blockers_lifted(connection: Database, table: Table, columns: Sequence[str]) -> Iterator[None]:
    """Views, triggers, policies and publications are gone inside the block and back after it.

    Those that mention one of the columns. Must run in a transaction: an error inside leaves them
    to the rollback.
    """
    queries = (_VIEWS, _TRIGGERS, _POLICIES, _PUBLICATIONS)
    with _lifted(connection, [b for q in queries for b in _find(connection, q, table, columns)]):
        yield


@contextmanager
def triggers_silenced(connection: Database, table: Table) -> Iterator[None]:
    """No trigger of the table fires inside the block, which must be in a transaction."""
    with _lifted(connection, _find(connection, _ROW_TRIGGERS, table, ())):
        yield


def sources_of_generated(connection: Database, table: Table) -> frozenset[str]:
    """The columns from which generated ones of the table are computed."""
    name = table.identifier.as_string(connection)
    return frozenset(each for (each,) in connection.execute(_SOURCES, {"table": name}))


@contextmanager
def _lifted(connection: Database, blockers: Sequence[_Blocker]) -> Iterator[None]:
    for blocker in blockers:
        _run(connection, blocker.down)
    yield
    for blocker in reversed(blockers):
        _run(connection, blocker.up)


def _find(
    connection: Database, query: LiteralString, table: Table, columns: Sequence[str]
) -> list[_Blocker]:
    name = table.identifier.as_string(connection)
    with connection.cursor(row_factory=class_row(_Blocker)) as cursor:
        return cursor.execute(query, {"table": name, "columns": list(columns)}).fetchall()


def _run(connection: Database, statements: str) -> None:
    """Run statements that PostgreSQL itself has just written, from its own catalogue."""
    connection.execute(sql.SQL(statements))
