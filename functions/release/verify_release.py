"""See that Odoo works, and that its data is no worse than before."""

from datetime import timedelta

from functions.release.checks import CHECKS, failing_checks
from functions.release.places import place_of
from shared.errors import PermanentError, TemporaryError
from shared.estate import Estate, Secrets
from shared.messages.release import ReleaseVerified, RolloutCompleted
from shared.odoo.health import ask_health
from shared.odoo.login import log_in
from shared.postgres.databases import Databases
from shared.runs import Run

PATIENCE = timedelta(seconds=10)


class NotHealthy(TemporaryError):
    """Odoo's pods are ready, but it does not answer as it should."""


class ReleaseUnfit(PermanentError):
    """A check fails that did not before: what was there before is put back."""


def verify_release(
    completed: RolloutCompleted, *, run: Run, estate: Estate, secrets: Secrets, databases: Databases
) -> ReleaseVerified:
    """Ask the health page, try a login, and ask every check of the database.

    Safe to repeat: it only reads.

    Raises NotHealthy and OdooSilent, which are tried again; LoginRefused; ReleaseUnfit, which
    names what fails now.
    """
    place = place_of(run, estate)
    if place.policy.health_url is not None:
        _refuse_ill(place.policy.health_url)
    said = log_in(place.environment, secrets)
    with databases.connect(place.server, place.live) as connection:
        failing = failing_checks(connection)
    if worse := sorted(failing.keys() - _not_to_blame(completed)):
        said = "; ".join(f"{name}: {failing[name]}" for name in worse)
        raise ReleaseUnfit(f"{place.environment.name} with {completed.release}: {said}")
    still = tuple(sorted(failing))
    return completed.become(ReleaseVerified, checks=len(CHECKS), failing=still, tried_login=said)


def _not_to_blame(completed: RolloutCompleted) -> set[str]:
    """What failed before already; but an update that ran leaves no module waiting for one."""
    return set(completed.failing) - ({"modules-settled"} if completed.updated else set())


def _refuse_ill(url: str) -> None:
    healthy, said = ask_health(url, PATIENCE)
    if not healthy:
        raise NotHealthy(f"{url} says {said} instead of 200", delay=timedelta(seconds=5))
