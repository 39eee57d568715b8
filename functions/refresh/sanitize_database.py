"""Mask what is left to mask in the incoming database, then neutralize it."""

from functions.refresh.clones import clone_of, incoming_clone, mask_within_budget
from functions.refresh.targets import target_of
from shared.estate import Estate, Secrets
from shared.masking import load_policy, plan_masking
from shared.messages.refresh import DatabaseSanitized, IndexesBuilt
from shared.odoo.administrator import set_administrator
from shared.odoo.documents import replace_documents
from shared.odoo.neutralize import neutralize
from shared.postgres.databases import Databases
from shared.runs import Again, Run


def sanitize_database(
    built: IndexesBuilt, *, run: Run, estate: Estate, secrets: Secrets, databases: Databases
) -> DatabaseSanitized | Again:
    """Empty the tables that the policy empties, and switch off everything that reaches out.

    Attachments that the policy does not keep refer to placeholders afterwards. No password is left
    but the administrator's, if the estate says where one is kept.

    A table that ``mask_database`` has not masked is masked here: the plan is always done whole.

    Safe to repeat: the clone records which tables are masked, so none is masked twice;
    documents that are placeholders stay so, and neutralizing changes nothing the second time;
    the administrator gets the same password again.

    Raises CoverageGap when the policy decides nothing on a column that could be personal,
    ProductionRefused and NotAClone when this is not a database that this run restored.
    """
    target = target_of(run, estate)
    with incoming_clone(databases, target, run) as connection:
        plan = plan_masking(connection, load_policy(target.environment.masking))
        key = secrets.resolve(estate.masking_key).encode()
        progress = mask_within_budget(databases, target, run, connection, plan, key)
        if isinstance(progress, Again):
            return progress
        clone = clone_of(run, target, estate, built.source)
        replace_documents(connection, clone, plan.attachments)
        neutralize(connection, clone, plan.neutralization)
        if (reference := target.environment.admin_password) is not None:
            set_administrator(connection, clone, secrets.resolve(reference))
    return built.become(DatabaseSanitized, rows_masked=progress.rows, tables_masked=progress.done)
