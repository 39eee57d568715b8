"""Make the old primary a standby of the new one, never writable in between."""

from datetime import timedelta

from functions.failover.sides import administrators_dsn
from shared.estate import Estate
from shared.ledger import Placements
from shared.messages.failover import PrimaryRejoined, RecoveryConfirmed
from shared.postgres.databases import Databases
from shared.postgres.rejoin import RejoinOrder, RejoinPending, rejoined
from shared.runs import Again, Run, still_mine
from shared.takeover import Takeover

LOOK = timedelta(seconds=0.5)


def rejoin_primary(
    confirmed: RecoveryConfirmed,
    *,
    run: Run,
    estate: Estate,
    databases: Databases,
    placements: Placements,
    takeover: Takeover,
) -> PrimaryRejoined | Again:
    """Order it of whoever owns the server's files, and look until both servers say it is done.

    Safe to repeat: the order is known by its epoch, and a standby is not made one again.

    Raises RejoinFailed; the server stays fenced then.
    """
    returning = estate.environment(confirmed.returning)
    active = estate.environment(confirmed.active)
    still_mine(run)
    rejoiner = takeover.rejoiner(returning.database.server)
    order = RejoinOrder(returning.database.server, active.database.server, run.epoch, str(run.id))
    pending = rejoiner.rejoin(order) or rejoined(
        administrators_dsn(databases, returning), administrators_dsn(databases, active)
    )
    if isinstance(pending, RejoinPending):
        return Again(LOOK, {"progress": {"reason": pending.why}}, gives_way=True)
    placements.rejoined(run.environment, returning.name, epoch=run.epoch)
    return confirmed.become(PrimaryRejoined, timeline=pending.timeline, lag_bytes=pending.lag.bytes)
