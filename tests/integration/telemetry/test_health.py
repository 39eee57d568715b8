"""From pods that upkeep looked at to what a business can do, on the page and in the terminal."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from functions.upkeep.workloads import look_at_workloads
from infra.local.kubernetes import KubernetesEmulator
from infra.local.processes import free_port
from shared.capabilities import health
from shared.cluster import Cluster, Clusters
from shared.cluster.api import Api
from shared.estate import Certificate, Workload, load_estate
from shared.estate.rotations import Rotation
from shared.ledger import Ledger
from shared.ledger.certificates import record_certificate
from shared.ledger.environments import EnvironmentsOnRequest
from shared.ledger.workloads import Workloads
from signalbox.status import app
from tests.contract.kubernetes import support

ESTATE = load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")
STAGING = "acme-staging"
RELEASED = """
insert into events (source, id, type, body, received_at, disposition)
values ('/t', 'e', 'release-promoted', '{}', now(), 'started');
insert into runs (id, runbook, environment, event_source, event_id, status, priority, overdue_after,
                  created_at, ended_at)
values (gen_random_uuid(), 'release', 'acme-prod', '/t', 'e', 'succeeded', 0, '1 h', now(), now());
insert into steps (run_id, position, name, kind, status, max_attempts, time_limit, ended_at, output)
select id, 1, 'verify_release', 'do', 'succeeded', 3, '1 h', now(),
       '{"failing": ["stock-matches-moves"]}' from runs;
"""


@pytest.fixture
def ledger(empty_ledger: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(empty_ledger)
    yield ledger
    ledger.close()


@pytest.fixture
def staging(kubernetes: KubernetesEmulator) -> Iterator[Cluster]:
    """The namespace of staging, whose first workload has no pods wanted."""
    people = support.Cluster(kubernetes.url)
    people.core.create_namespace({"metadata": {"name": STAGING}})
    template = {
        "metadata": {"labels": {"app": "odoo"}},
        "spec": {"containers": [{"name": "odoo", "image": "odoo"}]},
    }
    for name, replicas in (("odoo", 0), ("odoo-cron", 1)):
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "odoo"}}}
        body = {"metadata": {"name": name}, "spec": spec | {"template": template}}
        Api(kubernetes.url).create("Deployment", STAGING, body)
    yield Cluster.connect(kubernetes.url)
    people.core.delete_namespace(STAGING)
    people.close()


def look(ledger: Ledger, clusters: Clusters) -> None:
    look_at_workloads(ESTATE, EnvironmentsOnRequest(ledger), clusters, Workloads(ledger))


def states(ledger: Ledger) -> dict[tuple[str, str], str]:
    seen = Workloads(ledger).states(seen_within=timedelta(minutes=5))
    return {(each.environment, each.name): each.state for each in seen}


def test_what_upkeep_saw_is_what_status_says(
    ledger: Ledger, staging: Cluster, kubernetes: KubernetesEmulator
) -> None:
    rotated = {"rotation": Rotation(), "certificate": Certificate(keyvault="acme/erp")}
    estate = ESTATE.model_copy(
        update={"environments": tuple(e.model_copy(update=rotated) for e in ESTATE.environments)}
    )
    session = SimpleNamespace(ledger=lambda: nullcontext(ledger), estate=estate)
    until = datetime(2099, 1, 2, tzinfo=UTC)
    ledger.persist(lambda tx: record_certificate(tx, STAGING, until, None))

    def status(*words: str) -> Any:
        return CliRunner().invoke(app, words, obj=lambda: session)

    look(ledger, Clusters(ESTATE, kubernetes.url))
    shown = status("--environment", STAGING)
    asked = json.loads(status("--json").stdout)

    assert states(ledger)[STAGING, "odoo"] == "stopped"
    assert states(ledger)["acme-training", "odoo"] == "unknown", "it is not in the cluster"
    assert shown.exit_code == 1
    assert "odoo is stopped" in " ".join(shown.stdout.split())
    assert f"{STAGING} unknown 2099-01-02 00:00" in " ".join(shown.stdout.split())
    [capture] = [each for each in asked[STAGING] if each["capability"] == "order capture"]
    assert capture["verdict"] == "broken"
    assert {each["verdict"] for each in asked["acme-standby"]} == {"idle"}
    assert {each["verdict"] for each in asked["acme-prod"]} == {"unknown"}


def test_what_a_release_left_failing_is_known(ledger: Ledger, empty_ledger: str) -> None:
    with psycopg.connect(empty_ledger) as conn:
        conn.execute(RELEASED)

    [found] = Workloads(ledger).verifications(["acme-prod", STAGING]).values()

    assert [each["check"] for each in found.findings] == ["stock-matches-moves"]
    capture, warehouse, *_ = health(ledger, ESTATE)["acme-prod"]
    assert (capture.verdict, warehouse.verdict) == ("unknown", "broken")


def test_a_workload_is_called_what_it_is(staging: Cluster) -> None:
    odoo = Workload(name="odoo")

    def now() -> str:
        return staging.workload_state(STAGING, odoo)

    stopped = now()
    staging.start_workload(STAGING, odoo, epoch=1)
    assert now() in ("starting", "ready")
    staging.ease_workload(STAGING, odoo, 0, epoch=2)
    eased = now()
    staging.restore_eased_workload(STAGING, odoo, epoch=3)
    staging.sleep_workload(STAGING, odoo, epoch=4)

    assert (stopped, eased, now()) == ("stopped", "eased", "asleep")


def test_a_cluster_that_does_not_answer_is_asked_once_and_known_of_nothing(ledger: Ledger) -> None:
    clusters = Clusters(ESTATE, f"http://127.0.0.1:{free_port()}")

    look(ledger, clusters)

    assert set(states(ledger).values()) == {"unknown"}


def test_what_was_seen_long_ago_is_not_believed(
    ledger: Ledger, staging: Cluster, kubernetes: KubernetesEmulator
) -> None:
    look(ledger, Clusters(ESTATE, kubernetes.url))
    ledger.clock = lambda: datetime.now(UTC) + timedelta(minutes=6)

    [capture, *_] = health(ledger, ESTATE)[STAGING]

    assert capture.verdict == "unknown"
    assert "nobody has looked at odoo lately" in capture.because
