"""The two sides of a pair, as one run sees them, and how their databases are reached."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Environment, Estate, Workload
from shared.ledger import Placements
from shared.messages.failover import RegionAssessed
from shared.postgres import Databases
from shared.runs import Run


class NoStandby(PermanentError):
    """The estate names no environment that could take over; a failover has nowhere to go."""


@dataclass(frozen=True)
class Pair:
    """Production, the side that serves it, and the side that takes over."""

    production: Environment
    """Its name is the run's; its addresses, policy and integrations go wherever it is served."""
    active: Environment
    standby: Environment

    @property
    def integrations(self) -> tuple[Workload, ...]:
        """What carries the integrations, on either side."""
        return tuple(each.workload for each in self.production.integrations)


def pair_now(environment: str, estate: Estate, placements: Placements) -> Pair:
    """The pair of a production environment, as the ledger has placed it; raises NoStandby."""
    production = estate.environment(environment)
    standby = estate.standby_for(environment)
    if standby is None:
        raise NoStandby(
            f"{environment} has no standby: state `standby_of: {environment}` at the environment "
            "that takes over, or recover from a backup"
        )
    serves_itself = placements.of(environment).active_side == production.name
    sides = (production, standby) if serves_itself else (standby, production)
    return Pair(production, *sides)


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
    """The connection string that Odoo itself uses on a side: a secret."""
    return clusters.of(side).read_secret(side.namespace, side.database_secret)["url"]


def now() -> datetime:
    """This moment, as the facts of a step state it."""
    return datetime.now(UTC)
