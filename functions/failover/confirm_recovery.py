"""See that the side that was left is back and harmless, and what only it still knows."""

from functions.failover.checks import RECENT
from functions.failover.losses import rows_lost
from functions.failover.sides import administrators_dsn, fence_side
from shared.cluster import Clusters
from shared.errors import PermanentError, TemporaryError
from shared.estate import Estate
from shared.ledger import Pair, Placement, Placements
from shared.messages.failover import ModelLoss, RecoveryConfirmed, RegionRecovered
from shared.postgres.databases import Databases
from shared.postgres.fencing import FenceUnreachable
from shared.postgres.reach import reach
from shared.postgres.replication import NotAPrimary
from shared.runs import Run


class NothingToRejoin(PermanentError):
    """The pair is whole, or a failover is not finished: there is no old primary to bring back."""


class NotBackYet(TemporaryError):
    """The old primary does not answer; start its server, then it is fenced and rejoins."""


def confirm_recovery(
    event: RegionRecovered,  # noqa: ARG001 - the ledger knows which side was left
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
) -> RecoveryConfirmed:
    """Fence the returning side anew, at this run's epoch, and list the rows that only it has.

    Safe to repeat: a fence renewed is the same fence, the rest reads.

    Raises NothingToRejoin when no side was left, NotBackYet when it does not answer.
    """
    placement = placements.of(run.environment)
    pair = placements.pair(run.environment, estate)
    _refuse_unless_left(placement, pair, placements)
    returning = pair.standby
    placements.order_fence(run.environment, returning.name, epoch=run.epoch, run=run.id)
    try:
        fence = fence_side(
            returning,
            pair.active,
            clusters,
            databases,
            placements,
            environment=run.environment,
            epoch=run.epoch,
            run_id=run.id,
        )
    except FenceUnreachable as error:
        raise NotBackYet(f"{returning.name}: {error}") from error
    except NotAPrimary:
        return _is_a_standby_already(pair)
    return RecoveryConfirmed(
        returning=returning.name,
        active=pair.active.name,
        lost=_lost(pair, databases, placement),
        fence_proof=fence.proof.said,
    )


def _refuse_unless_left(placement: Placement, pair: Pair, placements: Placements) -> None:
    if not placement.finished:
        raise NothingToRejoin(
            f"{pair.production.name} is not settled on {pair.active.name} yet: publish "
            "region-degraded again first, so that the failover comes to its end"
        )
    left = [o.side for o in placements.standing_orders(pair.production.name)]
    if pair.standby.name not in left:
        raise NothingToRejoin(
            f"{pair.standby.name} was not left: {pair.active.name} serves, and no fence stands on "
            "the other side"
        )


def _is_a_standby_already(pair: Pair) -> RecoveryConfirmed:
    """An earlier attempt has let it rejoin; what only it had was recorded then."""
    return RecoveryConfirmed(
        returning=pair.standby.name,
        active=pair.active.name,
        lost=(),
        fence_proof="in recovery: it takes no writes",
    )


def _lost(pair: Pair, databases: Databases, placement: Placement) -> tuple[ModelLoss, ...]:
    active = pair.active.database
    with (
        reach(administrators_dsn(databases, pair.standby)) as old,
        databases.connect(active.server, active.name) as new,
    ):
        return rows_lost(old, new, placement.since_at - RECENT)
