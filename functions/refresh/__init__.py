"""Refresh an environment that is not production from a completed backup of production.

    find       the backup is complete, sound and young enough
    restore    the rows, into a database of the run's own, which nobody can reach
    mask       personal data becomes invented data
    build      indexes and constraints, once, over masked rows
    sanitize   empty queues and logs, switch off everything that reaches out
    remap      addresses of production become the environment's own
    copy       the files that the sanitized database refers to
    verify     every check, of rows and of files, or nobody gets to see it
    prove      the whole database is searched for what masking replaced, and certified
    keep       a certified copy, if engineers may ask for clones of it
    publish    exchange the databases by name, keep the old one for a while

Until the last step users work on the environment as it was; when any step fails, what the run did
is undone and they never notice.
"""

from datetime import timedelta

from functions.refresh.build_indexes import build_indexes
from functions.refresh.copy_filestore import copy_filestore
from functions.refresh.find_backup import find_backup
from functions.refresh.keep_certified import drop_certified, keep_certified
from functions.refresh.mask_database import mask_database
from functions.refresh.prove_sanitized import prove_sanitized
from functions.refresh.publish_environment import publish_environment, swap_back
from functions.refresh.remap_endpoints import remap_endpoints, restore_endpoints
from functions.refresh.restore_backup import drop_incoming, restore_backup
from functions.refresh.sanitize_database import sanitize_database
from functions.refresh.verify_environment import verify_environment
from shared.errors import PermanentError
from shared.estate import Estate
from shared.messages.refresh import BackupCompleted
from shared.runs import Runbook, Step


class NotRefreshedFrom(PermanentError):
    """The event names a target that the estate does not refresh from its environment."""


def concerned(event: BackupCompleted, estate: Estate) -> tuple[str, ...]:
    """The environments that a backup refreshes, or the one of them that the event names.

    One that is refreshed by the clock is only refreshed when the event names it.
    """
    source = estate.environment(event.environment).name
    targets = tuple(environment.name for environment in estate.refreshed_from(source))
    if event.target is None:
        return tuple(name for name in targets if not _by_the_clock(name, estate))
    if event.target not in targets:
        raise NotRefreshedFrom(
            f"{event.target} is not refreshed from {source}: the estate names "
            f"{', '.join(targets) or 'none'}; state refresh_from there, or another target"
        )
    return (event.target,)


def _by_the_clock(name: str, estate: Estate) -> bool:
    schedule = estate.schedule_of(name)
    return schedule is not None and schedule.refresh is not None


RUNBOOK = Runbook(
    name="refresh",
    on=BackupCompleted,
    concerns=concerned,
    coalesce=lambda event: event.manifest,
    steps=(
        Step(find_backup),
        Step(restore_backup, undo=drop_incoming, max_attempts=3, time_limit=timedelta(hours=8)),
        Step(mask_database, time_limit=timedelta(hours=4)),
        Step(build_indexes, max_attempts=3, time_limit=timedelta(hours=8)),
        Step(sanitize_database, time_limit=timedelta(hours=4)),
        Step(remap_endpoints, undo=restore_endpoints),
        Step(copy_filestore, time_limit=timedelta(hours=8)),
        Step(verify_environment, time_limit=timedelta(hours=4)),
        Step(prove_sanitized, time_limit=timedelta(hours=4)),
        Step(keep_certified, undo=drop_certified, time_limit=timedelta(hours=4)),
        Step(publish_environment, undo=swap_back, time_limit=timedelta(minutes=20)),
    ),
    overdue_after=timedelta(hours=6),
)
