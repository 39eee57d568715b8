"""Lead users and Odoo to the new primary, and start Odoo there."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from functions.failover.endpoints import plan_redirects
from functions.failover.sessions import SessionsOutOfReach, end_sessions
from functions.failover.sides import now, pair_of
from functions.failover.users import by_hand, lead_users
from shared.cluster import Cluster, Clusters
from shared.errors import TemporaryError
from shared.estate import Environment, Estate, SecretMissing, Secrets
from shared.ledger import Pair
from shared.messages.failover import StandbyPromoted, TrafficRedirected
from shared.postgres.databases import Databases
from shared.runs import Again, Run, still_mine
from shared.traffic import Traffic

LOOK, LONGEST = timedelta(seconds=0.1), timedelta(seconds=10)

LOOK_AT_AZURE = timedelta(seconds=1)

AZURE_PATIENCE = timedelta(minutes=3)
"""How long behind the promotion the rest waits for Azure to lead users there."""


class NotReadBack(TemporaryError):
    """What was written is not what is there: somebody else writes the same objects."""


def redirect_traffic(
    promoted: StandbyPromoted,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    clusters: Clusters,
    databases: Databases,
    traffic: Traffic,
) -> TrafficRedirected | Again:
    """Write what the diff says, read it back, end the users' sessions, start the workloads; then
    lead the world there, as far as Azure does it within ``AZURE_PATIENCE``.

    Safe to repeat: the diff is made anew from what is there, so what was written is not in it; who
    has signed in again signs in once more.

    Raises StaleEpoch when a newer run has changed an object.
    """
    pair = pair_of(promoted, run, estate)
    cluster = clusters.of(pair.standby)
    still_mine(run)
    done = run.checkpoint.get("done") or {
        "changes": _redirect(cluster, databases, pair, run),
        **_end_sessions(pair, secrets, [*by_hand(traffic, pair)]),
    }
    waits = _start(clusters, pair, run, old_side_answers=promoted.withdrawn)
    if "not_led" not in done:
        led = lead_users(traffic, pair, run.epoch)
        done = {**done, "changes": [*done["changes"], *(c.model_dump() for c in led.changes)]}
        if led.waiting and now() - promoted.promoted_at < AZURE_PATIENCE:
            reason = "; ".join(led.waiting)
            return Again(LOOK_AT_AZURE, {"done": done, "progress": {"reason": reason}})
        done["not_led"] = [*led.refused, *led.waiting]
    if waits:
        return Again(LOOK, {"done": done, "progress": {"reason": waits}}, at_most=LONGEST)
    return promoted.become(TrafficRedirected, **done, redirected_at=now())


def _redirect(cluster: Cluster, databases: Databases, pair: Pair, run: Run) -> list[dict[str, str]]:
    """Apply the diff; returns it as JSON. Raises NotReadBack when something is left of it."""
    redirects = plan_redirects(cluster, databases, pair)
    for redirect in redirects:
        redirect.write(run.epoch)
    if left := [
        change for each in plan_redirects(cluster, databases, pair) for change in each.changes
    ]:
        raise NotReadBack(
            f"{left[0].place} has {left[0].setting} = {left[0].before} although "
            f"{left[0].after} was written: find out who else writes it"
        )
    return [change.model_dump() for each in redirects for change in each.changes]


def _start(clusters: Clusters, pair: Pair, run: Run, *, old_side_answers: bool) -> str | None:
    """Start Odoo, its scheduled actions once they rest on the other side; what that waits for."""
    side, old = pair.standby, pair.active
    twice = _still_scheduling(clusters.of(old), old) if old_side_answers else []
    startable = [each for each in side.workloads if not (twice and each.scheduled)]
    ready = clusters.of(side).start_workloads(side.namespace, startable, epoch=run.epoch)
    if twice:
        return f"scheduled actions wait: {', '.join(twice)} of {old.name} still has pods"
    return None if ready else f"waits for the workloads of {side.name}"


def _still_scheduling(cluster: Cluster, side: Environment) -> list[str]:
    """A lost region cannot be asked; what it runs can write to nothing, because it is fenced."""
    scheduled = [each for each in side.workloads if each.scheduled]
    with suppress(TemporaryError):
        return [each.name for each in scheduled if not cluster.is_stopped(side.namespace, each)]
    return []


def _end_sessions(pair: Pair, secrets: Secrets, skipped: list[str]) -> dict[str, Any]:
    """How many sessions ended, and what is left for others to do. Redis is never waited for."""
    place = pair.production.failover.redis
    if place is None:
        return {"sessions_ended": None, "skipped": [*skipped, "Redis: the estate names none"]}
    try:
        ended = end_sessions(secrets.resolve(place))
    except (SessionsOutOfReach, SecretMissing) as error:
        return {"sessions_ended": None, "skipped": [*skipped, f"Redis: {error}"]}
    return {"sessions_ended": ended, "skipped": skipped}
