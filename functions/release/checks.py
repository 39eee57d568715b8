"""What must hold of a database that a release has changed; each check can fail, none writes."""

from collections.abc import Mapping
from typing import LiteralString

import psycopg

from shared.odoo.checks import Outcome, verdict
from shared.odoo.clone import installed_modules
from shared.odoo.data_checks import (
    posted_entries_balance,
    sequences_are_ahead,
    stock_matches_moves,
)
from shared.postgres.marker import Database

_UNSETTLED: LiteralString = """
select name, state from ir_module_module
where state in ('to install', 'to upgrade', 'to remove') order by name
"""


def modules_are_settled(connection: Database) -> Outcome:
    """No module waits to be installed, upgraded or removed."""
    rows = connection.execute(_UNSETTLED).fetchall()
    return verdict([f"{name} is {state}" for name, state in rows], "all modules are settled")


CHECKS = (
    ("modules-settled", None, modules_are_settled),
    ("sequences-ahead", None, sequences_are_ahead),
    ("posted-entries-balance", "account", posted_entries_balance),
    ("stock-matches-moves", "stock", stock_matches_moves),
)
"""Name, the module without which it does not apply, the question."""


def failing_checks(connection: Database) -> Mapping[str, str]:
    """Why, by name, for each check that fails; what could not be asked has failed."""
    modules = installed_modules(connection)
    found: dict[str, str] = {}
    for name, module, ask in CHECKS:
        if module is not None and module not in modules:
            continue
        try:
            with connection.transaction():
                passed, detail, _ = ask(connection)
        except psycopg.Error as error:
            passed, detail = False, f"could not run: {error.diag.message_primary}"
        if not passed:
            found[name] = detail
    return found
