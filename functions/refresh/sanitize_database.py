"""Mask the incoming database, then neutralize it."""

from functions.refresh.clones import clone_of, incoming_clone, policy_of
from functions.refresh.targets import BUDGET, go_on, target_of
from shared.estate import Estate, Secrets
from shared.masking import mask_tables, plan_masking
from shared.messages.refresh import DatabaseRestored, DatabaseSanitized
from shared.odoo.neutralize import neutralize
from shared.postgres.databases import Databases
from shared.runs import Again, Run


def sanitize_database(
    restored: DatabaseRestored,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    databases: Databases,
) -> DatabaseSanitized | Again:
    """Replace personal data by invented data, and switch off everything that reaches out.

    Safe to repeat: the clone records which tables are masked, so none is masked twice, and
    neutralizing changes nothing the second time.

    Raises CoverageGap when the policy decides nothing on a column that could be personal,
    ProductionRefused and NotAClone when this is not a database that this run restored.
    """
    target = target_of(run, estate)
    key = secrets.resolve(estate.masking_key).encode()
    with incoming_clone(databases, target, run) as connection:
        plan = plan_masking(connection, policy_of(target.environment))
        progress = mask_tables(
            connection, plan, key, run_id=str(run.id), epoch=run.epoch, budget=BUDGET
        )
        if not progress.finished:
            return go_on(run, "mask", progress.done, progress.done + progress.remaining)
        neutralize(connection, clone_of(run, target, estate, restored.source))
    return restored.become(
        DatabaseSanitized,
        rows_masked=progress.rows,
        tables_masked=progress.done,
        policy_sha256=plan.policy_hash,
    )
