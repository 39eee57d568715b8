"""Remapping: the clone speaks of itself under its own addresses, never under production's."""

from dataclasses import dataclass
from typing import LiteralString

from shared.odoo.clone import Clone, Schema, read_schema
from shared.odoo.hostnames import Finding, replace_hostnames
from shared.odoo.neutralize import set_parameter
from shared.postgres.marker import Database, require_clone

_DOMAINS: LiteralString = """
update mail_alias_domain set name = wanted.name
from (
    select id, case row_number() over (order by id)
        when 1 then %(host)s::text
        else 'd' || id || '.' || %(host)s end as name
    from mail_alias_domain
) wanted
where wanted.id = mail_alias_domain.id and wanted.name is distinct from mail_alias_domain.name
"""

_ALIASES: LiteralString = """
update mail_alias set alias_full_name = alias_name || '@' || domain.name
from mail_alias_domain domain
where domain.id = mail_alias.alias_domain_id
  and alias_full_name is distinct from alias_name || '@' || domain.name
"""

_COMPANIES: LiteralString = """
update res_company set alias_domain_name = domain.name
from mail_alias_domain domain
where domain.id = res_company.alias_domain_id
  and alias_domain_name is distinct from domain.name
"""


@dataclass(frozen=True)
class RemapReport:
    """Settings changed, and the columns in which production's host names were replaced."""

    settings: int
    replaced: tuple[Finding, ...]


def remap_settings(connection: Database, clone: Clone) -> RemapReport:
    """Write the clone's base URL and mail domain, and replace every host name of production.

    One transaction. Repeating it changes nothing. Raises NotAClone and StaleEpoch.
    """
    with connection.transaction():
        require_clone(connection, run_id=clone.run_id, epoch=clone.epoch)
        settings = _set_parameters(connection, clone)
        settings += _set_mail_domains(connection, read_schema(connection), clone)
        return RemapReport(settings, replace_hostnames(connection, clone.hostnames))


def _set_parameters(connection: Database, clone: Clone) -> int:
    wanted = {
        "web.base.url": clone.base_url,
        "web.base.url.freeze": "True",
        "report.url": clone.base_url,
        "mail.catchall.domain": clone.host,
        "mail.default.from": f"odoo@{clone.host}",
    }
    return sum(set_parameter(connection, key, value) for key, value in wanted.items())


def _set_mail_domains(connection: Database, schema: Schema, clone: Clone) -> int:
    if "mail_alias_domain" not in schema:
        return 0
    changed = connection.execute(_DOMAINS, {"host": clone.host}).rowcount
    if "alias_full_name" in schema["mail_alias"]:
        changed += connection.execute(_ALIASES).rowcount
    if "alias_domain_name" in schema["res_company"]:
        changed += connection.execute(_COMPANIES).rowcount
    return changed
