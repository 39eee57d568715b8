"""Secrets in a Kubernetes cluster, for references such as ``kubernetes:odoo/smtp/password``."""

from collections.abc import Mapping

from shared.cluster.cluster import Cluster
from shared.cluster.errors import ObjectMissing
from shared.estate import SecretMissing, Secrets
from shared.estate.keyvault import KeyVaultSecrets
from shared.settings import Settings


class ClusterSecrets:
    """Reads ``namespace/name/key`` anew each time, so that a rotation is seen at once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def __call__(self, place: str) -> str:
        """Raises SecretMissing, ClusterRefused, and TemporaryError when nobody answers."""
        namespace, name, key = place.split("/")
        try:
            return self._cluster.read_secret(namespace, name)[key]
        except (ObjectMissing, KeyError):
            raise SecretMissing(
                f"The secret kubernetes:{place} is missing: make it, or correct the reference."
            ) from None


def open_secrets(environment: Mapping[str, str], settings: Settings) -> Secrets:
    """Every kind of reference is resolved; nothing is asked of anybody before the first one."""
    vaults = KeyVaultSecrets.connect()
    cluster = Cluster.connect(settings.kubernetes_url, settings.kubernetes_ca)
    return Secrets(
        environment,
        keyvault=vaults,
        kubernetes=ClusterSecrets(cluster),
        keep_in_keyvault=vaults.keep,
    )
