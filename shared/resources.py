"""Everything outside the process that a step may ask for, by parameter name."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.blobs import AzureBlobs, Blobs
from shared.cluster import Cluster
from shared.estate import Estate, Secrets
from shared.estate.keyvault import KeyVaultSecrets
from shared.lag import Replication
from shared.ledger import FailoverHistory, Ledger, Placements
from shared.postgres import Databases
from shared.postgres.pairs import Pairs
from shared.runs.announcing import Announcing
from shared.runs.approvals import Approvals
from shared.runs.outbox import Post
from shared.settings import Settings
from shared.takeover import Takeover


@dataclass(frozen=True)
class Resources:
    """Built once at the composition root; connects to nothing until a step uses it."""

    estate: Estate
    secrets: Secrets
    blobs: Blobs
    cluster: Cluster
    databases: Databases
    placements: Placements
    history: FailoverHistory
    approvals: Approvals
    replication: Replication
    takeover: Takeover
    announcing: Announcing


def build_resources(
    settings: Settings,
    estate: Estate,
    environment: Mapping[str, str],
    ledger: Ledger,
    post: Post,
) -> Resources:
    """The real resources. ``environment`` is where ``env:`` references are looked up."""
    cluster = Cluster.connect(settings.kubernetes_url)
    secrets = Secrets(environment, keyvault=KeyVaultSecrets.connect())
    return Resources(
        estate=estate,
        secrets=secrets,
        blobs=AzureBlobs.connect(settings.blobs.get_secret_value()),
        cluster=cluster,
        databases=Databases(estate, secrets.resolve),
        placements=Placements(ledger),
        history=FailoverHistory(ledger),
        approvals=Approvals(ledger, post),
        replication=Replication(estate, ledger, Pairs(estate, secrets.resolve)),
        takeover=Takeover.connect(estate, secrets.resolve, cluster),
        announcing=Announcing(ledger, post),
    )
