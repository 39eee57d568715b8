"""CloudNativePG: what is written into its resources, and a real standby that follows them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kubernetes import client

from infra.local.kubernetes import KubernetesEmulator
from infra.local.processes import wait_until
from shared.cluster import Clusters
from shared.cluster.cloudnativepg import CloudNativePg
from shared.errors import StaleEpoch
from shared.estate import RunByCloudNativePg, load_estate
from shared.postgres.fencing import fence
from shared.postgres.promotion import NotPromotable, Promotion, PromotionOrder, PromotionPending
from tests.integration.failover_postgres.conftest import DATABASE, Pair

PLACE = ("postgresql.cnpg.io", "v1")
ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
PRIMARY, STANDBY = "erp-west", "erp-north"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "clusters.postgresql.cnpg.io"},
    "spec": {
        "group": PLACE[0],
        "scope": "Namespaced",
        "names": {"plural": "clusters", "singular": "cluster", "kind": "Cluster"},
        "versions": [
            {
                "name": PLACE[1],
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
}
_NUMBERS = count(1)


@dataclass(frozen=True)
class Operator:
    """What the operator does about the two resources, one look at a time."""

    api: client.CustomObjectsApi
    namespace: str
    pair: Pair

    def read(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get_namespaced_custom_object(
            *PLACE, self.namespace, "clusters", name
        )
        return found

    def leader(self, name: str) -> str:
        return str(self.read(name)["spec"]["replica"]["primary"])

    def create(self, name: str, source: str) -> None:
        replica = {"self": name, "primary": PRIMARY, "source": source}
        body = {
            "apiVersion": "/".join(PLACE),
            "kind": "Cluster",
            "metadata": {"name": name},
            "spec": {"instances": 2, "replica": replica},
        }
        self.api.create_namespaced_custom_object(*PLACE, self.namespace, "clusters", body)

    def say(self, name: str, **status: str) -> None:
        self.api.patch_namespaced_custom_object_status(
            *PLACE, self.namespace, "clusters", name, {"status": status}
        )

    def look(self) -> None:
        """Demote who no longer leads, promote who does, if the token is right."""
        former, successor = self.read(PRIMARY), self.read(STANDBY)
        if former["spec"]["replica"]["primary"] != PRIMARY:
            self.say(PRIMARY, demotionToken="token-2")
        replica = successor["spec"]["replica"]
        if replica["primary"] == STANDBY:
            assert replica.get("promotionToken", "token-2") == "token-2"
            self.say(STANDBY, lastPromotionToken=replica.get("promotionToken", ""))
            with psycopg.connect(self.pair.standby.dsn(), autocommit=True) as connection:
                connection.execute("select pg_promote() where pg_is_in_recovery()")


@pytest.fixture(scope="module")
def url(kubernetes: KubernetesEmulator) -> str:
    """The API with CloudNativePG's resource."""
    api = client.ApiextensionsV1Api(client.ApiClient(client.Configuration(host=kubernetes.url)))
    api.create_custom_resource_definition(DEFINITION)
    return kubernetes.url


@contextmanager
def operated(url: str, pair: Pair) -> Iterator[tuple[CloudNativePg, Operator]]:
    """Two resources in a namespace of their own, their operator, and what is tested."""
    namespace = f"cnpg-{next(_NUMBERS)}"
    with client.ApiClient(client.Configuration(host=url)) as connected:
        client.CoreV1Api(connected).create_namespace({"metadata": {"name": namespace}})
        operator = Operator(client.CustomObjectsApi(connected), namespace, pair)
        operator.create(PRIMARY, STANDBY)
        operator.create(STANDBY, PRIMARY)
        here, there = (
            RunByCloudNativePg(
                kind="cloudnativepg", cluster="aks-westeurope", namespace=namespace, resource=name
            )
            for name in (STANDBY, PRIMARY)
        )
        yield (
            CloudNativePg(
                Clusters(load_estate(ESTATE), url), here=here, there=there, dsn=pair.standby.dsn()
            ),
            operator,
        )


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def promoted(promoter: CloudNativePg, operator: Operator, order: PromotionOrder) -> Promotion:
    found: list[Promotion] = []

    def look() -> bool:
        said = promoter.promote(order)
        operator.look()
        found.extend([said] if isinstance(said, Promotion) else [])
        return bool(found)

    wait_until(look, seconds=20, waiting_for="the promotion")
    return found[0]


def test_a_planned_promotion_hands_the_token_over(url: str, pair: Pair, stack: ExitStack) -> None:
    promoter, operator = stack.enter_context(operated(url, pair))
    operator.say(PRIMARY, demotionToken="token-1")
    operator.say(STANDBY, lastPromotionToken="token-1")
    fenced = fence(pair.primary.dsn(), DATABASE, side="acme-prod", epoch=5, run_id="run-1")
    order = PromotionOrder(DATABASE, 5, "run-1", fenced.lsn, fenced.system_identifier)

    assert promoter.promotable().ready
    waiting = promoter.promote(order)
    assert isinstance(waiting, PromotionPending)
    assert "is being demoted" in waiting.why
    assert (operator.leader(PRIMARY), operator.leader(STANDBY)) == (STANDBY, PRIMARY)
    facts = promoted(promoter, operator, order)

    assert facts.timeline == 2
    assert facts.lsn >= fenced.lsn
    assert operator.read(STANDBY)["spec"]["replica"]["promotionToken"] == "token-2"
    assert operator.read(STANDBY)["metadata"]["annotations"]["signalbox.dev/epoch"] == "5"


def test_a_forced_promotion_asks_nothing_of_the_lost_side(
    url: str, pair: Pair, stack: ExitStack
) -> None:
    promoter, operator = stack.enter_context(operated(url, pair))
    pair.primary.kill()

    facts = promoted(promoter, operator, PromotionOrder(DATABASE, 5, "run-1"))

    assert facts.timeline == 2
    assert operator.leader(PRIMARY) == PRIMARY
    assert "promotionToken" not in operator.read(STANDBY)["spec"]["replica"]


def test_an_older_epoch_is_refused_by_the_resource(
    url: str, standing: Pair, stack: ExitStack
) -> None:
    promoter, _ = stack.enter_context(operated(url, standing))
    promoter.promote(PromotionOrder(DATABASE, 6, "run-2"))

    with pytest.raises(StaleEpoch):
        promoter.promote(PromotionOrder(DATABASE, 5, "run-1"))


def test_what_replicates_nothing_cannot_be_promoted(
    url: str, standing: Pair, stack: ExitStack
) -> None:
    promoter, operator = stack.enter_context(operated(url, standing))
    operator.api.patch_namespaced_custom_object(
        *PLACE, operator.namespace, "clusters", STANDBY, {"spec": {"replica": None}}
    )

    assert not promoter.promotable().ready
    with pytest.raises(NotPromotable, match=r"no spec\.replica"):
        promoter.promote(PromotionOrder(DATABASE, 5, "run-1"))
