"""Who promotes each server of the estate, and who makes it a standby again."""

from collections.abc import Callable
from typing import Self

from azure.identity import DefaultAzureCredential
from azure.mgmt.postgresqlflexibleservers import PostgreSQLManagementClient

from shared.cluster import Clusters
from shared.cluster.cloudnativepg import CloudNativePg
from shared.errors import PermanentError
from shared.estate import Estate, Reference, RunByAzure, RunByCloudNativePg, RunByUs, Server
from shared.postgres.flexible_server import FlexibleServer
from shared.postgres.promotion import PlainPostgres, Promoter
from shared.postgres.promotion_debts import PromotionDebt, debts
from shared.postgres.rejoin import Rejoiner, RejoinFailed, RejoinHook, RejoinOrder
from shared.postgres.server_settings import ServerSettings

AzureClient = Callable[[str], PostgreSQLManagementClient]
"""Makes the client of a subscription."""


class NoPair(PermanentError):
    """The estate does not pair this server with one that is run in the same way."""


class Takeover:
    """The resource: everything by the server's name in the estate, either side of a pair."""

    def __init__(
        self,
        estate: Estate,
        resolve: Callable[[Reference], str],
        clusters: Clusters,
        azure: AzureClient,
    ) -> None:
        self._estate = estate
        self._resolve = resolve
        self._clusters = clusters
        self._azure = azure

    @classmethod
    def connect(
        cls, estate: Estate, resolve: Callable[[Reference], str], clusters: Clusters
    ) -> Self:
        """Ask Azure as this app's own identity; nothing is asked before the first use."""
        credential = DefaultAzureCredential()
        return cls(
            estate,
            resolve,
            clusters,
            lambda subscription: PostgreSQLManagementClient(credential, subscription),
        )

    def promoter(self, standby: str) -> Promoter:
        """Who makes this server the primary. Raises UnknownServer, NoPair."""
        here, there = self._pair(standby)
        dsn = self._resolve(here.url)
        if isinstance(here.run_by, RunByCloudNativePg) and isinstance(
            there.run_by, RunByCloudNativePg
        ):
            return CloudNativePg(self._clusters, here=here.run_by, there=there.run_by, dsn=dsn)
        if isinstance(here.run_by, RunByAzure) and isinstance(there.run_by, RunByAzure):
            return self._flexible_server(here, here.run_by, there.run_by)
        return PlainPostgres(dsn)

    def rejoiner(self, server: str) -> Rejoiner:
        """Who makes this server a standby again. Raises UnknownServer."""
        run_by = self._estate.server(server).run_by
        if not isinstance(run_by, RunByUs):
            return LeftToItsOperator()
        if run_by.rejoin is None:
            raise RejoinFailed(
                f"the estate names no hook that makes server {server} a standby again: run "
                "pg_rewind there by hand, or state run_by.rejoin"
            )
        return RejoinHook(self._resolve(run_by.rejoin))

    def debts(self, successor: str) -> tuple[PromotionDebt, ...]:
        """What a promoted server lacks that its pair's other one has; only Azure's forget."""
        here, there = (self.settings(each.name) for each in self._pair(successor))
        return debts(there.facts(), here.facts()) if here and there else ()

    def settings(self, server: str) -> ServerSettings | None:
        """What a server is set to in Azure; None where somebody else runs it."""
        run_by = self._estate.server(server).run_by
        if not isinstance(run_by, RunByAzure):
            return None
        return ServerSettings(self._azure(run_by.subscription), run_by)

    def _flexible_server(
        self, server: Server, here: RunByAzure, there: RunByAzure
    ) -> FlexibleServer:
        client = self._azure(here.subscription)
        return FlexibleServer(client, here=here, there=there, dsn=self._resolve(server.url))

    def _pair(self, name: str) -> tuple[Server, Server]:
        """The named server, and the other of its pair."""
        here = self._estate.server(name)
        others = [
            other
            for other in self._estate.servers
            if other.name == here.replica_of or other.replica_of == name
        ]
        if len(others) != 1 or others[0].run_by.kind != here.run_by.kind:
            raise NoPair(
                f"server {name} needs one other server to take over from, run in the same way "
                f"({here.run_by.kind}); the estate pairs it with "
                f"{', '.join(f'{other.name} ({other.run_by.kind})' for other in others) or 'none'}"
            )
        return here, others[0]


class LeftToItsOperator:
    """Makes nothing: CloudNativePG and Azure turn the demoted side into a replica themselves.

    What they cannot turn, after a forced promotion, has to be made anew by a person.
    """

    def rejoin(self, order: RejoinOrder) -> None:
        """Nothing to order; ``rejoined`` tells whether it has happened."""
