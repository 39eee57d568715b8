"""Bring the files that the clone refers to, inside the storage account; and remove them again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice

from functions.environments.places import made_by, own_clone, source_of
from functions.environments.traces import files_of
from shared.blobs import Blobs
from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.filestore import Seen, filestore_of, sync_files
from shared.ledger.environments import EnvironmentsOnRequest
from shared.messages.environments import CloneFilesCopied, NamespaceMade
from shared.postgres.databases import Databases
from shared.runs import Again, Run

AT_ONCE = 8
"""Requests to storage at the same time; the SDK keeps ten connections."""

BATCH = 256
"""Files that are removed in one look."""


class FilesNotWhole(PermanentError):
    """The database refers to files that its source does not have, or has damaged."""


def copy_clone_files(
    made: NamespaceMade,
    *,
    run: Run,
    estate: Estate,
    blobs: Blobs,
    databases: Databases,
    on_request: EnvironmentsOnRequest,
) -> CloneFilesCopied | Again:
    """Copy every file, and read each to prove that it is what its name says.

    Safe to repeat: what is whole is not copied again. How far it came is in the checkpoint.

    Raises FilesNotWhole in the end, which names the first.
    """
    found = made_by(run, on_request)
    source = source_of(found, estate)
    seen = Seen.model_validate(run.checkpoint.get("seen", {}))
    with own_clone(databases, found.place, run) as connection:
        ours, theirs = filestore_of(found.place), filestore_of(source)
        seen = sync_files(connection, blobs, ours, theirs, seen)
    if not seen.finished:
        progress = {"phase": "copy files", "done": seen.files, "of": seen.of}
        return Again(timedelta(0), {"seen": seen.model_dump(), "progress": progress})
    if seen.problems:
        raise FilesNotWhole(
            f"{found.name}: of {seen.files} files {seen.problems} are not whole in "
            f"{source.name}: {'; '.join(seen.named)}: refresh {source.name}, then ask again"
        )
    return made.become(CloneFilesCopied, files=seen.files, bytes=seen.bytes)


def undo_copy(
    made: NamespaceMade,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    blobs: Blobs,
    on_request: EnvironmentsOnRequest,
) -> Again | None:
    """Remove the files of the environment's folder, where there were none before.

    Safe to repeat: what is gone stays gone.
    """
    removed = delete_files(made_by(run, on_request).place, blobs)
    return Again(timedelta(0)) if removed == BATCH else None


def delete_files(place: Environment, blobs: Blobs) -> int:
    """Delete up to ``BATCH`` files of an environment; returns how many."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return len(list(pool.map(blobs.delete, islice(files_of(place, blobs), BATCH))))
