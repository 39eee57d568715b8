"""Let every pod use the new login, and see that it does."""

from functions.rotation.places import PENDING, look_again, place_of
from functions.rotation.restarting import all_ready, refuse_stuck, restart_all
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Estate
from shared.ledger import Placements
from shared.ledger.logins import Logins
from shared.messages.rotation import LoginRotated, SecretsWritten
from shared.postgres.logins import prove_login, user_of
from shared.runs import Again, Run, still_mine


class SecretTakenBack(PermanentError):
    """Somebody else has written the Secret since; two are at work on one environment."""


def restart_workloads(
    written: SecretsWritten,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    placements: Placements,
    logins: Logins,
) -> LoginRotated | Again:
    """Replace the pods one after the other; then try the login that the Secret has now.

    Safe to repeat: pods are restarted once for each run.

    Raises PodsRefuse when Kubernetes gives up, SecretTakenBack, LoginRefused.
    """
    place = place_of(run, estate, clusters, placements)
    still_mine(run)
    restart_all(place, run, run.short)
    refuse_stuck(place)
    if not all_ready(place):
        return look_again(run, "waits until every pod has the new login")
    for side in place.sides:
        if (user := user_of(side.url())) != written.login:
            raise SecretTakenBack(
                f"Secret {side.namespace}/{side.secret} has the login {user} again: if GitOps or "
                "External Secrets owns it, name its source as rotation.secret"
            )
    prove_login(place.active.url(), place.owner)
    logins.rotated(
        run.environment,
        written.login,
        previous=written.previous,
        grace=place.rotation.grace,
        epoch=run.epoch,
    )
    place.active.cluster.delete_secret(place.active.namespace, PENDING)
    known = logins.of(run.environment)
    assert known is not None, run.environment
    return written.become(LoginRotated, revoke_at=known.revoke_at)
