"""Ask every check of safety of exactly what people are about to get."""

from functions.environments.places import clone_of, made_by, own_clone, source_of
from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.ledger.environments import EnvironmentsOnRequest
from shared.masking import load_policy, plan_masking
from shared.messages.environments import CloneFilesCopied, CloneVerified
from shared.odoo.checks import Expected
from shared.odoo.clone import installed_modules
from shared.odoo.safety_checks import SAFETY_CHECKS, hostnames_are_gone
from shared.odoo.verify import verify
from shared.postgres.databases import Databases
from shared.postgres.marker import Database
from shared.runs import Run

CHECKS = tuple(check for check in SAFETY_CHECKS if check.ask is not hostnames_are_gone)
"""The refresh has searched all of the same rows for production's host names before it certified
them; searching them again would take as long as that."""


class CloneUnfit(PermanentError):
    """The clone is not safe to be seen, so nobody gets to see it."""


def verify_clone(
    copied: CloneFilesCopied,
    *,
    run: Run,
    estate: Estate,
    databases: Databases,
    on_request: EnvironmentsOnRequest,
) -> CloneVerified:
    """Masked by today's policy, neutralized, marked, under its own address.

    Safe to repeat: it reads only.

    Raises CloneUnfit, which names every check that failed.
    """
    found = made_by(run, on_request)
    with own_clone(databases, found.place, run) as connection:
        results = verify(
            connection, _expected(connection, run, found.place, source_of(found, estate)), CHECKS
        )
    wrong = [f"{each.name} ({each.detail})" for each in results if not each.passed]
    if wrong:
        raise CloneUnfit(
            f"{found.name}: {len(wrong)} checks failed: {'; '.join(wrong)}: refresh "
            f"{estate.offer(found.offer).source}, then ask again"
        )
    return copied.become(CloneVerified, checks=len(results))


def _expected(connection: Database, run: Run, place: Environment, source: Environment) -> Expected:
    return Expected(
        clone=clone_of(run, place),
        rows={},
        modules=dict.fromkeys(installed_modules(connection), ""),
        foreign_keys=0,
        plan=plan_masking(connection, load_policy(source.masking)),
    )
