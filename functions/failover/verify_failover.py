"""Ask the new primary whether Odoo can work on it, and what is wrong with its data."""

from contextlib import suppress
from datetime import timedelta

from functions.failover.checks import NECESSARY, RECENT, NewPrimary
from functions.failover.losses import rows_lost
from functions.failover.sides import administrators_dsn, now, odoos_dsn, pair_of
from shared.blobs import Blobs
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Estate, Secrets
from shared.ledger import Pair
from shared.messages.failover import FailoverVerified, ModelLoss, TrafficRedirected
from shared.postgres.databases import Databases
from shared.postgres.marker import Database
from shared.postgres.reach import Unreachable, reach
from shared.runs import Run

UNKNOWN_LOSS = timedelta(hours=1)
"""How far back mail is mistrusted when what was lost is unknown."""


class NewPrimaryUnfit(PermanentError):
    """Odoo would do harm on the new primary; its users are there already: act at once."""


def verify_failover(
    redirected: TrafficRedirected,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    blobs: Blobs,
    clusters: Clusters,
    databases: Databases,
) -> FailoverVerified:
    """Ask every check of the new primary, and compare it with the old side where that can be read.

    Safe to repeat: it reads only.

    Raises NewPrimaryUnfit when a check fails without which Odoo must not work. The others are
    findings: they hold back the integrations that depend on them.
    """
    pair = pair_of(redirected, run, estate)
    side = pair.standby
    loss = redirected.loss
    doubt = timedelta(seconds=loss.seconds) if loss else UNKNOWN_LOSS
    with databases.connect(side.database.server, side.database.name) as connection:
        new = NewPrimary(
            side=side,
            epoch=run.epoch,
            connection=connection,
            odoos_dsn=odoos_dsn(clusters, side),
            blobs=blobs,
            secrets=secrets,
            promoted_at=redirected.promoted_at,
            complete_until=(loss.known_at if loss else redirected.promoted_at) - doubt,
        )
        findings = tuple(new.findings())
        orders = new.last_orders()
        lost = _lost(pair, databases, connection, redirected)
    if unfit := [each for each in findings if each.check in NECESSARY and not each.passed]:
        words = "; ".join(f"{each.check}: {each.detail}" for each in unfit)
        raise NewPrimaryUnfit(
            f"{side.name} must not be worked on: {words}. Scale its workloads to zero, mend that, "
            f"then publish region-degraded for {pair.production.name} again"
        )
    return redirected.become(
        FailoverVerified, findings=findings, last_orders=orders, lost=lost, verified_at=now()
    )


def _lost(
    pair: Pair, databases: Databases, new: Database, redirected: TrafficRedirected
) -> tuple[ModelLoss, ...] | None:
    """What the fenced old side has and the new one has not; None when it cannot be read."""
    if redirected.fence != "proven":
        return None
    with suppress(Unreachable), reach(administrators_dsn(databases, pair.active)) as old:
        return rows_lost(old, new, redirected.promoted_at - RECENT)
    return None
