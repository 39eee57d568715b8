"""Take routes and pods away from a side whose cluster could not be reached when it was left."""

import structlog

from functions.failover.endpoints import withdraw
from shared.cluster import Clusters
from shared.errors import StepError, TemporaryError
from shared.estate import Estate
from shared.ledger import Placements

log = structlog.get_logger()


def withdraw_left_sides(placements: Placements, estate: Estate, clusters: Clusters) -> None:
    """Try every such side once. What its pods do meanwhile the fence of its database refuses.

    Safe to repeat: everything sets, and a side is looked at until it is done.
    """
    for order in placements.not_withdrawn():
        side, production = estate.environment(order.side), estate.environment(order.environment)
        try:
            withdraw(clusters.of(side), side, production, epoch=order.epoch)
        except TemporaryError:
            continue
        except StepError as error:
            log.warning("withdrawal_refused", side=side.name, reason=str(error))
            continue
        placements.withdrawn(order.environment, side.name, epoch=order.epoch)
        log.warning("side_withdrawn", side=side.name, epoch=order.epoch)
