"""Mask the rows of the incoming database, before it has indexes."""

from functions.refresh.clones import incoming_clone, mask_within_budget
from functions.refresh.targets import target_of
from shared.estate import Estate, Secrets
from shared.masking import load_policy, plan_masking
from shared.masking.coverage import refuse_gaps
from shared.masking.proof import remember
from shared.messages.refresh import DatabaseMasked, DatabaseRestored
from shared.postgres.databases import Databases
from shared.runs import Again, Run


def mask_database(
    restored: DatabaseRestored, *, run: Run, estate: Estate, secrets: Secrets, databases: Databases
) -> DatabaseMasked | Again:
    """Replace personal data by invented data in every table whose rows stay.

    Tables that lose their rows wait for ``sanitize_database``: foreign keys, which are not there
    yet, say what goes with them.

    What is replaced is remembered first, as keyed hashes, for ``prove_sanitized`` to look for.

    Safe to repeat: the clone records which tables are masked, so none is masked twice.

    Raises CoverageGap when the policy decides nothing on a column that could be personal,
    ProductionRefused and NotAClone when this is not a database that this run restored.
    """
    target = target_of(run, estate)
    with incoming_clone(databases, target, run) as connection:
        plan = plan_masking(connection, load_policy(target.environment.masking)).rewrites
        refuse_gaps(plan.gaps)
        key = secrets.resolve(estate.masking_key).encode()
        remember(connection, plan, key, run_id=str(run.id), epoch=run.epoch)
        progress = mask_within_budget(databases, target, run, connection, plan, key)
    if isinstance(progress, Again):
        return progress
    return restored.become(DatabaseMasked, policy_sha256=plan.policy_hash)
