"""Server-side apply: fields belong to whoever set them."""

from typing import Any

from tests.contract.kubernetes.support import Cluster, deployment


def _config(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odoo"}, "data": data}


def _path(cluster: Cluster) -> str:
    return f"/api/v1/namespaces/{cluster.namespace}/configmaps/odoo"


def test_a_first_apply_creates_and_a_second_updates(cluster: Cluster) -> None:
    created, _ = cluster.apply(_path(cluster), _config(a="1"), "signalbox")
    updated, obj = cluster.apply(_path(cluster), _config(a="2"), "signalbox")

    assert (created, updated) == (201, 200)
    assert obj["data"] == {"a": "2"}


def test_applying_the_same_again_changes_nothing(cluster: Cluster) -> None:
    _, first = cluster.apply(_path(cluster), _config(a="1"), "signalbox")
    _, second = cluster.apply(_path(cluster), _config(a="1"), "signalbox")

    assert second == first


def test_a_field_left_out_is_removed_unless_someone_else_manages_it_too(cluster: Cluster) -> None:
    cluster.apply(_path(cluster), _config(mine="1", ours="1"), "signalbox")
    cluster.apply(_path(cluster), _config(ours="1"), "gitops")

    _, obj = cluster.apply(_path(cluster), _config(), "signalbox")

    assert obj["data"] == {"ours": "1"}


def test_another_managers_field_conflicts_unless_forced(cluster: Cluster) -> None:
    cluster.apply(_path(cluster), _config(a="1"), "gitops")

    refused, status = cluster.apply(_path(cluster), _config(a="2"), "signalbox")
    forced, obj = cluster.apply(_path(cluster), _config(a="2"), "signalbox", force=True)
    back, _ = cluster.apply(_path(cluster), _config(a="1"), "gitops")

    assert (refused, forced, back) == (409, 200, 409)
    assert status["details"]["causes"][0]["field"] == ".data.a"
    assert obj["data"] == {"a": "2"}


def test_a_plain_patch_takes_the_field_over(cluster: Cluster) -> None:
    cluster.apply(_path(cluster), _config(a="1"), "gitops")
    cluster.core.patch_namespaced_config_map(
        "odoo", cluster.namespace, {"data": {"a": "2"}}, field_manager="person"
    )

    code, status = cluster.apply(_path(cluster), _config(a="1"), "gitops")

    assert code == 409
    assert 'conflict with "person"' in status["message"]


def test_list_items_are_owned_one_by_one(cluster: Cluster) -> None:
    body = deployment("web", 0)
    path = f"/apis/apps/v1/namespaces/{cluster.namespace}/deployments/web"
    cluster.apply(path, body, "gitops")
    *_, sidecar = body["spec"]["template"]["spec"]["containers"]
    body["spec"]["template"]["spec"]["containers"] = [sidecar]

    code, obj = cluster.apply(path, body, "gitops")

    assert code == 200
    assert [c["name"] for c in obj["spec"]["template"]["spec"]["containers"]] == ["sidecar"]


def test_managed_fields_tell_who_set_what(cluster: Cluster) -> None:
    cluster.apply(_path(cluster), _config(a="1"), "signalbox")

    (entry,) = cluster.core.read_namespaced_config_map(
        "odoo", cluster.namespace
    ).metadata.managed_fields

    assert (entry.manager, entry.operation) == ("signalbox", "Apply")
    assert entry.fields_v1 == {"f:data": {"f:a": {}}}


def test_an_apply_needs_a_field_manager(cluster: Cluster) -> None:
    code, _ = cluster.request(
        "PATCH", _path(cluster), _config(a="1"), "application/apply-patch+yaml"
    )

    assert code == 400


def test_a_dry_apply_leaves_no_trace(cluster: Cluster) -> None:
    path = _path(cluster) + "?fieldManager=signalbox&dryRun=All"

    code, obj = cluster.request("PATCH", path, _config(a="1"), "application/apply-patch+yaml")

    assert (code, obj["data"]) == (201, {"a": "1"})
    assert cluster.request("GET", _path(cluster))[0] == 404
