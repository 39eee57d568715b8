"""Environments on request: made for somebody from a certified copy, for a while, and removed again.

    accept    the offer allows it, the name is free, a certified copy is there
    clone     inside the server, into a database that nobody can reach
    adapt     its own identity, address and owner
    furnish   a namespace with limits, its own passwords, workloads that stand still
    copy      the files that the database refers to
    verify    every check of safety, on exactly what people are about to get
    open      the one role may log in, workloads start, the route leads there

When a step fails, everything is removed again and the name is free.

    confirm   it is to go, and it is ours
    remove    the namespace with all that is in it, the databases and the role, the files
    prove     each thing is looked for; whatever is found fails the run
"""

from datetime import timedelta

from functions.environments.accept_request import accept_request, withdraw_request
from functions.environments.adapt_clone import adapt_clone
from functions.environments.clone_database import clone_database, drop_clone
from functions.environments.confirm_removal import confirm_removal
from functions.environments.copy_clone_files import copy_clone_files, undo_copy
from functions.environments.furnish_namespace import furnish_namespace, undo_furnishing
from functions.environments.open_environment import open_environment
from functions.environments.prove_removed import prove_removed
from functions.environments.remove_environment import (
    drop_databases,
    remove_clone_files,
    remove_namespace,
)
from functions.environments.verify_clone import verify_clone
from shared.errors import PermanentError
from shared.estate import Estate
from shared.messages.environments import EnvironmentExpired, EnvironmentRequested
from shared.runs import Runbook, Step


class OfTheEstate(PermanentError):
    """The name is that of an environment of the estate: nobody asks for it or has it removed."""


def requested(event: EnvironmentRequested, estate: Estate) -> tuple[str, ...]:
    """The environment itself. Raises UnknownOffer, OfTheEstate."""
    estate.offer(event.offer)
    return expired(event, estate)


def expired(event: EnvironmentRequested | EnvironmentExpired, estate: Estate) -> tuple[str, ...]:
    """The environment itself. Raises OfTheEstate."""
    if any(each.name == event.environment for each in estate.environments):
        raise OfTheEstate(
            f"{event.environment} is an environment of the estate, not one on request: "
            "take another name"
        )
    return (event.environment,)


RUNBOOK = Runbook(
    name="environments",
    on=EnvironmentRequested,
    concerns=requested,
    coalesce=lambda event: f"{event.offer} {event.requested_by}",
    steps=(
        Step(accept_request, undo=withdraw_request, time_limit=timedelta(days=2)),
        Step(clone_database, undo=drop_clone, time_limit=timedelta(hours=4)),
        Step(adapt_clone),
        Step(furnish_namespace, undo=undo_furnishing),
        Step(copy_clone_files, undo=undo_copy, time_limit=timedelta(hours=8)),
        Step(verify_clone),
        Step(open_environment, time_limit=timedelta(minutes=20)),
    ),
    overdue_after=timedelta(hours=1),
)
REMOVAL = Runbook(
    name="removal",
    on=EnvironmentExpired,
    concerns=expired,
    coalesce=lambda event: str(event.environment),
    steps=(
        Step(confirm_removal),
        Step(remove_namespace),
        Step(drop_databases),
        Step(remove_clone_files),
        Step(prove_removed),
    ),
    overdue_after=timedelta(hours=1),
)
