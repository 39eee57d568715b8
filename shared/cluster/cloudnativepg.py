"""Promotion of a CloudNativePG replica cluster: the operator does it, its resource says so.

Two Cluster resources replicate each other and name the one that leads (``spec.replica.primary``). A
planned promotion demotes the leader first, whose token proves to the other that it has everything;
a forced one goes without, and the former leader has to be made anew afterwards.
"""

from shared.cluster.api import Json
from shared.cluster.clusters import Clusters
from shared.estate import RunByCloudNativePg
from shared.postgres.promotion import (
    NotPromotable,
    PlainPostgres,
    Promotable,
    Promotion,
    PromotionOrder,
    PromotionPending,
)

KIND = "PostgresCluster"


class CloudNativePg:
    """Asks the operator on both sides; the database itself says when it is done.

    ``dsn`` is the administrator's on the replica, ``here``, which follows ``there``.
    """

    def __init__(
        self, clusters: Clusters, *, here: RunByCloudNativePg, there: RunByCloudNativePg, dsn: str
    ) -> None:
        self._clusters = clusters
        self._here = here
        self._there = there
        self._database = PlainPostgres(dsn)

    def promotable(self) -> Promotable:
        """Whether the resource is a replica that knows both sides, and its database a standby."""
        if problem := self._problem():
            return Promotable(False, problem)
        return self._database.promotable()

    def promote(self, order: PromotionOrder) -> Promotion | PromotionPending:
        """Write what each side has to do next; with ``until_lsn`` planned, else forced."""
        if promoted := self._database.standing(order):
            return promoted
        if problem := self._problem():
            raise NotPromotable(problem)
        self._database.refuse_stranger(order)
        token = None if order.until_lsn is None else self._demotion_token(order.epoch)
        if order.until_lsn is not None and token is None:
            return PromotionPending(f"{self._name(self._there)} is being demoted")
        self._lead(self._here, order.epoch, token)
        return PromotionPending(f"the operator is promoting {self._name(self._here)}")

    def promoted(self) -> Promotion | None:
        """Ask the database."""
        return self._database.promoted()

    def _problem(self) -> str | None:
        replica: Json = self._read(self._here)["spec"].get("replica") or {}
        if "source" not in replica:
            return (
                f"{self._name(self._here)} replicates nothing: its resource has no spec.replica "
                "with a source"
            )
        if replica.get("self", self._here.resource) != self._here.resource:
            return (
                f"{self._name(self._here)} calls itself {replica['self']} in spec.replica: make "
                "that the resource's name"
            )
        return None

    def _demotion_token(self, epoch: int) -> str | None:
        """Demote the leader; its token, once the operator has shut it down and archived all."""
        self._lead(self._there, epoch, None)
        token: str | None = self._read(self._there).get("status", {}).get("demotionToken")
        used = self._read(self._here).get("status", {}).get("lastPromotionToken")
        return None if token == used else token

    def _lead(self, side: RunByCloudNativePg, epoch: int, token: str | None) -> None:
        """Let one resource know that ``here`` leads."""

        def change(found: Json) -> None:
            replica: Json = found["spec"].setdefault("replica", {})
            replica["primary"] = self._here.resource
            replica.pop("promotionToken", None)
            if token is not None:
                replica["promotionToken"] = token

        cluster = self._clusters.named(side.cluster)
        cluster.change(KIND, side.namespace, side.resource, epoch, change)

    def _read(self, side: RunByCloudNativePg) -> Json:
        return self._clusters.named(side.cluster).read(KIND, side.namespace, side.resource)

    @staticmethod
    def _name(side: RunByCloudNativePg) -> str:
        return f"Cluster {side.namespace}/{side.resource}"
