"""Bring an image to the environments that follow a ring, each within its change window.

    accept      by digest, from where the estate allows it; new modules have a masking verdict
    await       the environment's change window; a person may let it go earlier, with a reason;
                others may change the environment meanwhile, so it is looked at again
    wake        what sleeps outside its hours
    checkpoint  what runs there is written down, the database copied if the estate says so
    deploy      the workloads' image
    update      Odoo's modules, by a Kubernetes Job in the new image
    rollout     every pod that is wanted is ready
    verify      Odoo answers, no module is half installed, no check fails that did not before

When anything fails behind the window, the image goes back, the copy of the database takes the place
of what the update made of it, pods are as many as they were, and that is read back.
"""

from datetime import timedelta

from functions.release.accept_release import accept_release
from functions.release.await_rollout import await_rollout, stop_rollout
from functions.release.await_window import await_window
from functions.release.checkpoint_environment import checkpoint_environment, restore_environment
from functions.release.deploy_release import deploy_release, return_image
from functions.release.update_modules import stop_update, update_modules
from functions.release.verify_release import verify_release
from functions.release.wake_environment import wake_environment
from shared.errors import PermanentError
from shared.estate import Estate
from shared.messages.release import ReleasePromoted
from shared.runs import Runbook, Step


class NotReleasedTo(PermanentError):
    """The event names a ring that no environment follows."""


def concerned(event: ReleasePromoted, estate: Estate) -> tuple[str, ...]:
    """The environments that follow the event's ring, or the one that it names.

    None when that takes no releases: an image may be pushed to a registry without being one.
    """
    named = estate.environment(event.environment)
    if event.ring is not None:
        followers = tuple(environment.name for environment in estate.in_ring(event.ring))
        if followers:
            return followers
        raise NotReleasedTo(f"no environment follows the ring {event.ring}: state release.ring")
    return (named.name,) if named.release else ()


RUNBOOK = Runbook(
    name="release",
    on=ReleasePromoted,
    concerns=concerned,
    coalesce=lambda event: event.image,
    steps=(
        Step(accept_release),
        Step(await_window, steps_aside=True, time_limit=timedelta(days=35)),
        Step(wake_environment),
        Step(checkpoint_environment, undo=restore_environment, time_limit=timedelta(hours=4)),
        Step(deploy_release, undo=return_image),
        Step(update_modules, undo=stop_update, max_attempts=3, time_limit=timedelta(hours=4)),
        Step(await_rollout, undo=stop_rollout, time_limit=timedelta(minutes=30)),
        Step(verify_release, max_attempts=6, time_limit=timedelta(minutes=30)),
    ),
    overdue_after=timedelta(days=8),
)
