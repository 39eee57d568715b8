"""Deployments and StatefulSets: Pods come, get ready, replace each other, or fail as asked."""

from typing import Any

import pytest

from infra.local.kubernetes import FAILURE_ANNOTATION, Failure
from tests.contract.kubernetes.support import Cluster, deployment, eventually


def _progress(cluster: Cluster, name: str) -> Any:
    status = cluster.apps.read_namespaced_deployment(name, cluster.namespace).status
    return next((c for c in status.conditions or [] if c.type == "Progressing"), None)


def _release(cluster: Cluster, name: str, image: str) -> None:
    containers = [{"name": "odoo", "image": image}]
    body = {"spec": {"template": {"spec": {"containers": containers}}}}
    cluster.apps.patch_namespaced_deployment(name, cluster.namespace, body)


def _fail(cluster: Cluster, name: str, failure: Failure | None) -> None:
    body = {"metadata": {"annotations": {FAILURE_ANNOTATION: failure}}}
    cluster.apps.patch_namespaced_deployment(name, cluster.namespace, body)


def _images(cluster: Cluster, name: str) -> list[str]:
    return [pod.spec.containers[0].image for pod in cluster.pods(f"app={name}")]


def test_a_deployment_gets_its_pods_ready(cluster: Cluster) -> None:
    cluster.deploy("web", 2)

    done = cluster.rolled_out("web")

    conditions = {c.type: c.status for c in done.status.conditions}
    assert conditions == {"Available": "True", "Progressing": "True"}
    assert [pod.status.phase for pod in cluster.pods("app=web")] == ["Running"] * 2


def test_counts_that_are_zero_are_absent(cluster: Cluster) -> None:
    cluster.deploy("web", 0)

    done = cluster.rolled_out("web")

    assert done.status.replicas is None
    assert done.status.ready_replicas is None


def test_scaling_to_zero_removes_the_pods(cluster: Cluster) -> None:
    cluster.deploy("web", 2)
    cluster.rolled_out("web")

    scale = {"spec": {"replicas": 0}}
    cluster.apps.patch_namespaced_deployment_scale("web", cluster.namespace, scale)

    assert eventually(lambda: not cluster.pods("app=web"))


def test_a_lost_pod_is_replaced(cluster: Cluster) -> None:
    cluster.deploy("web", 1)
    cluster.rolled_out("web")
    (lost,) = cluster.pods("app=web")

    cluster.core.delete_namespaced_pod(lost.metadata.name, cluster.namespace)

    def replaced() -> bool:
        names = [pod.metadata.name for pod in cluster.pods("app=web")]
        return len(names) == 1 and names != [lost.metadata.name]

    assert eventually(replaced)


def test_a_new_image_replaces_all_pods(cluster: Cluster) -> None:
    cluster.deploy("web", 2)
    cluster.rolled_out("web")

    _release(cluster, "web", "odoo:18.1")

    cluster.rolled_out("web")
    assert _images(cluster, "web") == ["odoo:18.1"] * 2


def test_crashing_pods_fail_the_rollout_at_its_deadline_and_old_ones_stay(
    cluster: Cluster,
) -> None:
    cluster.deploy("web", 1, progressDeadlineSeconds=1)
    cluster.rolled_out("web")
    _fail(cluster, "web", Failure.CRASH_LOOP)

    _release(cluster, "web", "odoo:broken")

    eventually(lambda: _progress(cluster, "web").reason == "ProgressDeadlineExceeded")
    pods = {pod.spec.containers[0].image: pod.status for pod in cluster.pods("app=web")}
    waiting = pods["odoo:broken"].container_statuses[0].state.waiting
    assert waiting.reason == "CrashLoopBackOff"
    assert pods["odoo:18.0"].phase == "Running"


def test_going_back_to_the_old_image_repairs_a_failed_rollout(cluster: Cluster) -> None:
    cluster.deploy("web", 1)
    cluster.rolled_out("web")
    _fail(cluster, "web", Failure.PROGRESS_DEADLINE_EXCEEDED)
    _release(cluster, "web", "odoo:broken")
    eventually(lambda: _progress(cluster, "web").status == "False")

    _release(cluster, "web", "odoo:18.0")

    cluster.rolled_out("web")
    assert _progress(cluster, "web").reason == "NewReplicaSetAvailable"


def test_a_stateful_set_numbers_its_pods(cluster: Cluster) -> None:
    body = deployment("db", 2) | {"kind": "StatefulSet"}
    body["spec"]["serviceName"] = "db"
    cluster.apps.create_namespaced_stateful_set(cluster.namespace, body)

    def ready() -> Any:
        found = cluster.apps.read_namespaced_stateful_set("db", cluster.namespace).status
        return found if found.ready_replicas == 2 else None

    status = eventually(ready)

    assert status.current_revision == status.update_revision
    assert [pod.metadata.name for pod in cluster.pods("app=db")] == ["db-0", "db-1"]


@pytest.mark.parametrize("failure", [None, Failure.CRASH_LOOP])
def test_an_argo_application_gets_synced_and_healthy_unless_asked_to_fail(
    cluster: Cluster, failure: Failure | None
) -> None:
    place = ("argoproj.io", "v1alpha1", cluster.namespace, "applications")
    annotations = {FAILURE_ANNOTATION: failure} if failure else {}
    spec = {"source": {"targetRevision": "v2"}}
    metadata = {"name": "odoo", "annotations": annotations}
    cluster.custom.create_namespaced_custom_object(*place, {"metadata": metadata, "spec": spec})

    def status() -> Any:
        return cluster.custom.get_namespaced_custom_object(*place, "odoo").get("status")

    found = eventually(status)

    compared = {"source": {"targetRevision": "v2"}}
    assert found["sync"] == {"status": "Synced", "revision": "v2", "comparedTo": compared}
    assert found["health"]["status"] == ("Degraded" if failure else "Healthy")


def test_the_primary_of_a_postgresql_cluster_follows_its_target(cluster: Cluster) -> None:
    place = ("postgresql.cnpg.io", "v1", cluster.namespace, "clusters")
    body = {"metadata": {"name": "erp"}, "spec": {"instances": 2}}
    cluster.custom.create_namespaced_custom_object(*place, body)

    def primary() -> Any:
        found = cluster.custom.get_namespaced_custom_object(*place, "erp")
        return found.get("status", {}).get("currentPrimary")

    first = eventually(primary)
    promotion = {"status": {"targetPrimary": "erp-2"}}
    cluster.custom.patch_namespaced_custom_object_status(*place, "erp", promotion)

    assert first == "erp-1"
    assert eventually(lambda: primary() == "erp-2")
