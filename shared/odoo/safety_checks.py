"""Checks of safety: the clone is masked, reaches nobody, and does not speak of production."""

from collections.abc import Callable
from typing import LiteralString

from psycopg import sql

from shared.masking.catalogue import Column
from shared.odoo.changes import differences
from shared.odoo.checks import Check, Expected, Outcome, number, verdict
from shared.odoo.clone import read_schema
from shared.odoo.documents import real_documents
from shared.odoo.hostnames import find_hostnames
from shared.odoo.settings import NO_SERVER
from shared.postgres.asking import value
from shared.postgres.marker import Database, read_marker

_FLAG: LiteralString = """
select count(*) from ir_config_parameter where key = 'database.is_neutralized' and value = 'true'
"""

_MAIL_SERVERS: LiteralString = """
select id from ir_mail_server
where (active and smtp_host <> {host}) or smtp_user <> '' or smtp_pass <> ''
order by id
"""

_DUMMY: LiteralString = "select count(*) from ir_mail_server where active and smtp_host = {host}"

_CRONS: LiteralString = """
select id from ir_cron
where active and id not in (
    select res_id from ir_model_data
    where model = 'ir.cron' and module = 'base' and name = 'autovacuum_job')
order by id
"""

_FETCHING: LiteralString = "select id from fetchmail_server where active order by id"

_QUEUED: LiteralString = "select id from mail_mail where state = 'outgoing' order by id"

_PAYMENTS: LiteralString = "select id from payment_provider where state = 'enabled' order by id"

_CARRIERS: LiteralString = "select id from delivery_carrier where prod_environment order by id"


def clone_is_marked(connection: Database, expected: Expected) -> Outcome:
    """The database is the clone of this run and epoch."""
    marker = read_marker(connection)
    ours = marker is not None and (marker.run_id, marker.epoch) == (
        expected.clone.run_id,
        expected.clone.epoch,
    )
    return verdict([] if ours else [f"the marker is {marker}"], "marked as this run's clone")


def masking_is_finished(connection: Database, expected: Expected) -> Outcome:
    """Every table of the plan is recorded as masked by the plan's policy."""
    query = "select table_path from signalbox.masked_tables where policy_hash = %s"
    done = {path for (path,) in connection.execute(query, (expected.plan.policy_hash,))}
    planned = {table.table.path for table in expected.plan.tables}
    wrong = [f"{path} is not masked" for path in sorted(planned - done)]
    wrong += [f"{gap.path} is not covered" for gap in expected.plan.gaps]
    return verdict(wrong, f"{len(planned)} tables masked", tables=len(planned))


def addresses_are_masked(connection: Database, expected: Expected) -> Outcome:
    """Every e-mail address in a masked column ends in ``.invalid``."""
    columns = expected.plan.masked_by("email") + expected.plan.masked_by("login")
    if not columns:
        return False, "the policy masks no e-mail column", {}
    found = ((column, _real_addresses(connection, column)) for column in columns)
    wrong = [f"{column.path}: {rows} rows" for column, rows in found if rows]
    return verdict(wrong, f"{len(columns)} columns", columns=len(columns))


def documents_are_replaced(connection: Database, expected: Expected) -> Outcome:
    """Every attachment is a placeholder, unless a rule of the policy keeps it."""
    wrong = [f"attachment {key}" for key in real_documents(connection, expected.plan.attachments)]
    return verdict(wrong, "no document but those that the policy keeps")


def flag_is_set(connection: Database, _: Expected) -> Outcome:
    """Odoo itself takes the database for neutralized."""
    wrong = [] if number(connection, sql.SQL(_FLAG)) else ["database.is_neutralized is not true"]
    return verdict(wrong, "database.is_neutralized is true")


def modules_are_neutralized(connection: Database, expected: Expected) -> Outcome:
    """Every module has a verdict, and everything is as the policy wants it for a quiet clone."""
    verdicts = expected.plan.verdicts
    wrong = [f"module {name} has no verdict" for name in sorted(expected.modules.keys() - verdicts)]
    for difference in differences(read_schema(connection), expected.plan.neutralization):
        if rows := number(connection, difference.count):
            wrong.append(f"{difference.table}: {rows} rows are not neutralized")
    return verdict(wrong, f"{len(verdicts)} modules", modules=len(verdicts))


def mail_goes_nowhere(connection: Database, _: Expected) -> Outcome:
    """No outgoing server is active but the one that leads nowhere; none has credentials."""
    host = sql.Literal(NO_SERVER)
    rows = connection.execute(sql.SQL(_MAIL_SERVERS).format(host=host))
    wrong = [f"mail server {key}" for (key,) in rows]
    if number(connection, sql.SQL(_DUMMY).format(host=host)) == 0:
        wrong.append("no mail server that leads nowhere: Odoo would use its default")
    return verdict(wrong, "mail leads nowhere")


def hostnames_are_gone(connection: Database, expected: Expected) -> Outcome:
    """No column of any table mentions a host name of production."""
    names = expected.clone.hostnames
    if not names:
        return False, "no host name of production is known, so none was searched", {}
    wrong = [str(finding) for finding in find_hostnames(connection, names)]
    return verdict(wrong, f"{len(names)} host names are gone", hostnames=len(names))


def addresses_itself(connection: Database, expected: Expected) -> Outcome:
    """``web.base.url`` is the clone's own."""
    url = value(connection, "select value from ir_config_parameter where key = 'web.base.url'")
    ours = url == expected.clone.base_url
    return verdict([] if ours else ["web.base.url is not the clone's"], expected.clone.base_url)


def _none(query: LiteralString, what: str) -> Callable[[Database, Expected], Outcome]:
    """A check that fails for each row that the query gives."""

    def ask(connection: Database, _: Expected) -> Outcome:
        wrong = [f"{what} {key}" for (key,) in connection.execute(query)]
        return verdict(wrong, f"no {what}")

    return ask


def _real_addresses(connection: Database, column: Column) -> int:
    query = sql.SQL("select count(*) from {} where lower({}::text) ~ {}").format(
        sql.Identifier(column.schema, column.table),
        sql.Identifier(column.name),
        sql.Literal(r"@(?![^\s@,;<>\"]*\.invalid(?![a-z0-9.-]))"),
    )
    return number(connection, query)


SAFETY_CHECKS = (
    Check("clone-marked", clone_is_marked),
    Check("masking-finished", masking_is_finished),
    Check("addresses-masked", addresses_are_masked),
    Check("documents-replaced", documents_are_replaced),
    Check("neutralized-flag", flag_is_set),
    Check("modules-neutralized", modules_are_neutralized),
    Check("mail-goes-nowhere", mail_goes_nowhere),
    Check("no-active-cron", _none(_CRONS, "active scheduled action")),
    Check("no-mail-fetched", _none(_FETCHING, "active incoming mail server"), module="mail"),
    Check("no-queued-mail", _none(_QUEUED, "waiting mail"), module="mail"),
    Check("no-live-payment", _none(_PAYMENTS, "enabled payment provider"), module="payment"),
    Check("no-live-carrier", _none(_CARRIERS, "carrier in production"), module="delivery"),
    Check("hostnames-gone", hostnames_are_gone),
    Check("own-address", addresses_itself),
)
