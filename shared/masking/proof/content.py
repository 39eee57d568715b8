"""What "exactly this content" means: which rows a database holds, told without reading them."""

import hashlib
import json
from typing import LiteralString

from shared.postgres.marker import Database

_STATE: LiteralString = """
select n.nspname || '.' || c.relname, c.oid::bigint, pg_relation_filenode(c.oid)::bigint,
       s.n_tup_ins, s.n_tup_upd, s.n_tup_del,
       (select string_agg(format('%s %s', a.attname, format_type(a.atttypid, a.atttypmod)), ','
                          order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_stat_all_tables s on s.relid = c.oid
where c.relkind in ('r', 'p', 'm')
  and n.nspname <> 'information_schema' and n.nspname !~ '^(pg_|signalbox)'
  or c.oid = 'pg_catalog.pg_largeobject'::regclass
order by 1
"""

_IDENTITY: LiteralString = """
select d.oid::bigint, s.stats_reset::text
from pg_database d join pg_stat_database s on s.datid = d.oid where d.datname = current_database()
"""


def fingerprint(connection: Database) -> str:
    """Changes whenever a row of any table is inserted, updated or deleted, a table is rewritten,
    emptied, made or dropped, or its columns change; not with the database's name.

    It is made of PostgreSQL's own counters of written rows and its file numbers. A crash of the
    server sets the counters back: then the fingerprint changes although nothing was written, and a
    certificate for the old one is refused.
    """
    connection.execute("select pg_stat_force_next_flush()")
    connection.execute("select pg_stat_clear_snapshot()")
    state = [*connection.execute(_IDENTITY), *connection.execute(_STATE)]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()
