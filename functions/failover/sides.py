"""The two sides of a pair, as one run sees them, and how their databases are reached."""

from datetime import UTC, datetime
from uuid import UUID

from shared.cluster import Clusters
from shared.estate import Environment, Estate
from shared.ledger import Pair, Placements
from shared.messages.failover import RegionAssessed
from shared.postgres.databases import Databases
from shared.postgres.proven_fence import ProvenFence, fence_and_prove
from shared.postgres.urls import odoos_url
from shared.runs import Run


def pair_of(assessed: RegionAssessed, run: Run, estate: Estate) -> Pair:
    """The pair as it was when the run began: a promotion does not turn it round."""
    return Pair(
        estate.environment(run.environment),
        estate.environment(assessed.active),
        estate.environment(assessed.standby),
    )


def administrators_dsn(databases: Databases, side: Environment) -> str:
    """The administrator's connection string for a side's database: a secret."""
    return databases.dsn(side.database.server, side.database.name)


def odoos_dsn(clusters: Clusters, side: Environment) -> str:
    """The connection string that Odoo itself uses on a side: a secret. Raises SecretUnusable."""
    return odoos_url(clusters.of(side).read_secret(side.namespace, side.database_secret), side)


def fence_side(
    side: Environment,
    other: Environment,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
    *,
    environment: str,
    epoch: int,
    run_id: UUID,
) -> ProvenFence:
    """Fence the database of a side, try it from outside, and keep the proof.

    The login to try comes from the other side: roles and passwords are the same on both.

    Raises FenceUnreachable, NotAPrimary and FenceUnproven.
    """
    fence = fence_and_prove(
        administrators_dsn(databases, side),
        odoos_dsn(clusters, other),
        side.database.name,
        side=side.name,
        epoch=epoch,
        run_id=str(run_id),
    )
    placements.fence_executed(environment, side.name, epoch=epoch, proof=fence.as_json())
    return fence


def now() -> datetime:
    """This moment, as the facts of a step state it."""
    return datetime.now(UTC)
