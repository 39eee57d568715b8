"""Everything outside the process that a step may ask for, by parameter name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from azure.identity import DefaultAzureCredential

from shared.blobs import AzureBlobs, Blobs
from shared.cluster import Clusters
from shared.cluster.secrets import open_secrets
from shared.estate import Estate, Secrets
from shared.lag import Replication
from shared.ledger import FailoverHistory, Ledger, Placements
from shared.ledger.debts import Debts
from shared.ledger.environments import EnvironmentsOnRequest
from shared.ledger.ledger import utc_now
from shared.ledger.logins import Logins
from shared.postgres.databases import Databases
from shared.postgres.entra import EntraSignIn
from shared.postgres.pairs import Pairs
from shared.runs.announcing import Announcing
from shared.runs.approvals import Approvals
from shared.runs.hours import Schedules
from shared.runs.outbox import Post
from shared.settings import Settings
from shared.takeover import Takeover
from shared.traffic import Traffic


@dataclass(frozen=True)
class Resources:
    """Built once at the composition root; connects to nothing until a step uses it."""

    estate: Estate
    secrets: Secrets
    blobs: Blobs
    clusters: Clusters
    databases: Databases
    placements: Placements
    history: FailoverHistory
    approvals: Approvals
    replication: Replication
    takeover: Takeover
    traffic: Traffic
    debts: Debts
    announcing: Announcing
    schedules: Schedules
    logins: Logins
    on_request: EnvironmentsOnRequest
    clock: Callable[[], datetime] = utc_now
    """What time it is, as the ledger sees it."""


def build_resources(
    settings: Settings, estate: Estate, environment: Mapping[str, str], ledger: Ledger, post: Post
) -> Resources:
    """The real resources. ``environment`` is where ``env:`` references are looked up."""
    clusters = Clusters(estate, settings.kubernetes_url, settings.kubernetes_ca)
    secrets = open_secrets(environment, settings)
    address = EntraSignIn(DefaultAzureCredential()).completing(secrets.resolve)
    return Resources(
        estate=estate,
        secrets=secrets,
        blobs=AzureBlobs.connect(settings.blobs.get_secret_value()),
        clusters=clusters,
        databases=Databases(estate, address),
        placements=Placements(ledger),
        history=FailoverHistory(ledger),
        approvals=Approvals(ledger, post),
        replication=Replication(estate, ledger, Pairs(estate, address)),
        takeover=Takeover.connect(estate, address, clusters),
        traffic=Traffic.connect(estate.traffic),
        debts=Debts(ledger),
        announcing=Announcing(ledger, post),
        schedules=Schedules(estate, ledger, post),
        logins=Logins(ledger),
        on_request=EnvironmentsOnRequest(ledger),
        clock=ledger.clock,
    )
