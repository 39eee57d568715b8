"""Promotion of a read replica of Azure Database for PostgreSQL Flexible Server.

Azure swaps the roles of primary and replica (``Switchover``) where a virtual endpoint holds both;
otherwise the replica becomes a server of its own (``Standalone``). The order is only given here:
the database itself says when it is done. Each ``dsn`` must name the server's own host, never the
virtual endpoint, which moves.
"""

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.postgresqlflexibleservers import PostgreSQLManagementClient
from azure.mgmt.postgresqlflexibleservers.models import (
    ReadReplicaPromoteMode,
    ReadReplicaPromoteOption,
    Replica,
    Server,
    ServerForPatch,
    ServerPropertiesForPatch,
)

from shared.arm import ORDER, RETRIES, AzureBusy, asking_azure
from shared.estate import RunByAzure
from shared.postgres.promotion import (
    NotPromotable,
    PlainPostgres,
    Promotable,
    Promotion,
    PromotionOrder,
    PromotionPending,
)

_REPLICAS = ("AsyncReplica", "GeoAsyncReplica")
_BUSY = ("Updating", "Starting", "Restarting", "Provisioning")


class FlexibleServer:
    """Asks Azure's management plane. ``dsn`` is the administrator's on the replica, ``here``."""

    def __init__(
        self, client: PostgreSQLManagementClient, *, here: RunByAzure, there: RunByAzure, dsn: str
    ) -> None:
        self._client = client
        self._here = here
        self._there = there
        self._database = PlainPostgres(dsn)

    def promotable(self) -> Promotable:
        """Whether Azure calls it a replica that replicates, and its database a standby."""
        server = self._server(self._here)
        if problem := _problem(server):
            return Promotable(False, problem)
        if busy := _busy(server):
            return Promotable(False, busy)
        found = self._database.promotable()
        if self._has_virtual_endpoint():
            return found
        alone = "no virtual endpoint holds both servers: it will be a server of its own"
        return Promotable(found.ready, "; ".join(filter(None, (alone, found.why))), found.standby)

    def promote(self, order: PromotionOrder) -> Promotion | PromotionPending:
        """Give the order once: planned with ``until_lsn``, for Azure to wait for, else forced."""
        if promoted := self._database.standing(order):
            return promoted
        server = self._server(self._here)
        if busy := _busy(server):
            return PromotionPending(busy)
        if problem := _problem(server):
            raise NotPromotable(problem)
        self._database.refuse_stranger(order)
        return self._order(planned=order.until_lsn is not None)

    def promoted(self) -> Promotion | None:
        """Ask the database."""
        return self._database.promoted()

    def _order(self, *, planned: bool) -> PromotionPending:
        option = ReadReplicaPromoteOption.PLANNED if planned else ReadReplicaPromoteOption.FORCED
        together = self._has_virtual_endpoint()
        mode = ReadReplicaPromoteMode.SWITCHOVER if together else ReadReplicaPromoteMode.STANDALONE
        replica = Replica(promote_mode=mode, promote_option=option)
        change = ServerForPatch(properties=ServerPropertiesForPatch(replica=replica))
        here = (self._here.resource_group, self._here.resource)
        try:
            with asking_azure():
                self._client.servers.begin_update(*here, change, **ORDER)
        except AzureBusy:
            return PromotionPending(f"Azure works on {self._here.resource} already")
        return PromotionPending(
            f"Azure promotes {self._here.resource}: {mode.value}, {option.value}"
        )

    def _has_virtual_endpoint(self) -> bool:
        """Whether one holds both: then the application's address moves by itself."""
        there = self._there
        with asking_azure():
            try:
                found = list(
                    self._client.virtual_endpoints.list_by_server(
                        there.resource_group, there.resource, retry_total=RETRIES
                    )
                )
            except ResourceNotFoundError:
                return False
        both = {self._here.resource, there.resource}
        return any(
            both <= set((each.properties and each.properties.members) or ()) for each in found
        )

    def _server(self, place: RunByAzure) -> Server:
        with asking_azure():
            return self._client.servers.get(
                place.resource_group, place.resource, retry_total=RETRIES
            )


def _problem(server: Server) -> str | None:
    role = server.properties and server.properties.replication_role
    if role not in _REPLICAS:
        return f"Azure says that {server.name} is no read replica; its role is {role}"
    replica = server.properties.replica if server.properties is not None else None
    if replica is not None and replica.replication_state == "Broken":
        return f"Azure says that the replication to {server.name} is broken: make it anew"
    return None


def _busy(server: Server) -> str | None:
    found = server.properties
    replica = found.replica if found is not None else None
    if replica is not None and replica.replication_state == "Reconfiguring":
        return f"Azure changes the role of {server.name}"
    if found is not None and found.state in _BUSY:
        return f"Azure works on {server.name}: {found.state}"
    return None
