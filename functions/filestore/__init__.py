"""Bring an environment the attachments that its database refers to, from another one's filestore.

sync    each file proven by its SHA-1; what is missing or not whole is copied inside storage
"""

from datetime import timedelta

from functions.filestore.sync_filestore import sync_filestore
from shared.errors import PermanentError
from shared.estate import Estate
from shared.messages.filestore import FilestoreSyncRequested
from shared.runs import Runbook, Step


class FilesFlowBack(PermanentError):
    """Files of an environment without real data are never brought to one that has it."""


def concerned(event: FilestoreSyncRequested, estate: Estate) -> tuple[str, ...]:
    """The environment that is named. Raises FilesFlowBack."""
    target, source = estate.environment(event.environment), estate.environment(event.source)
    real = target.environment_class.holds_real_data
    if target is source or (real and not source.environment_class.holds_real_data):
        raise FilesFlowBack(
            f"no files go from {source.name} to {target.name}: name a source that is another "
            f"environment{' with real data' if real else ''}"
        )
    return (target.name,)


RUNBOOK = Runbook(
    name="filestore",
    on=FilestoreSyncRequested,
    concerns=concerned,
    coalesce=lambda event: event.source,
    steps=(Step(sync_filestore, time_limit=timedelta(hours=12)),),
    overdue_after=timedelta(hours=8),
)
