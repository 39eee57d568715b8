"""Which client belongs to which cluster."""

from pathlib import Path

import pytest

from shared.cluster import Clusters
from shared.estate import UnknownCluster, load_estate

ESTATE = load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")
WEST, NORTH = ESTATE.clusters


def test_clusters_without_an_address_share_a_client_and_others_have_one_each() -> None:
    stated = (WEST.model_copy(update={"url": "http://127.0.0.1:1"}), NORTH)
    apart = Clusters(ESTATE.model_copy(update={"clusters": stated}))
    together = Clusters(ESTATE)

    assert together.named(WEST.name) is together.named(NORTH.name)
    assert apart.named(WEST.name) is not apart.named(NORTH.name)
    assert apart.of(ESTATE.environment("acme-prod")) is apart.named(WEST.name)


def test_a_cluster_that_the_estate_does_not_have_is_named() -> None:
    with pytest.raises(UnknownCluster, match="aks-east"):
        Clusters(ESTATE).named("aks-east")
