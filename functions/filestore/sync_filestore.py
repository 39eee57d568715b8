"""Prove the files that a database refers to, and bring what is missing."""

from collections.abc import Sequence
from datetime import timedelta

from shared.blobs import Blobs
from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.filestore import Seen, filestore_of, sync_files
from shared.masking import load_policy
from shared.masking.policy import AttachmentRule
from shared.messages.filestore import FilestoreSynced, FilestoreSyncRequested
from shared.postgres.databases import Databases
from shared.runs import Again, Run, still_mine


class FilesNotWhole(PermanentError):
    """Attachments refer to files that are not there, or are not what their names say."""


def sync_filestore(
    requested: FilestoreSyncRequested,
    *,
    run: Run,
    estate: Estate,
    blobs: Blobs,
    databases: Databases,
) -> FilestoreSynced | Again:
    """Look through every file that the environment's database refers to; bring what is not whole.

    From an environment with real data only documents that the masking policy keeps come to one
    without; a placeholder is written anew. Nothing is deleted.

    Safe to repeat: what is whole is not copied again. How far it came is in the checkpoint.

    Raises FilesNotWhole in the end, when everything that could be brought was.
    """
    target, source = estate.environment(run.environment), estate.environment(requested.source)
    still_mine(run)
    seen = Seen.model_validate(run.checkpoint.get("seen", {}))
    with databases.connect(target.database.server, target.database.name) as found:
        rules = _rules(source, target)
        seen = sync_files(
            found, blobs, filestore_of(target), filestore_of(source), seen, rules=rules
        )
    if not seen.finished:
        progress = {"phase": "prove files", "done": seen.files, "of": seen.of}
        return Again(timedelta(0), {"seen": seen.model_dump(), "progress": progress})
    if seen.problems:
        raise FilesNotWhole(
            f"{target.name}: of {seen.files} files {seen.problems} are not whole, {seen.copied} "
            f"were brought from {source.name}; {'; '.join(seen.named)}. Repair the filestore of "
            f"{source.name}, or the attachments"
        )
    facts = seen.model_dump(include={"files", "bytes", "copied", "copied_bytes"})
    return FilestoreSynced(source=source.name, **facts)


def _rules(source: Environment, target: Environment) -> Sequence[AttachmentRule] | None:
    """What may leave real data; None when nothing has to be kept back."""
    if target.environment_class.holds_real_data or not source.environment_class.holds_real_data:
        return None
    return load_policy(target.masking).attachments
