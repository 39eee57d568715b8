"""Make the standby a primary, once, and open it for Odoo."""

from datetime import timedelta

from functions.failover.debts import owe
from functions.failover.fence_primary import fence_active_side, proven
from functions.failover.losses import view_of_standby
from functions.failover.sides import administrators_dsn, now, pair_of
from shared.cluster import Clusters
from shared.estate import Estate
from shared.ledger import Pair, Placements
from shared.ledger.debts import Debts
from shared.messages.failover import PrimaryFenced, StandbyPromoted
from shared.postgres.databases import Databases
from shared.postgres.fencing import FenceUnreachable, admit
from shared.postgres.promotion import PromotionOrder, PromotionPending
from shared.postgres.replication import NotAPrimary
from shared.runs import Again, Run, still_mine
from shared.takeover import Takeover

LOOK, LONGEST = timedelta(seconds=1), timedelta(seconds=10)


def promote_standby(
    fenced: PrimaryFenced,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
    takeover: Takeover,
    debts: Debts,
) -> StandbyPromoted | Again:
    """Record the decision, promote, and mark the new primary with the run's epoch.

    An old primary that has come back meanwhile is fenced first. While the standby still streams
    from a fenced one it waits for everything that was ever committed there.

    Safe to repeat: a primary is never promoted again, and says itself where its history begins.

    Raises StaleEpoch when a newer run has placed this database.
    """
    pair = pair_of(fenced, run, estate)
    fenced = _fence_if_it_is_back(fenced, pair, run, clusters, databases, placements)
    previous = view_of_standby(pair, databases)
    still_mine(run)
    _decide(run, pair, fenced, placements)
    if "owed" not in run.checkpoint:
        owe(pair, run, takeover, debts)
    dsn, database = administrators_dsn(databases, pair.standby), pair.standby.database.name
    order = PromotionOrder(
        database,
        epoch=run.epoch,
        run_id=str(run.id),
        until_lsn=awaited_lsn(fenced, streams=previous is not None and previous.streaming),
        system_identifier=fenced.system_identifier,
    )
    promotion = takeover.promoter(pair.standby.database.server).promote(order)
    if isinstance(promotion, PromotionPending):
        progress = {"owed": True, "progress": {"reason": promotion.why}}
        return Again(LOOK, progress, at_most=LONGEST)
    admit(dsn, database, side=pair.standby.name, epoch=run.epoch, run_id=str(run.id))
    return fenced.become(
        StandbyPromoted,
        timeline=promotion.timeline,
        previous_timeline=previous.timeline if previous else promotion.timeline - 1,
        promotion_lsn=promotion.lsn,
        promoted_at=now(),
    )


def awaited_lsn(fenced: PrimaryFenced, *, streams: bool) -> int | None:
    """What can be had without loss is waited for; what cannot was approved."""
    return fenced.fenced_lsn if fenced.verdict == "planned" or streams else None


def _decide(run: Run, pair: Pair, fenced: PrimaryFenced, placements: Placements) -> None:
    """Recorded before it happens: whoever comes behind a crash knows where to go on."""
    placements.take(
        run.environment,
        pair.standby.name,
        epoch=run.epoch,
        run=run.id,
        standby_state="fenced" if fenced.fence == "proven" else "absent",
    )


def _fence_if_it_is_back(
    fenced: PrimaryFenced,
    pair: Pair,
    run: Run,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
) -> PrimaryFenced:
    """The last chance to keep an old primary that returns from being written to beside the new."""
    if fenced.fence == "proven":
        return fenced
    try:
        return proven(fenced, fence_active_side(pair, run, clusters, databases, placements))
    except (FenceUnreachable, NotAPrimary):
        return fenced
