"""Write the new login wherever it is kept; and the old one back."""

from collections.abc import Callable
from datetime import datetime

from functions.rotation.create_login import pending_password
from functions.rotation.places import SNAPSHOT, Place, look_again, place_of
from functions.rotation.restarting import all_ready, restart_all, were_restarted
from shared.cluster import Clusters
from shared.estate import Estate, Secrets
from shared.ledger import Placements
from shared.messages.rotation import LoginCreated, SecretsWritten
from shared.postgres.logins import prove_login
from shared.runs import Again, Run, still_mine


def write_secrets(
    created: LoginCreated,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    clusters: Clusters,
    placements: Placements,
    clock: Callable[[], datetime],
) -> SecretsWritten:
    """Write the Secret of each side, and a new version of the secret that the estate names.

    Safe to repeat: it sets, and what was there before is remembered once.
    """
    place = place_of(run, estate, clusters, placements)
    password = pending_password(place, run)
    still_mine(run)
    places = []
    for side in place.sides:
        kept = (("Secret", side.secret),)
        side.cluster.save(side.namespace, SNAPSHOT, kept, run_id=str(run.id), epoch=run.epoch)
        url = {"url": side.url_with(created.login, password)}
        side.cluster.write_secret(side.namespace, side.secret, url, epoch=run.epoch)
        places.append(f"Secret {side.namespace}/{side.secret}")
    if place.rotation.secret is not None:
        _keep_newest(place, secrets, clock())
        places.append(str(place.rotation.secret))
    return created.become(SecretsWritten, places=tuple(places))


def restore_secrets(
    created: LoginCreated,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    clusters: Clusters,
    placements: Placements,
    clock: Callable[[], datetime],
) -> Again | None:
    """Write the old login back, restart what was restarted, see it ready, and try the old login.

    Safe to repeat: it sets, and pods are restarted once.

    Raises LoginRefused when the old login does not work any more.
    """
    place = place_of(run, estate, clusters, placements)
    for side in place.sides:
        side.cluster.restore(side.namespace, SNAPSHOT, run_id=str(run.id), epoch=run.epoch)
    if place.rotation.secret is not None:
        _keep_newest(place, secrets, clock())
    if were_restarted(place, run):
        restart_all(place, run, f"{run.short}-undone")
        if not all_ready(place):
            return look_again(run, "waits until the pods have the old login again")
    prove_login(place.active.url(), place.owner)
    return None


def _keep_newest(place: Place, secrets: Secrets, now: datetime) -> None:
    every = place.rotation.every
    assert place.rotation.secret is not None
    secrets.keep(place.rotation.secret, place.active.url(), expires=now + every if every else None)
