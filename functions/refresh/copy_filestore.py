"""Copy the files that the sanitized database refers to."""

from functions.refresh.clones import incoming_clone
from functions.refresh.filestores import put_file, referred_files, sizes_in
from functions.refresh.targets import BUDGET, go_on, target_of
from shared.backups import read_manifest
from shared.blobs import Blobs
from shared.estate import Estate
from shared.filestore import filestore_of, within_budget
from shared.messages.refresh import EndpointsRemapped, FilestoreCopied
from shared.postgres.databases import Databases
from shared.runs import Again, Run, still_mine


def copy_filestore(
    remapped: EndpointsRemapped, *, run: Run, estate: Estate, blobs: Blobs, databases: Databases
) -> FilestoreCopied | Again:
    """Copy, inside the storage account, what the environment's filestore does not have yet.

    Files that nothing in the sanitized database refers to stay behind: dropped rows take their
    files with them, and the original of a replaced document is never copied. Nothing is deleted:
    the previous database still refers to what is there.

    Safe to repeat: files are named after their content, and what is there is not copied again.

    Raises FilestoreIncomplete and BlobMissing when a file is neither there nor in the backup.
    """
    target = target_of(run, estate)
    manifest, _ = read_manifest(blobs, remapped.manifest, remapped.manifest_sha256)
    with incoming_clone(databases, target, run) as connection:
        files = referred_files(connection, blobs, remapped.manifest, manifest, target.environment)
    there = sizes_in(blobs, filestore_of(target.environment))
    missing = [file for file in files if there.get(file.target) != file.size]
    still_mine(run)
    copied = within_budget(lambda file: put_file(blobs, file), missing, BUDGET)
    if len(copied) < len(missing):
        return go_on(run, "copy files", len(files) - len(missing) + len(copied), len(files))
    return remapped.become(
        FilestoreCopied, files=len(files), bytes=sum(file.size for file in files)
    )
