"""Make the old primary a standby of the new one, never writable in between."""

from datetime import timedelta

from functions.failover.sides import administrators_dsn, still_mine
from shared.errors import PermanentError
from shared.estate import Estate, RunByUs, Secrets
from shared.ledger import Placements
from shared.messages.failover import PrimaryRejoined, RecoveryConfirmed
from shared.postgres import Databases
from shared.postgres.rejoin import (
    Rejoiner,
    RejoinHook,
    RejoinOrder,
    RejoinPending,
    rejoined,
)
from shared.runs import Again, Run

LOOK = timedelta(seconds=0.5)


class NobodyRejoins(PermanentError):
    """The estate does not say who can make the server a standby again."""


def rejoin_primary(
    confirmed: RecoveryConfirmed,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    databases: Databases,
    placements: Placements,
) -> PrimaryRejoined | Again:
    """Order it of whoever owns the server's files, and look until both servers say it is done.

    Safe to repeat: the order is known by its epoch, and a standby is not made one again.

    Raises RejoinFailed; the server stays fenced then.
    """
    returning = estate.environment(confirmed.returning)
    active = estate.environment(confirmed.active)
    still_mine(run)
    rejoiner = rejoiner_of(returning.database.server, estate, secrets)
    order = RejoinOrder(returning.database.server, active.database.server, run.epoch, str(run.id))
    pending = rejoiner.rejoin(order) or rejoined(
        administrators_dsn(databases, returning), administrators_dsn(databases, active)
    )
    if isinstance(pending, RejoinPending):
        return Again(LOOK, {"progress": {"reason": pending.why}})
    placements.rejoined(run.environment, returning.name, epoch=run.epoch)
    return confirmed.become(PrimaryRejoined, timeline=pending.timeline, lag_bytes=pending.lag.bytes)


def rejoiner_of(server: str, estate: Estate, secrets: Secrets) -> Rejoiner:
    """Who makes this server a standby. Raises NobodyRejoins."""
    run_by = estate.server(server).run_by
    if not isinstance(run_by, RunByUs) or run_by.rejoin is None:
        raise NobodyRejoins(
            f"server {server} cannot rejoin by itself: state who does that at `run_by` in the "
            "estate, or make it a standby by hand"
        )
    return RejoinHook(secrets.resolve(run_by.rejoin))
