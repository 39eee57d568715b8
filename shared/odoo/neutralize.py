"""Neutralization: a clone that wakes up must reach nobody outside and let nobody in."""

import fnmatch
import re
import secrets
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from shared.masking.catalogue import Column
from shared.odoo.clone import Clone, Schema, read_schema
from shared.odoo.settings import (
    CHANGES,
    EMPTIED,
    HARMLESS_PARAMETER,
    KEPT_PARAMETERS,
    NO_SERVER,
    SECRET_PARAMETER,
    Change,
    Value,
)
from shared.postgres.marker import Database, require_clone

_CRONS_OFF: LiteralString = """
update ir_cron set active = false
where active and id not in (
    select res_id from ir_model_data
    where model = 'ir.cron' and module = 'base' and name = 'autovacuum_job')
"""

_CODE_OFF: LiteralString = """
update ir_act_server set code = '# Disabled in this copy: the code named an outside address.'
where code ~ '[a-z]://'
"""

_SET_PARAMETER: LiteralString = """
insert into ir_config_parameter (key, value) values (%s, %s)
on conflict (key) do update set value = excluded.value
where ir_config_parameter.value is distinct from excluded.value
"""

_DUMMY_SERVER: LiteralString = """
insert into ir_mail_server ({columns})
select {values} where not exists (select from ir_mail_server where smtp_host = {host})
"""

_DUMMY_VALUES: dict[str, str | int | bool] = {
    "name": "neutralization - disable emails",
    "active": True,
    "smtp_host": NO_SERVER,
    "smtp_port": 1025,
    "smtp_encryption": "none",
    "smtp_authentication": "login",
    "sequence": 1,
}

_OTHER_SECRETS = ("ir_config_parameter", "ir_act_server", *EMPTIED)


@dataclass(frozen=True)
class NeutralizationReport:
    """Rows changed per table, and the keys of the system parameters that were removed."""

    changed: dict[str, int]
    removed_parameters: tuple[str, ...]


def neutralize(connection: Database, clone: Clone) -> NeutralizationReport:
    """Switch off everything that reaches out of the database, and remove every credential.

    One transaction; then the tables that held credentials are rewritten, so that no dead row keeps
    one. The connection is in autocommit. Repeating it changes nothing but ``database.secret``.

    Raises NotAClone and StaleEpoch before anything is changed.
    """
    changed: Counter[str] = Counter()
    with connection.transaction():
        require_clone(connection, run_id=clone.run_id, epoch=clone.epoch)
        schema = read_schema(connection)
        for change in CHANGES:
            changed[change.table] += _apply(connection, schema, change)
        changed.update(_empty(connection, schema))
        changed.update(_switch_off(connection, schema))
        removed = _remove_parameters(connection)
        _renew_identity(connection, clone)
    _forget_dead_rows(connection, schema)
    return NeutralizationReport(
        {table: rows for table, rows in sorted(changed.items()) if rows}, removed
    )


def set_parameter(connection: Database, key: str, value: str) -> int:
    """Write one system parameter; return 1 if that changed anything, else 0."""
    return connection.execute(_SET_PARAMETER, (key, value)).rowcount


def _apply(connection: Database, schema: Schema, change: Change) -> int:
    columns = schema.get(change.table, {})
    values = dict(_values(columns, change))
    if not values or not {*change.where, *change.unless} <= set(columns):
        return 0
    return connection.execute(_update(change, values)).rowcount


def _values(columns: Mapping[str, Column], change: Change) -> Iterator[tuple[str, Value]]:
    """The columns that the names and patterns stand for; a pattern clears text only, never keys."""
    for pattern, value in change.values.items():
        for name in fnmatch.filter(columns, pattern):
            column = columns[name]
            if value is None and not column.nullable:
                yield name, ""
            elif name == pattern or value is not None or column.kind in ("text", "json", "binary"):
                yield name, value


def _update(change: Change, values: dict[str, Value]) -> sql.Composed:
    assignments = (
        sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(value))
        for column, value in values.items()
    )
    differs = (
        sql.SQL("{} is distinct from {}").format(sql.Identifier(column), sql.Literal(value))
        for column, value in values.items()
    )
    limits = [sql.SQL("({})").format(sql.SQL(" or ").join(differs))]
    for column, allowed in change.where.items():
        limits.append(_any(column, allowed))
    for column, spared in change.unless.items():
        limits.append(sql.SQL("{} is not true").format(_any(column, spared)))
    return sql.SQL("update {} set {} where {}").format(
        sql.Identifier(change.table), sql.SQL(", ").join(assignments), sql.SQL(" and ").join(limits)
    )


def _any(column: str, values: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("({} = any ({}))").format(sql.Identifier(column), sql.Literal(list(values)))


def _empty(connection: Database, schema: Schema) -> dict[str, int]:
    return {
        table: connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table))).rowcount
        for table in EMPTIED
        if table in schema
    }


def _switch_off(connection: Database, schema: Schema) -> dict[str, int]:
    columns = [name for name in _DUMMY_VALUES if name in schema["ir_mail_server"]]
    dummy = sql.SQL(_DUMMY_SERVER).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(map(sql.Placeholder, columns)),
        host=sql.Literal(NO_SERVER),
    )
    return {
        "ir_cron": connection.execute(_CRONS_OFF).rowcount,
        "ir_act_server": connection.execute(_CODE_OFF).rowcount,
        "ir_mail_server": connection.execute(dummy, _DUMMY_VALUES).rowcount,
    }


def _remove_parameters(connection: Database) -> tuple[str, ...]:
    """Delete every system parameter that is not known to be harmless."""
    rows = connection.execute("select key, coalesce(value, '') from ir_config_parameter")
    doomed = sorted(key for key, value in rows if not _is_harmless(key, value))
    connection.execute("delete from ir_config_parameter where key = any (%s)", (doomed,))
    return tuple(doomed)


def _is_harmless(key: str, value: str) -> bool:
    if any(fnmatch.fnmatchcase(key, pattern) for pattern in KEPT_PARAMETERS):
        return True
    if re.search(SECRET_PARAMETER, key):
        return False
    return re.fullmatch(HARMLESS_PARAMETER, value) is not None


def _renew_identity(connection: Database, clone: Clone) -> None:
    """Make it another database to Odoo's services, whose signatures production does not accept."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"signalbox:{clone.run_id}:{clone.epoch}")
    set_parameter(connection, "database.uuid", str(identity))
    set_parameter(connection, "database.secret", secrets.token_hex(32))
    set_parameter(connection, "database.is_neutralized", "true")


def _forget_dead_rows(connection: Database, schema: Schema) -> None:
    tables = {change.table for change in CHANGES if change.secret}
    for table in sorted(tables.union(_OTHER_SECRETS).intersection(schema)):
        connection.execute(sql.SQL("vacuum (full, analyze) {}").format(sql.Identifier(table)))
