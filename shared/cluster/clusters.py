"""A client for each Kubernetes cluster of the estate: a region that is lost takes only its own."""

from shared.cluster.cluster import Cluster
from shared.estate import Environment, Estate


class Clusters:
    """By environment or by name; connects to nothing before the first use.

    A cluster of which the estate states no address is reached at ``url`` (see Cluster.connect).
    Clusters at one address share one client: the embedded platform has one API for all of them.
    """

    def __init__(self, estate: Estate, url: str | None = None, ca: str | None = None) -> None:
        self._estate = estate
        self._elsewhere = (url, ca)
        self._connected: dict[tuple[str | None, str | None], Cluster] = {}

    def of(self, environment: Environment) -> Cluster:
        """The cluster on which the environment's Odoo runs. Raises UnknownCluster."""
        return self.named(environment.cluster)

    def named(self, name: str) -> Cluster:
        """The cluster that the estate calls so. Raises UnknownCluster."""
        stated = self._estate.cluster(name)
        place = (stated.url, stated.ca) if stated.url else self._elsewhere
        if place not in self._connected:
            self._connected[place] = Cluster.connect(*place)
        return self._connected[place]
