"""Execute standing fence orders: an old primary is shut the moment it is back."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog

from shared.cluster import Clusters
from shared.errors import StepError
from shared.estate import Environment, Estate
from shared.ledger import FenceOrder, Placements
from shared.postgres import Databases
from shared.postgres.fencing import FenceUnreachable
from shared.postgres.proven_fence import fence_and_prove
from shared.postgres.replication import NotAPrimary

FENCE_WATCH = timedelta(seconds=0.9)
"""How long one call of the timer, which runs every second, keeps trying."""

BETWEEN_TRIES = timedelta(seconds=0.05)

AT_ONCE = 32
"""How many sides are tried at the same time: one that stays away keeps no other open."""

log = structlog.get_logger()


def execute_fence_orders(
    placements: Placements,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    *,
    watch: timedelta = FENCE_WATCH,
) -> None:
    """Try every side that must not be written to, over and over while ``watch`` lasts.

    Called again before that is over, it leaves no gap in which an old primary could be written to
    for longer than it takes to try once. Of more than ``AT_ONCE`` each is tried once in a call.
    """
    waiting = [order for order in placements.standing_orders() if order.executed_at is None]
    linger = watch.total_seconds() if len(waiting) <= AT_ONCE else 0
    end = time.monotonic() + linger

    def keep_trying(order: FenceOrder) -> None:
        while not _executed(order, placements, estate, clusters, databases):
            if time.monotonic() > end:
                return
            time.sleep(BETWEEN_TRIES.total_seconds())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(keep_trying, waiting))


def _executed(
    order: FenceOrder,
    placements: Placements,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
) -> bool:
    side = estate.environment(order.side)
    other = _other_side(order, estate)
    try:
        login = clusters.of(other).read_secret(other.namespace, other.database_secret)["url"]
        fence = fence_and_prove(
            databases.dsn(side.database.server, side.database.name),
            login,
            side.database.name,
            side=side.name,
            epoch=order.epoch,
            run_id=str(order.run_id),
        )
    except (FenceUnreachable, NotAPrimary):
        return False
    except StepError as error:
        log.warning("fence_order_refused", side=side.name, reason=str(error))
        return False
    placements.fence_executed(
        order.environment, side.name, epoch=order.epoch, proof=fence.as_json()
    )
    log.warning("fence_order_executed", side=side.name, epoch=order.epoch, said=fence.proof.said)
    return True


def _other_side(order: FenceOrder, estate: Estate) -> Environment:
    """Where the login comes from: roles and passwords are the same on both."""
    production, standby = (
        estate.environment(order.environment),
        estate.standby_for(order.environment),
    )
    return production if standby is None or order.side == standby.name else standby
