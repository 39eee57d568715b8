"""Where an environment's login is kept and used: of a pair, on both sides."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from shared.cluster import Cluster, Clusters
from shared.errors import PermanentError
from shared.estate import Environment, Estate, Workload
from shared.estate.rotations import Rotation
from shared.ledger import Placements
from shared.postgres.logins import user_of, with_login
from shared.postgres.urls import odoos_url
from shared.runs import Again, Run

PENDING = "signalbox-rotation"
"""The Secret that has the next password until it is in use."""

SNAPSHOT = "signalbox-before-rotation"
"""The Secret that remembers the login before, until it is revoked."""

LOOK = timedelta(seconds=5)


class NotRotated(PermanentError):
    """The estate does not let this secret be exchanged: a person has to."""


class PairNotWhole(PermanentError):
    """Production has lost its standby, which could not have the new login; first make it whole."""


@dataclass(frozen=True)
class Side:
    """One environment of a pair, or the only one."""

    environment: Environment
    cluster: Cluster
    workloads: tuple[Workload, ...]

    @property
    def namespace(self) -> str:
        return self.environment.namespace

    @property
    def secret(self) -> str:
        return self.environment.database_secret

    def url(self) -> str:
        """What Odoo connects with: a secret. Raises SecretUnusable."""
        found = self.cluster.read_secret(self.namespace, self.secret)
        return odoos_url(found, self.environment)

    def url_before(self) -> str | None:
        """What Odoo connected with before the rotation: a secret; None when it has no URL."""
        return self.cluster.saved_secret(self.namespace, SNAPSHOT, self.secret).get("url")

    def url_with(self, login: str, password: str) -> str:
        return with_login(self.url(), login, password)


@dataclass(frozen=True)
class Place:
    """The environment whose login is rotated."""

    rotation: Rotation
    active: Side
    """The one that serves now; its server has the roles."""
    sides: tuple[Side, ...]

    @property
    def environment(self) -> Environment:
        return self.active.environment

    @property
    def server(self) -> str:
        return self.environment.database.server

    @property
    def owner(self) -> str:
        return self.environment.database.owner


def place_of(run: Run, estate: Estate, clusters: Clusters, placements: Placements) -> Place:
    """The place of a run. Raises NotRotated, PairNotWhole."""
    home = estate.environment(run.environment)
    if home.rotation is None:
        raise NotRotated(
            f"{home.name}: its login is not rotated by Signalbox; state rotation in the estate, or "
            "change the password, the Secret and the vault by hand"
        )
    away = estate.standby_for(home.name)
    sides = tuple(_side(each, home, clusters) for each in (home, away) if each)
    if away is None:
        return Place(home.rotation, sides[0], sides)
    placed = placements.of(home.name)
    if placed.standby_state != "streaming":
        raise PairNotWhole(
            f"the other side of {home.name} is {placed.standby_state}: publish region-recovered, "
            "then secret-near-expiry again"
        )
    active = next(each for each in sides if each.environment.name == placed.active_side)
    return Place(home.rotation, active, sides)


def users_of(login: str, server: str, estate: Estate, clusters: Clusters) -> Iterator[str]:
    """Environments on a server, or its pair's other one, that log in with a role."""
    pair = {server, estate.server(server).replica_of}
    pair |= {each.name for each in estate.servers if each.replica_of == server}
    for each in estate.environments:
        if each.database.server in pair:
            side = _side(each, each, clusters)
            if user_of(side.url()) == login:
                yield each.name


def look_again(run: Run, reason: str) -> Again:
    return Again(LOOK, {**run.checkpoint, "progress": {"reason": reason}})


def _side(environment: Environment, home: Environment, clusters: Clusters) -> Side:
    integrations = tuple(each.workload for each in home.integrations)
    workloads = (*environment.workloads, *integrations)
    return Side(environment, clusters.of(environment), workloads)
