"""The doctor finds nothing wrong where nothing is, and says how to mend what is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from infra.local.bus import Broker
from infra.local.furnish import furnish
from infra.local.kubernetes import KubernetesEmulator
from shared.estate import load_estate
from shared.ledger import migrate
from shared.settings import Settings
from signalbox.doctor import Finding, examine
from signalbox.errors import Unusable
from signalbox.session import Session

if TYPE_CHECKING:
    from infra.local.azurite import Azurite

INFRA = Path(__file__).parents[3] / "infra"
ESTATE = load_estate(INFRA / "local" / "estate.yaml")


@pytest.fixture
def settings(
    database: str,
    azurite: "Azurite",
    broker: Broker,
    kubernetes: KubernetesEmulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """Of a deployment to which nothing is missing."""
    for name in ("PROD", "STANDBY", "NONPROD"):
        monkeypatch.setenv(f"ERP_{name}_DATABASE_URL", database)
        monkeypatch.setenv(f"ERP_{name}_REJOIN_URL", database)
    monkeypatch.setenv("SIGNALBOX_MASKING_KEY", "a secret of tests")
    with psycopg.connect(database) as connection:
        migrate(connection)
    with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
        for container in ("backups", "filestore", "evidence"):
            try:
                blobs.create_container(container)
            except ResourceExistsError:
                continue
    furnish(kubernetes.url, ESTATE, lambda _: database)
    return Settings.model_validate(
        {
            "ServiceBus": broker.connection_string,
            "ledger_url": database,
            "estate": INFRA / "local" / "estate.yaml",
            "blobs": azurite.connection_string,
            "kubernetes_url": kubernetes.url,
        }
    )


def faults(settings: Settings) -> list[Finding]:
    return [each for each in examine(lambda: Session(settings)) if not each.is_well]


def test_nothing_is_wrong_where_nothing_is_missing(settings: Settings) -> None:
    found = list(examine(lambda: Session(settings)))

    assert [each for each in found if not each.is_well] == []
    assert {each.part for each in found} == {
        *("settings", "secrets", "ledger", "bus", "storage", "server", "cluster")
    }


@pytest.fixture
def poor_broker(tmp_path: Path) -> Iterator[Broker]:
    """A namespace from which somebody has deleted a subscription."""
    topology = json.loads((INFRA / "topology.json").read_text())
    [namespace] = topology["UserConfig"]["Namespaces"]
    [refresh] = [topic for topic in namespace["Topics"] if topic["Name"] == "refresh"]
    del refresh["Subscriptions"][0]
    (tmp_path / "topology.json").write_text(json.dumps(topology))
    with Broker(None, tmp_path / "topology.json") as broker:
        yield broker


def test_each_fault_is_found_with_its_remedy(
    settings: Settings, poor_broker: Broker, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERP_PROD_DATABASE_URL", "postgresql://ann:hunter2@127.0.0.1:9/erp")
    monkeypatch.delenv("SIGNALBOX_MASKING_KEY")
    with psycopg.connect(database) as connection:
        connection.execute("delete from migrations where number = 1")
    worse = settings.model_copy(
        update={
            "service_bus": type(settings.blobs)(poor_broker.connection_string),
            "kubernetes_url": "http://127.0.0.1:9",
            "evidence_container": "never-created",
        }
    )

    found = faults(worse)

    assert {each.part for each in found} == {
        *("secrets", "ledger", "bus", "storage", "server", "cluster")
    }
    assert [each.what for each in found if each.part == "storage"] == ["never-created/"]
    [lost] = [each for each in found if each.part == "bus"]
    assert "no subscription refresh/find-backup" in str(lost.fault)
    clusters = [each.what for each in found if each.part == "cluster"]
    assert clusters == ["aks-westeurope", "aks-northeurope"]
    [server] = [each for each in found if each.part == "server"]
    assert server.what == "erp-prod"
    assert all(each.remedy for each in found)
    assert "hunter2" not in str(found)


def test_a_denied_verb_is_found_in_each_namespace_whose_role_grants_it(
    settings: Settings, database: str
) -> None:
    with KubernetesEmulator(denied={"update deployments.apps", "get pods/log"}) as strict:
        furnish(strict.url, ESTATE, lambda _: database)
        found = faults(settings.model_copy(update={"kubernetes_url": strict.url}))

    said = {each.what.partition(":")[0]: str(each.fault) for each in found}
    names = ("acme-prod", "acme-standby", "acme-staging", "acme-training")
    assert said == dict.fromkeys(names, "Unusable: denied: get pods/log, update deployments.apps")
    [staging] = [each for each in found if each.what.startswith("acme-staging:")]
    applied = "kubectl apply --namespace acme-staging -f infra/kubernetes/nonproduction/role.yaml"
    assert str(staging.remedy).startswith(applied)


def test_settings_that_cannot_be_read_are_the_first_and_only_finding() -> None:
    def unreadable() -> Session:
        raise Unusable("settings are missing or wrong: ledger_url")

    [finding] = examine(unreadable)

    assert (finding.part, finding.is_well) == ("settings", False)
