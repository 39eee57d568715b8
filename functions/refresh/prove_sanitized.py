"""Search the whole incoming database for what masking replaced; certify that nothing is left."""

from functions.refresh.clones import incoming_clone, policy_of
from functions.refresh.targets import BUDGET, go_on, target_of
from shared.estate import Estate, Secrets
from shared.masking import plan_masking
from shared.masking.proof import ProofProgress, prove
from shared.messages.refresh import EnvironmentVerified, SanitizationProven
from shared.postgres.databases import Databases
from shared.runs import Again, Run


def prove_sanitized(
    verified: EnvironmentVerified,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    databases: Databases,
) -> SanitizationProven | Again:
    """Read every table once, after everything that writes to them; sign what was found.

    Safe to repeat: the clone records which tables were read, and a certificate for what is in the
    database now is not made again.

    Raises LeaksFound, which names the columns and rows and no value, and CanariesMissed when the
    search itself cannot be trusted.
    """
    target = target_of(run, estate)
    key = secrets.resolve(estate.masking_key).encode()
    with incoming_clone(databases, target, run) as connection:
        plan = plan_masking(connection, policy_of(target.environment))
        found = prove(connection, plan, key, run_id=str(run.id), epoch=run.epoch, budget=BUDGET)
    if isinstance(found, ProofProgress):
        return go_on(run, "search", found.done, found.of)
    return verified.become(SanitizationProven, certificate=found.model_dump_json())
