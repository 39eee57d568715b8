"""Verification: every check is asked; what could not be asked has failed."""

from collections.abc import Sequence

import psycopg

from shared.odoo.checks import Check, CheckResult, Expected
from shared.odoo.clone import installed_modules
from shared.odoo.data_checks import DATA_CHECKS
from shared.odoo.safety_checks import SAFETY_CHECKS
from shared.postgres.marker import Database

CHECKS: tuple[Check, ...] = (*SAFETY_CHECKS, *DATA_CHECKS)
"""Every check of a clone, safety first."""


def verify(
    connection: Database, expected: Expected, checks: Sequence[Check] = CHECKS
) -> tuple[CheckResult, ...]:
    """Ask the checks of the connected clone; nothing is changed.

    A check that cannot be asked has failed; it does not apply only if the database itself says
    that its module is not installed. The clone may be published if every result has ``passed``.
    """
    try:
        modules = installed_modules(connection)
    except psycopg.Error as error:
        return (_could_not_run("installed-modules", error),)
    return tuple(_ask(connection, check, expected, modules) for check in checks)


def _ask(
    connection: Database, check: Check, expected: Expected, modules: frozenset[str]
) -> CheckResult:
    if check.module is not None and check.module not in modules:
        detail = f"module {check.module} is not installed"
        return CheckResult(check.name, passed=True, detail=detail, applicable=False)
    try:
        with connection.transaction():
            passed, detail, counts = check.ask(connection, expected)
    except psycopg.Error as error:
        return _could_not_run(check.name, error)
    return CheckResult(check.name, passed, detail, counts)


def _could_not_run(name: str, error: psycopg.Error) -> CheckResult:
    """The message PostgreSQL gives; not its detail, which can quote values of rows."""
    reason = error.diag.message_primary or type(error).__name__
    return CheckResult(name, passed=False, detail=f"could not run: {reason}")
