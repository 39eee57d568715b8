"""Search the whole incoming database for what masking replaced; certify that nothing is left."""

from functools import partial

from functions.refresh.clones import incoming_clone
from functions.refresh.targets import BUDGET, go_on, target_of
from shared.blobs import Blobs
from shared.estate import Environment, Estate, Secrets
from shared.filestore import filestore_of
from shared.masking import load_policy, plan_masking, settle
from shared.masking.proof import ClonedFile, ProofProgress, prove
from shared.messages.refresh import EnvironmentVerified, SanitizationProven
from shared.odoo.attachments import stored_files
from shared.odoo.placeholders import CONTENTS
from shared.postgres.databases import Databases
from shared.postgres.marker import Database
from shared.runs import Again, Run


def prove_sanitized(
    verified: EnvironmentVerified,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    blobs: Blobs,
    databases: Databases,
) -> SanitizationProven | Again:
    """Drop what changes since masking left behind, then read every table and every file that the
    clone refers to, once; sign what was found.

    It comes after everything that writes to them. Placeholders of documents are ours and not read.

    Safe to repeat: the clone records which tables were read, and a certificate for what is in the
    database now is not made again.

    Raises LeaksFound, which names the columns and rows and no value, and CanariesMissed when the
    search itself cannot be trusted.
    """
    target = target_of(run, estate)
    key = secrets.resolve(estate.masking_key).encode()
    with incoming_clone(databases, target, run) as connection:
        plan = plan_masking(connection, load_policy(target.environment.masking))
        settle(connection)
        found = prove(
            connection,
            plan,
            key,
            run_id=str(run.id),
            epoch=run.epoch,
            budget=BUDGET,
            files=_files(connection, blobs, target.environment),
        )
    if isinstance(found, ProofProgress):
        return go_on(run, "search", found.done, found.of)
    return verified.become(SanitizationProven, certificate=found.model_dump_json())


def _files(connection: Database, blobs: Blobs, environment: Environment) -> tuple[ClonedFile, ...]:
    folder = filestore_of(environment)
    return tuple(
        ClonedFile(file.path, file.size or 0, partial(blobs.read, folder + file.path))
        for file in stored_files(connection)
        if file.path not in CONTENTS
    )
