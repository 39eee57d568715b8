"""Neutralization: a clone that wakes up must reach nobody outside and let nobody in."""

import fnmatch
import re
import secrets
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from shared.masking.modules import ModuleRule
from shared.odoo.changes import differences
from shared.odoo.clone import Clone, Schema, read_schema
from shared.odoo.settings import HARMLESS_PARAMETER, KEPT_PARAMETERS, NO_SERVER, SECRET_PARAMETER
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

_OTHER_SECRETS = ("ir_config_parameter", "ir_act_server")


@dataclass(frozen=True)
class NeutralizationReport:
    """Rows changed per table, and the keys of the system parameters that were removed."""

    changed: dict[str, int]
    removed_parameters: tuple[str, ...]


def neutralize(
    connection: Database, clone: Clone, rules: Sequence[ModuleRule]
) -> NeutralizationReport:
    """Switch off everything that reaches out of the database, and remove every credential.

    ``rules`` say what that is for each module; they apply as far as their tables exist.

    One transaction; then the tables that held credentials are rewritten, so that no dead row keeps
    one. The connection is in autocommit. Repeating it changes nothing but ``database.secret``.

    Raises NotAClone and StaleEpoch before anything is changed.
    """
    changed: Counter[str] = Counter()
    with connection.transaction():
        require_clone(connection, run_id=clone.run_id, epoch=clone.epoch)
        schema = read_schema(connection)
        for difference in differences(schema, rules):
            changed[difference.table] += connection.execute(difference.mend).rowcount
        changed.update(_switch_off(connection, schema))
        parameters = {key: value for rule in rules for key, value in rule.parameters.items()}
        removed = _remove_parameters(connection, parameters)
        changed["ir_config_parameter"] += _set_parameters(connection, parameters)
        renew_identity(connection, clone)
    _forget_dead_rows(connection, schema, rules)
    return NeutralizationReport(
        {table: rows for table, rows in sorted(changed.items()) if rows}, removed
    )


def set_parameter(connection: Database, key: str, value: str) -> int:
    """Write one system parameter; return 1 if that changed anything, else 0."""
    return connection.execute(_SET_PARAMETER, (key, value)).rowcount


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


def _remove_parameters(connection: Database, decided: Mapping[str, str | None]) -> tuple[str, ...]:
    """Delete every system parameter that is to go, or not known to be harmless."""
    rows = connection.execute("select key, coalesce(value, '') from ir_config_parameter")
    doomed = sorted(
        key
        for key, value in rows
        if (decided[key] is None if key in decided else not _is_harmless(key, value))
    )
    connection.execute("delete from ir_config_parameter where key = any (%s)", (doomed,))
    return tuple(doomed)


def _set_parameters(connection: Database, decided: Mapping[str, str | None]) -> int:
    return sum(
        set_parameter(connection, key, value) for key, value in decided.items() if value is not None
    )


def _is_harmless(key: str, value: str) -> bool:
    if any(fnmatch.fnmatchcase(key, pattern) for pattern in KEPT_PARAMETERS):
        return True
    if re.search(SECRET_PARAMETER, key):
        return False
    return re.fullmatch(HARMLESS_PARAMETER, value) is not None


def renew_identity(connection: Database, clone: Clone) -> None:
    """Make it another database to Odoo's services, whose signatures production does not accept."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"signalbox:{clone.run_id}:{clone.epoch}")
    set_parameter(connection, "database.uuid", str(identity))
    set_parameter(connection, "database.secret", secrets.token_hex(32))
    set_parameter(connection, "database.is_neutralized", "true")


def _forget_dead_rows(connection: Database, schema: Schema, rules: Sequence[ModuleRule]) -> None:
    tables = {table for rule in rules for table in rule.empty}
    for change in (change for rule in rules for change in rule.changes if change.secret):
        tables.update(name for name in change.tables if change.columns_of(schema.get(name, {})))
    for table in sorted(tables.union(_OTHER_SECRETS).intersection(schema)):
        connection.execute(sql.SQL("vacuum (full, analyze) {}").format(sql.Identifier(table)))
