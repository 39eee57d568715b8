"""Keep old primaries out: whoever comes back is shut, and loses its routes and pods."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog

from functions.failover.endpoints import withdraw
from functions.failover.sides import fence_side
from shared.cluster import Clusters
from shared.errors import StepError, TemporaryError
from shared.estate import Estate
from shared.ledger import FenceOrder, Placements
from shared.postgres.databases import Databases
from shared.postgres.fencing import FenceUnreachable
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


def withdraw_left_sides(placements: Placements, estate: Estate, clusters: Clusters) -> None:
    """Take routes and pods away from sides whose cluster could not be reached when they were left.

    What their pods do meanwhile the fence of the database refuses.

    Safe to repeat: everything sets, and a side is looked at until it is done.
    """
    for order in placements.not_withdrawn():
        try:
            side, production = estate.environment(order.side), estate.environment(order.environment)
            withdraw(clusters.of(side), side, production, epoch=order.epoch)
        except TemporaryError:
            continue
        except StepError as error:
            log.warning("withdrawal_refused", side=order.side, reason=str(error))
            continue
        placements.withdrawn(order.environment, order.side, epoch=order.epoch)
        log.warning("side_withdrawn", side=order.side, epoch=order.epoch)


TIMERS: tuple[tuple[Callable[..., None], str], ...] = (
    (execute_fence_orders, "* * * * * *"),
    (withdraw_left_sides, "*/5 * * * * *"),
)
"""When each is done, as in ``functions.upkeep``."""


def _executed(
    order: FenceOrder,
    placements: Placements,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
) -> bool:
    try:
        production, standby = estate.pair(order.environment)
        sides = (standby, production) if order.side == standby.name else (production, standby)
        said = fence_side(
            *sides,
            clusters,
            databases,
            placements,
            environment=order.environment,
            epoch=order.epoch,
            run_id=order.run_id,
        ).proof.said
    except (FenceUnreachable, NotAPrimary):
        return False
    except StepError as error:
        log.warning("fence_order_refused", side=order.side, reason=str(error))
        return False
    log.warning("fence_order_executed", side=order.side, epoch=order.epoch, said=said)
    return True
